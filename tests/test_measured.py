"""Figures of runs: none is typed, each is put in from one file, and what is wrong there is told by file, line and name."""

import json
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from workshop.__main__ import main
from workshop.builder import marks
from workshop.builder.plan import differences, plan
from workshop.builder.reading import read_cells
from workshop.ground import measured
from workshop.ground.measured import Figures, MeasuredError
from workshop.ground.rendering import fill
from workshop.places import LANGUAGES, ROOT
from workshop.quiz.questions import QuizError, load

ALLOWED = ROOT / "tests/typed_figures.yaml"

# --- no figure is typed

# how the figures of a run look
TYPED = {
    "a ROC AUC": r"(?<![\w.,])0[.,][06-9]\d{2,}(?!\.?\d)",  # or how much one differs
    "a ROC AUC of two digits": r"(?:ROC AUC|AUC)[^\w\n]{0,12}(?:of |is |was |—|от )*0[.,]\d\d(?!\d)",
    "a hash": r"(?<![\w/-])(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{8,10}(?![\w-])",
    "seconds": r"(?<![\w.,])\d+(?:[.,]\d+)?[ \u00a0-]?(?:s|sec|seconds?|с|сек|секунд\w*)(?![\w’'-])",
}


def texts(kit: Path) -> Iterator[tuple[str, int, str]]:
    """What somebody has typed: file, its first line, text. Figures that `make build` puts in are left out."""
    for file in marks.files(kit):
        yield file.relative_to(kit).as_posix(), 1, marks.without(file.read_text(encoding="utf-8"))
    for file in sorted((kit / "lessons").glob("*/*.py")):
        for cell in read_cells(file)[0]:
            yield file.relative_to(kit).as_posix(), cell.first, cell.text
    others = ["quiz/questions.yaml", *(f"slides/{lang}/index.md" for lang in LANGUAGES)]
    others += [file.relative_to(kit).as_posix() for file in sorted((kit / "lessons").glob("*/*.yaml"))]
    others += [file.relative_to(kit).as_posix() for file in sorted((kit / "workshop").rglob("*.yaml"))]
    for name in others:
        if (kit / name).exists():
            yield name, 1, (kit / name).read_text(encoding="utf-8")


def typed(kit: Path, allowed: list[dict[str, str]]) -> list[str]:
    """What looks like a figure of a run, by file and line, and which allowed texts are not there."""
    found, needed = [], set()
    for file, first, text in texts(kit):
        spans = {
            (number, match.start(), match.end())
            for number, entry in enumerate(allowed)
            if entry["file"] == file
            for match in re.finditer(re.escape(entry["text"]), text)
        }
        for what, pattern in TYPED.items():
            for match in re.finditer(pattern, text):
                around = {number for number, start, end in spans if start <= match.start() and match.end() <= end}
                needed |= around
                if not around:
                    found.append(f"{file}:{first + text.count(chr(10), 0, match.start())}: {what}: {match[0]}")
    return found + [
        f"{ALLOWED.name}: {entry['file']} has no need of {entry['text']!r}"
        for number, entry in enumerate(allowed)
        if number not in needed
    ]


def listed() -> list[dict[str, str]]:
    return yaml.safe_load(ALLOWED.read_text(encoding="utf-8"))


def test_no_figure_of_a_run_is_typed():
    assert len(list(texts(ROOT))) > 500
    assert typed(ROOT, listed()) == []


@pytest.mark.parametrize(
    ("file", "line", "what"),
    [
        ("README.md", "The best model has a ROC AUC of 0.7319.", "a ROC AUC: 0.7319"),
        ("README.ru.md", "У лучшей модели ROC AUC 0,7319.", "a ROC AUC: 0,7319"),
        ("docs/design.md", "The predictions are `a755529c60` everywhere.", "a hash: a755529c60"),
        ("docs/instructor/en/day_before.md", "It takes 3 min 2 s.", "seconds: 2 s"),
        ("docs/instructor/ru/day_before.md", "Это занимает 12,5 секунды.", "seconds: 12,5 секунды"),
        ("slides/ru/index.md", "Запуск шёл 36.8 с, сервер поднимался дольше.", "seconds: 36.8 с"),
        ("slides/en/index.md", "A run of 12.3 seconds.", "seconds: 12.3 seconds"),
        ("sample_project/README.md", "Training takes 5 s.", "seconds: 5 s"),
        ("quiz/questions.yaml", "# the run took 40\u00a0s", "seconds: 40\u00a0s"),
        ("lessons/04_dvc/messages.yaml", "# в 0.712", "a ROC AUC: 0.712"),
        ("workshop/report.yaml", "# by 0.003 ROC AUC", "a ROC AUC: 0.003"),
        ("slides/ru/index.md", "Осталась ROC AUC 0,65.", "a ROC AUC of two digits: ROC AUC 0,65"),
        ("lessons/01_why_automate/lesson.py", "# %%\nbest = 0.7319", "a ROC AUC: 0.7319"),
        ("lessons/01_why_automate/lesson.py", '# %% [markdown] tags=["en"]\n# It took 16.4 s.', "seconds: 16.4 s"),
    ],
)
def test_a_typed_figure_is_found(tmp_path, file, line, what):
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    text = f"{line}\n" if file.endswith(".py") else f"One.\n\n{line}\n"
    (tmp_path / file).write_text(text, encoding="utf-8")
    number = 2 if file.endswith(".py") else 3
    assert typed(tmp_path, []) == [f"{file}:{number}: {what}"]
    assert typed(tmp_path, [{"file": file, "text": line.partition("\n")[2].lstrip("# ") or line, "why": "tried"}]) == []


def test_what_is_no_figure_of_a_run_is_left_alone(tmp_path):
    harmless = "Apache Airflow 3, с Prefect 3 и с DVC; 15 минут; 0.5, 0.75, 1.0.0.712; 0.3 to 0.59; feedbacks; Python 3.11"
    marked = "<!-- run.roc_auc -->0.7319<!-- / -->, <!-- run.dvc.seconds -->36.8 s<!-- / -->"
    (tmp_path / "README.md").write_text(f"{harmless}; {marked}\n\n<!-- run.printed -->\n0.7319 a755529c60\n<!-- / -->\n")
    assert typed(tmp_path, []) == []


def test_an_allowed_text_that_is_not_there_or_not_needed_is_told(tmp_path):
    (tmp_path / "README.md").write_text("A promise.\n")
    for text in ("90 seconds", "A promise"):
        wrong = typed(tmp_path, [{"file": "README.md", "text": text, "why": "tried"}])
        assert wrong == [f"typed_figures.yaml: README.md has no need of {text!r}"]


def test_every_allowed_text_has_a_reason_and_is_there_once():
    entries = listed()
    assert all(set(entry) == {"file", "text", "why"} and all(entry.values()) for entry in entries)
    assert len({(entry["file"], entry["text"]) for entry in entries}) == len(entries)


# --- they are put in

LESSON = """\
# %% tags=["parameters"]
lang = "en"

# %% [markdown] tags=["ru"]
# # 1. Крошечный урок
# **Лекция 5 мин · упражнения 0 мин**

# %% [markdown] tags=["en"]
# # 1. A tiny lesson
# **Teaching 5 min · exercises 0 min**

# %%
print("{{ run.seconds }}")

# %% [markdown] tags=["ru"]
# Заняло {{ run.seconds }}, рейсов {{ run.flights }}, а `{{ ds }}` — это Airflow.

# %% [markdown] tags=["en"]
# It took {{ run.seconds }} for {{ run.flights }} flights, and `{{ ds }}` is Airflow's.
"""
MEASURED = """\
# how long it takes
run:
  command: make run
  machine: a laptop
  python: 3.11.7
  figures:
    flights: 80789
    seconds: 16.4
    roc_auc: 0.7
    hash: "1234567890"
    dvc: {seconds: 182, memory_mb: 1467, disk_gb: 2.7, late_share: 0.005}

# another
other:
  command: "other: it"
  machine: another
  python: 3.12.1
  figures: {count: 9999}
"""


@pytest.fixture
def kit(tmp_path) -> Path:
    """A kit with a lesson, a README in both languages, and what was measured."""
    for name, text in {
        "lessons/01_tiny/lesson.py": LESSON,
        "bench/measured.yaml": MEASURED,
        "bench/results.json": json.dumps({"engines": {"dvc": {"situations": {"nothing changed": {"seconds": 1.25}}}}}),
        "README.md": "It took <!-- run.seconds -->1 s<!-- / --> here.\n",
        "README.ru.md": "Заняло <!-- run.seconds --><!-- / -->.\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def build(kit: Path, *options: str) -> int:
    return main(["build", "--root", str(kit), *options])


def test_the_build_puts_figures_into_notebooks_and_between_marks(kit, capsys):
    assert build(kit) == 0
    assert "README.md: figures of runs put in" in capsys.readouterr().out
    ru, en = (json.loads((kit / f"notebooks/{lang}/01_tiny.ipynb").read_text(encoding="utf-8"))["cells"] for lang in LANGUAGES)
    assert "".join(en[-1]["source"]) == "It took 16.4\u00a0s for 80,789 flights, and `{{ ds }}` is Airflow's."
    assert "".join(ru[-1]["source"]) == "Заняло 16,4\u00a0с, рейсов 80\u00a0789, а `{{ ds }}` — это Airflow."
    assert "".join(en[-2]["source"]) == 'print("{{ run.seconds }}")'  # code is code
    assert (kit / "README.md").read_text(encoding="utf-8") == "It took <!-- run.seconds -->16.4\u00a0s<!-- / --> here.\n"
    assert (kit / "README.ru.md").read_text(encoding="utf-8") == "Заняло <!-- run.seconds -->16,4\u00a0с<!-- / -->.\n"
    assert build(kit, "--check") == 0


def test_a_stale_figure_between_marks_and_in_a_notebook_is_told(kit, capsys):
    build(kit)
    measured_file = kit / "bench/measured.yaml"
    measured_file.write_text(MEASURED.replace("16.4", "17.5"), encoding="utf-8")
    capsys.readouterr()
    assert build(kit, "--check") == 1
    said = capsys.readouterr().out
    for name in ("README.md", "README.ru.md", "notebooks/en/01_tiny.ipynb", "notebooks/ru/01_tiny.ipynb"):
        assert f"{name}: stale" in said
    build(kit)
    assert "17.5\u00a0s" in (kit / "README.md").read_text(encoding="utf-8")
    (kit / "README.md").write_text("It took <!-- run.seconds -->3 s<!-- / -->.\n", encoding="utf-8")  # by hand
    assert differences(plan(kit)) == ["README.md: stale"]


def test_all_texts_of_the_kit_have_the_figures_that_were_measured():
    stale = [str(file) for file in marks.files(ROOT) if marks.filled(file, ROOT)[0] not in (None, file.read_text("utf-8"))]
    assert stale == []  # make build
    assert any(marks.filled(file, ROOT)[0] for file in marks.files(ROOT))


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "README.md",
            "run.seconds",
            "run.second",
            "README.md:1: bench/measured.yaml has no figure 'run.second'; is it run.seconds?",
        ),
        ("README.md", "run.seconds", "bench.nothing", "README.md:1: bench/results.json has no figure 'bench.nothing'"),
        ("README.md", "<!-- / --> ", "", "README.md:1: <!-- run.seconds --> is not closed by <!-- / -->"),
        ("README.md", "<!-- run.seconds -->", "", "README.md:1: <!-- / --> closes no mark"),
        ("README.md", "It took ", "\n- ", "README.md:2: <!-- run.seconds --> begins a line"),
        (
            "README.md",
            "run.seconds",
            "run.printed",
            "README.md:1: run.printed is a block: its marks stand on lines of their own",
        ),
        ("README.md", "run.seconds", "run.seconds:x", "README.md:1: 'run.seconds:x' is no name of a figure"),
        (
            "lessons/01_tiny/lesson.py",
            "It took {{ run.seconds",
            "It took\n# {{ run.sec",
            "lessons/01_tiny/lesson.py:20: bench/measured.yaml has no figure 'run.sec'",
        ),
        ("lessons/01_tiny/lesson.py", "Заняло {{ run.seconds }}", "{{ ds }}", "lessons/01_tiny/lesson.py:16: 'ds' is no name"),
        ("lessons/01_tiny/lesson.py", "took {{ run.seconds }}", "took {{ run }", "lesson.py:19: {{ is never closed"),
        (
            "bench/measured.yaml",
            "flights: 80789",
            "flights: [1]",
            "measured.yaml: run: figures: flights: a number or a word is wanted",
        ),
    ],
)
def test_what_is_wrong_with_a_place_is_told_by_file_line_and_name(kit, capsys, file, old, new, said):
    text = (kit / file).read_text(encoding="utf-8")
    assert old in text
    (kit / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    assert build(kit) == 1
    assert said in capsys.readouterr().err
    assert not (kit / "notebooks").exists()


def test_marks_in_code_are_no_marks(kit):
    text = "So: `<!-- run.no -->1<!-- / -->`, or\n\n```\n<!-- run.no -->\n<!-- / -->\n```\n"
    (kit / "README.md").write_text(text, encoding="utf-8")
    assert marks.filled(kit / "README.md", kit) == (text, [])


def test_questions_have_them_too(kit, tmp_path, monkeypatch):
    monkeypatch.setattr("workshop.quiz.questions.ROOT", kit)
    file = tmp_path / "questions.yaml"
    question = """\
- id: seconds
  lesson: 04_dvc
  points: [S2]
  type: truefalse
  text: {ru: "Заняло {{ run.seconds }} и `{{ ds }}`?", en: "Did it take {{ run.seconds }} and `{{ ds }}`?"}
  answer: true
  explanation: {ru: "Рейсов {{ run.flights }}.", en: "For {{ run.flights }} flights."}
"""
    file.write_text(question, encoding="utf-8")
    (found,) = load(file)
    assert (found.text.ru, found.text.en) == ("Заняло 16,4\u00a0с и `{{ ds }}`?", "Did it take 16.4\u00a0s and `{{ ds }}`?")
    assert (found.explanation.ru, found.explanation.en) == ("Рейсов 80\u00a0789.", "For 80,789 flights.")
    file.write_text(question.replace("For {{ run.flights", "For {{ run.nights"), encoding="utf-8")
    with pytest.raises(QuizError, match=r"questions\.yaml:7: bench/measured\.yaml has no figure 'run\.nights'"):
        load(file)


# --- how they look


@pytest.mark.parametrize(
    ("place", "en", "ru"),
    [
        ("run.flights", "80,789", "80\u00a0789"),
        ("other.count", "9,999", "9999"),
        ("run.seconds", "16.4\u00a0s", "16,4\u00a0с"),
        ("run.seconds:0", "16\u00a0s", "16\u00a0с"),
        ("run.seconds:+1", "+16.4\u00a0s", "+16,4\u00a0с"),
        ("run.dvc.seconds", "3\u00a0min\u00a02\u00a0s", "3\u00a0мин\u00a02\u00a0с"),
        ("run.dvc.memory_mb", "1,467\u00a0MB", "1467\u00a0МБ"),
        ("run.dvc.disk_gb", "2.7\u00a0GB", "2,7\u00a0ГБ"),
        ("run.dvc.late_share", "0.5\u00a0%", "0,5\u00a0%"),
        ("run.roc_auc", "0.7000", "0.7000"),
        ("run.roc_auc:2", "0.70", "0.70"),
        ("run.hash", "`1234567890`", "`1234567890`"),
        ("bench.engines.dvc.situations.nothing_changed.seconds", "1.2\u00a0s", "1,2\u00a0с"),
    ],
)
def test_a_figure_looks_as_its_language_writes_it(kit, place, en, ru):
    figures = measured.read(kit)
    assert (figures.shown(place, "en"), figures.shown(place, "ru")) == (en, ru)


def test_templates_get_them_by_the_words_of_their_names(kit):
    nested = measured.read(kit).nested("ru")
    assert nested["run"]["dvc"]["disk_gb"] == "2,7\u00a0ГБ"
    assert nested["bench"]["engines"]["dvc"]["situations"]["nothing_changed"]["seconds"] == "1,2\u00a0с"


def test_without_files_there_are_no_figures(tmp_path):
    assert measured.read(tmp_path).values == {}
    with pytest.raises(MeasuredError, match=r"bench/measured\.yaml has no figure 'run\.seconds'"):
        measured.read(tmp_path).shown("run.seconds", "en")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  command: make run\n", "", "run: command: Field required"),
        ("python: 3.11.7", "python: 3.11", "run: python: Input should be a valid string"),
        ("  machine: a laptop", "  laptop: it", "run: laptop: Extra inputs"),
        ("seconds: 16.4", "seconds: soon", "run: figures: seconds: a number from 0 is wanted, not 'soon'"),
        ("seconds: 16.4", "seconds: -1", "run: figures: seconds: a number from 0"),
        ("seconds: 16.4", "seconds: .nan", "run: figures: seconds: a number from 0"),
        ("roc_auc: 0.7", "roc_auc: 73.19", "run: figures: roc_auc: a ROC AUC is 1 at most"),
        ('hash: "1234567890"', "hash: 1234567890", "run: figures: hash: a hash in quotes is wanted, not 1234567890"),
        ("flights: 80789", "flights: yes", "run: figures: flights: a number or a word is wanted, not True"),
        ("memory_mb: 1467", "Memory: 1", "run: figures: dvc.Memory: a name is of small letters, digits and _"),
        ("flights: 80789", "seconds: 1", "not YAML"),
        ("other:", "bench:", "bench: no name of a group"),
        (MEASURED, "- 1\n", "Input should be a valid dictionary"),
        (MEASURED, "{", "not YAML"),
    ],
)
def test_a_broken_file_is_told_by_file_and_key(kit, old, new, said):
    assert old in MEASURED
    (kit / "bench/measured.yaml").write_text(MEASURED.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(MeasuredError) as error:
        measured.read(kit)
    assert str(error.value).startswith(f"{kit / 'bench/measured.yaml'}: ")
    assert said in str(error.value)


def test_results_that_are_none_are_told(kit):
    (kit / "bench/results.json").write_text("{", encoding="utf-8")
    with pytest.raises(MeasuredError, match=r"results\.json: not JSON"):
        measured.read(kit)


def test_words_are_filled_in_and_what_is_wrong_has_its_line():
    words = {"a": "1"}

    def word(name: str) -> str:
        if name not in words:
            raise ValueError(f"no {name}")
        return words[name]

    assert fill("{{ a }} `{{ a }}` {{a}}", word) == ("1 `1` 1", [])
    assert fill("{{ a }} `{{ a }}`\n```\n{{ a }}\n```", word, code=False) == ("1 `{{ a }}`\n```\n{{ a }}\n```", [])
    assert fill("one\n{{ b }}\n{{ a", word) == (
        "one\n{{ b }}\n{{ a",
        [(1, "no b"), (2, "{{ is never closed: expected {{ word }}")],
    )


# --- blocks


def test_the_readme_shows_what_make_run_prints(kit):
    from workshop.builder.blocks import printed

    figures = measured.read(ROOT)
    text = printed(figures, "en")
    assert f"scripts {figures.value('run.scripts.start_seconds'):9.1f}" in text
    assert str(figures.value("run.hash")) in text
    assert f"{figures.value('run.roc_auc'):.4f}" in text
    assert text.strip() in (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.strip() in (ROOT / "README.ru.md").read_text(encoding="utf-8")


def test_what_documentation_starts_is_shown_once_it_is_measured(kit):
    from workshop.builder.blocks import documented

    assert documented(Figures({}), "en") == ""
    values = {}
    for kind, start, seconds in (("tuned", 11.4, 33.04), ("documented", 27.5, 41.0)):
        place = f"bench.engines.airflow.from_nothing.{kind}"
        values |= {f"{place}.start_seconds": start, f"{place}.seconds": seconds}
    en, ru = (documented(Figures(values), lang) for lang in ("en", "ru"))
    assert "| airflow  | 11.4\u00a0s + 33.0\u00a0s" in en
    assert "27.5\u00a0s + 41.0\u00a0s" in en
    assert "27,5\u00a0с + 41,0\u00a0с" in ru


def test_an_empty_block_is_one_that_looks_right(kit):
    for empty in ("<!-- bench.documented -->\n<!-- / -->\n", "<!-- bench.documented -->\nold\n<!-- / -->\n"):
        (kit / "README.md").write_text(f"One.\n\n{empty}\nTwo.\n", encoding="utf-8")
        text, problems = marks.filled(kit / "README.md", kit)
        assert (text, problems) == ("One.\n\n<!-- bench.documented -->\n<!-- / -->\n\nTwo.\n", [])


# --- they are measured anew


@pytest.fixture
def bench(kit, monkeypatch):
    """The command's own names, writing into the small kit."""
    module = runpy.run_path(str(ROOT / "bench/measured.py"))
    monkeypatch.setitem(module["main"].__globals__, "FILE", kit / "bench/measured.yaml")
    return module


def test_a_group_is_rewritten_and_all_else_stays(kit, bench):
    figures = {"flights": 5, "hash": "12345678e9", "dvc": {"seconds": 1.5}}
    bench["write"]("run", figures)
    text = (kit / "bench/measured.yaml").read_text(encoding="utf-8")
    assert text.startswith("# how long it takes\nrun:\n  command: make run\n  machine: ")
    assert text.endswith(MEASURED[MEASURED.index("\n# another") :])
    assert measured.groups(kit / "bench/measured.yaml")["run"].figures == figures
    assert "    dvc: {seconds: 1.5}\n" in text


@pytest.mark.parametrize(("name", "figures"), [("run", {"roc_auc": 7}), ("run", {}), ("nothing", {"a": 1})])
def test_what_does_not_fit_changes_nothing(kit, bench, name, figures):
    with pytest.raises((MeasuredError, KeyError)):
        bench["write"](name, figures)
    assert (kit / "bench/measured.yaml").read_text(encoding="utf-8") == MEASURED
    assert sorted(path.name for path in (kit / "bench").iterdir()) == ["measured.yaml", "results.json"]


def test_a_group_that_cannot_be_measured_leaves_its_figures(kit, bench, monkeypatch, capsys):
    def fails():
        """It fails."""
        raise bench["MeasuringFailed"]("no engine")

    def works():
        """It works."""
        return {"count": 7}

    monkeypatch.setitem(bench["GROUPS"], "run", fails)
    monkeypatch.setitem(bench["GROUPS"], "other", works)
    monkeypatch.setattr("sys.argv", ["measured.py", "run", "other"])
    assert bench["main"]() == 1
    found = measured.groups(kit / "bench/measured.yaml")
    assert found["other"].figures == {"count": 7}
    assert found["run"].figures["flights"] == 80789
    assert "run: no engine" in capsys.readouterr().err


def test_a_run_is_read_by_what_it_left(bench, tmp_path):
    names = bench["NAMES"]
    entry = {
        "start_seconds": 1.234,
        "seconds": 16.456,
        "stages_run": 14,
        "metrics": {"best": "a", "candidates": {"a": {"roc_auc": 0.73187}}},
        "predictions_sha256": "a755529c60aa",
    }
    results = {"flights": 80789, "identical": True, "engines": dict.fromkeys(names, entry)}
    state = {
        "parameters": {"train_months": ["2013-01", "2013-02"], "test_months": ["2013-03"]},
        "peak_megabytes": dict.fromkeys(names, 686.4),
    }
    (tmp_path / "results.json").write_text(json.dumps(results))
    (tmp_path / "run.json").write_text(json.dumps(state))
    figures = bench["of_run"](tmp_path)
    assert (figures["months"], figures["flights"], figures["roc_auc"], figures["hash"]) == (3, 80789, 0.7319, "a755529c60")
    assert figures["dvc"] == {"start_seconds": 1.23, "seconds": 16.46, "memory_mb": 686}
    (tmp_path / "results.json").write_text(json.dumps(results | {"identical": False}))
    with pytest.raises(bench["MeasuringFailed"], match="not all engines left the same"):
        bench["of_run"](tmp_path)


def test_the_groups_that_can_be_measured_are_in_the_file(bench):
    assert set(bench["GROUPS"]) <= set(measured.groups(ROOT / measured.MEASURED))


def test_what_the_set_up_says_of_the_disk_is_what_was_measured():
    # it speaks before there is a Python that could read the file
    disk = measured.read(ROOT).shown("setup.disk_gb", "en").replace("\u00a0", " ")
    said = [ROOT / "workshop/setup.sh", *(ROOT / f"docs/instructor/{lang}/in_class.md" for lang in LANGUAGES)]
    for file in said:
        assert re.search(rf"The environment takes {disk}, and only", file.read_text(encoding="utf-8")), f"{file}: {disk}"
    assert f"450 packages, {disk}," in (ROOT / "workshop/setup.sh").read_text(encoding="utf-8")
