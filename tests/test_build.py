"""The notebook builder, on tiny lessons and on the kit's own."""

import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from jupytext.formats import get_format_implementation

from workshop.__main__ import main
from workshop.builder import engine_texts, outputs
from workshop.engines import NAMES
from workshop.places import ROOT, SAMPLE_PROJECT

PARAMETERS = """\
# notes for authors are not built

# %% tags=["parameters"]
lang = "en"
number = 3
"""

TITLE = """
# %% [markdown] tags=["ru"]
# # 1. Крошечный урок
# **Лекция 5 мин · упражнения 10 мин**
#
# - Зачем он нужен?

# %% [markdown] tags=["en"]
# # 1. A tiny lesson
# **Teaching 5 min · exercises 10 min**
#
# - What is it for?
"""

SETUP = """
# %%
from workshop.messages import load

say = load("01_tiny", lang, lessons="../../lessons")
"""

LESSON = (
    PARAMETERS
    + TITLE
    + """
# %%
print(number)
"""
)

EXERCISE = (
    PARAMETERS
    + TITLE
    + SETUP
    + """
# %% [markdown] tags=["ru", "exercise", "solution"]
# ## Задача 1
# Допишите `double`.

# %% [markdown] tags=["en", "exercise", "solution"]
# ## Task 1
# Complete `double`.

# %%
def double(values):
    total = []
    for value in values:
        # BEGIN SOLUTION
        total.append(2 * value)
        # END SOLUTION
    return total

# %% tags=["check"]
assert double([number]) == [6], say("not_doubled", n=number)

# %%
# BEGIN SOLUTION
answer = double([1, 2])
# END SOLUTION
print(answer)

# %% tags=["solution"]
print("only in the solution")

# %% [markdown] tags=["ru", "solution"]
# Разбор.

# %% [markdown] tags=["en", "solution"]
# Discussion.
"""
)

MESSAGES = """\
not_doubled:
  ru: "Число {n} не удвоено."
  en: "The number {n} is not doubled."
"""

VARIANTS = ("notebooks", "exercises", "solutions")


class Kit:
    """A folder with lessons, and the command that builds it."""

    def __init__(self, root: Path, capsys):
        self.root = root
        self.capsys = capsys
        self.lesson = root / "lessons/01_tiny/lesson.py"
        self.exercise = root / "lessons/01_tiny/exercise.py"
        self.messages = root / "lessons/01_tiny/messages.yaml"
        self.messages.parent.mkdir(parents=True)
        for file, text in ((self.lesson, LESSON), (self.exercise, EXERCISE), (self.messages, MESSAGES)):
            file.write_text(text, encoding="utf-8")

    def build(self, *arguments: str) -> tuple[int, str]:
        code = main(["build", "--root", str(self.root), *arguments])
        output = self.capsys.readouterr()
        return code, output.out + output.err

    def edit(self, file: Path, old: str, new: str) -> None:
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def file(self, variant: str, language: str) -> Path:
        return self.root / variant / language / "01_tiny.ipynb"

    def notebook(self, variant: str, language: str):
        return nbformat.read(self.file(variant, language), as_version=4)

    def stored(self) -> dict[str, bytes]:
        return {str(file.relative_to(self.root)): file.read_bytes() for file in self.root.rglob("*.ipynb")}


@pytest.fixture
def kit(tmp_path, capsys):
    return Kit(tmp_path / "с пробелом", capsys)


def sources(notebook) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells)


# What is built


def test_every_variant_in_every_language(kit):
    (kit.root / "lessons/pipeline").mkdir()
    (kit.root / "lessons/pipeline/dvc.py").write_text(LESSON, encoding="utf-8")
    code, output = kit.build()
    assert code == 0, output
    expected = {f"{variant}/{language}/01_tiny.ipynb" for variant in VARIANTS for language in ("ru", "en")}
    assert set(kit.stored()) == expected | {"notebooks/ru/pipeline/dvc.ipynb", "notebooks/en/pipeline/dvc.ipynb"}


ENGINE = """\
# %% tags=["parameters"]
number = 3

# %% [markdown] tags=["ru"]
# # {{ title }}
# **Лекция 3 мин · упражнения 0 мин**
#
# {{ about }}

# %% [markdown] tags=["en"]
# # {{ title }}
# **Teaching 3 min · exercises 0 min**
#
# {{ about }}

# %%
"{{ engine }}", "{{ file }}"

# %% [markdown] tags=["ru"]
# {{ happened }}

# %% [markdown] tags=["en"]
# {{ happened }}
"""
ENGINES = """\
# comment
dvc:
  file: dvc.yaml
  title: {ru: С DVC, en: With DVC}
  about: {ru: Стадии в `dvc.yaml`., en: Stages in `dvc.yaml`.}
  happened: {ru: Всё & сразу., en: All & at once.}
make:
  file: all.mk
  title: {ru: С make, en: With make}
  about: {ru: Правила., en: Rules.}
  happened: {ru: Времена., en: Times.}
"""


@pytest.fixture
def engines(kit):
    """The kit with a source for the notebooks of two engines."""
    folder = kit.root / "lessons/pipeline"
    folder.mkdir()
    (folder / "engine.py").write_text(ENGINE, encoding="utf-8")
    (folder / "engines.yaml").write_text(ENGINES, encoding="utf-8")
    return folder


def test_one_source_makes_a_notebook_for_each_engine(kit, engines):
    code, output = kit.build()
    assert code == 0, output
    made = {name for name in kit.stored() if "pipeline" in name}
    assert made == {f"notebooks/{lang}/pipeline/{name}.ipynb" for lang in ("ru", "en") for name in ("dvc", "make")}
    ru, en = (nbformat.read(kit.root / f"notebooks/{lang}/pipeline/dvc.ipynb", as_version=4) for lang in ("ru", "en"))
    assert [cell.source.splitlines()[-1] for cell in ru.cells[1:]] == [
        "Стадии в `dvc.yaml`.",
        '"dvc", "dvc.yaml"',
        "Всё & сразу.",
    ]
    assert [cell.source.splitlines()[-1] for cell in en.cells[1:]] == [
        "Stages in `dvc.yaml`.",
        '"dvc", "dvc.yaml"',
        "All & at once.",
    ]
    assert en.cells[1].source.startswith("# With DVC\n")
    assert [cell.id for cell in ru.cells] == [cell.id for cell in en.cells]
    other = nbformat.read(kit.root / "notebooks/en/pipeline/make.ipynb", as_version=4)
    assert other.cells[2].source == '"make", "all.mk"'
    assert not {cell.id for cell in other.cells} & {cell.id for cell in en.cells}


# what is changed in engine.py or engines.yaml -> how the error begins, and what it says
WRONG_ENGINES = {
    "a word that is not there": ("py", "{{ file }}", "{{ path }}", "engine.py:17: pipeline/dvc: 'path' is no name of a figure"),
    "a brace too few": ("py", "{{ file }}", "{{ file }", "engine.py:17: pipeline/make: {{ is never closed"),
    "no text in a language": ("yaml", "ru: Правила., ", "", "engines.yaml:7: make.about.ru: Field required"),
    "an empty text": ("yaml", "en: Times.", "en: ''", "engines.yaml:7: make.happened.en: String should have at least"),
    "no file": ("yaml", "  file: all.mk\n", "", "engines.yaml:7: make.file: Field required"),
    "an unknown field": ("yaml", "all.mk\n", "all.mk\n  minutes: 3\n", "engines.yaml:7: make.minutes: Extra inputs"),
    "twice": ("yaml", "make:\n", "dvc:\n", "engines.yaml:7: dvc is there twice"),
    "a key that is no name": ("yaml", "make:\n", "7:\n", "engines.yaml:7: 7: Input should be a valid dictionary"),
    "a key that is a list": ("yaml", "make:\n", "? [make]\n:\n", "engines.yaml:7: not YAML: found unhashable key"),
    "not YAML": ("yaml", "{ru: С make", "[ru: С make", "engines.yaml:9: not YAML"),
    "no mapping": ("yaml", ENGINES, "- dvc\n", "engines.yaml:1: expected `engine:"),
    "twins": (
        "yaml",
        "Stages in `dvc.yaml`.",
        "Stages.",
        "engine.py:10: pipeline/dvc: other inline code than its twin in line 4",
    ),
}


@pytest.mark.parametrize(("kind", "old", "new", "message"), WRONG_ENGINES.values(), ids=WRONG_ENGINES)
def test_what_is_wrong_with_an_engines_notebook_is_told_by_file_and_line(kit, engines, kind, old, new, message):
    kit.edit(engines / {"py": "engine.py", "yaml": "engines.yaml"}[kind], old, new)
    code, output = kit.build()
    assert code == 1
    assert f"lessons/pipeline/{message}" in output
    assert kit.stored() == {}


def test_an_engines_notebook_has_one_source(kit, engines):
    (engines / "make.py").write_text(LESSON, encoding="utf-8")
    code, output = kit.build()
    assert (code, "engines.yaml:1: make.py makes a notebook of that name too" in output) == (1, True)
    (engines / "make.py").unlink()
    (engines / "engines.yaml").unlink()
    code, output = kit.build()
    assert (code, "engines.yaml:1: is not there: engine.py needs it" in output) == (1, True)


def test_the_kits_engines_have_their_notebooks_in_the_order_of_the_lecture():
    found, wrong = engine_texts.read(ROOT / "lessons/pipeline/engines.yaml")
    assert wrong == []
    assert tuple(found) == NAMES
    assert [name for name, engine in found.items() if not (SAMPLE_PROJECT / engine.file).is_file()] == []


@pytest.mark.parametrize("source", ["engine", "compare"])
def test_the_notebooks_of_a_run_compare_all_engines_if_nobody_says_otherwise(source):
    first = (ROOT / "lessons/pipeline" / f"{source}.py").read_text(encoding="utf-8").partition("\n# %% [markdown]")[0]
    values: dict = {}
    exec(compile(first, source, "exec"), values)
    assert tuple(values["engines"]) == NAMES


def test_the_part_of_jupytext_that_is_none_of_its_promises_reads_a_cell_and_says_how_long_it_is():
    reader = get_format_implementation(".py", "percent").cell_reader_class({"extension": ".py"}, "python")
    cell, lines = reader.read(['# %% tags=["check"]', "assert True", "", "# %%", "1"])
    assert (cell.source, cell.metadata, lines) == ("assert True", {"tags": ["check"]}, 3)


def test_lesson_starts_with_parameters_and_has_one_language(kit):
    kit.build()
    notebook = kit.notebook("notebooks", "ru")
    assert notebook.cells[0].metadata == {"tags": ["parameters"]}
    assert [cell.cell_type for cell in notebook.cells] == ["code", "markdown", "code"]
    assert "Крошечный" in sources(notebook)
    assert "A tiny lesson" not in sources(notebook)
    assert "notes for authors" not in sources(notebook)


def test_exercise_has_blanks_and_solution_has_everything(kit):
    kit.build()
    exercise, solution = sources(kit.notebook("exercises", "en")), sources(kit.notebook("solutions", "en"))
    assert "Task 1" in exercise
    assert "Task 1" in solution
    for secret in ("total.append", "double([1, 2])", "only in the solution", "Discussion"):
        assert secret not in exercise
        assert secret in solution
    assert exercise.count("say.not_solved_yet()") == 2
    assert "SOLUTION" not in exercise
    assert 'assert double([number]) == [6], say("not_doubled", n=number)' in exercise


def test_checks_keep_their_tag(kit):
    kit.build()
    for variant in ("exercises", "solutions"):
        tags = [cell.metadata.get("tags") for cell in kit.notebook(variant, "ru").cells if "assert" in cell.source]
        assert tags == [["check"]]


def test_metadata_say_nothing_of_jupytext_or_languages(kit):
    kit.build()
    for file, content in kit.stored().items():
        notebook = json.loads(content)
        issue = {"workshop"} if file.startswith("exercises/") else set()
        assert set(notebook["metadata"]) == {"kernelspec", "language_info", *issue}, file
        assert notebook["metadata"]["kernelspec"]["name"] == "python3"
        for cell in notebook["cells"]:
            assert set(cell["metadata"]) <= {"tags", "jupyter", "workshop"}
            assert not {"ru", "en"} & set(cell["metadata"].get("tags", []))
        assert content.endswith(b"}\n")


def test_blanks_keep_their_indentation_and_compile(kit):
    body = """
# %%
def nested(paths):
    for path in paths:
        with open(path) as file:
            # BEGIN SOLUTION
            text = file.read()
            print(text)
            # END SOLUTION
        if path:
            pass
        else:
            # BEGIN SOLUTION
            raise ValueError
            # END SOLUTION
"""
    kit.exercise.write_text(EXERCISE + body, encoding="utf-8")
    assert kit.build()[0] == 0
    cell = next(cell for cell in kit.notebook("exercises", "en").cells if "nested" in cell.source)
    compile(cell.source, "cell", "exec")
    assert re.findall(r"( *)say\.not_solved_yet\(\)", cell.source) == [" " * 12, " " * 12]


def test_a_comment_that_looks_like_a_shell_command_stays_a_comment(kit):
    kit.edit(kit.lesson, "print(number)", "# copy the file\nprint(number)")
    kit.build()
    assert "# copy the file" in sources(kit.notebook("notebooks", "en"))


def test_a_cell_marker_in_a_string_is_text(kit):
    kit.edit(kit.lesson, "print(number)", 'text = """\n# %% not a cell\n"""')
    assert kit.build()[0] == 0
    assert len(kit.notebook("notebooks", "en").cells) == 3


# Ids and bytes


def test_a_cell_has_the_same_id_in_every_variant(kit):
    kit.build()
    exercise = [cell.id for cell in kit.notebook("exercises", "en").cells]
    solution = [cell.id for cell in kit.notebook("solutions", "en").cells]
    assert [id_ for id_ in solution if id_ in exercise] == exercise
    assert len(solution) == len(exercise) + 2
    assert len(set(solution)) == len(solution)
    for variant in VARIANTS:
        russian, english = kit.notebook(variant, "ru"), kit.notebook(variant, "en")
        assert [cell.id for cell in russian.cells] == [cell.id for cell in english.cells]


def test_same_code_twice_has_two_ids(kit):
    kit.lesson.write_text(LESSON + "\n# %%\nprint(number)\n", encoding="utf-8")
    kit.build()
    ids = [cell.id for cell in kit.notebook("notebooks", "en").cells]
    assert len(set(ids)) == len(ids)
    assert ids == [cell.id for cell in kit.notebook("notebooks", "ru").cells]  # nbformat mends doubles by chance


def test_ids_survive_an_inserted_cell_and_another_solution(kit):
    kit.build()
    before = {(cell.id, cell.source) for cell in kit.notebook("exercises", "en").cells}
    kit.edit(kit.exercise, SETUP, "\n# %%\nprint('new')\n" + SETUP)
    kit.edit(kit.exercise, "total.append(2 * value)", "total.append(value + value)")
    kit.build()
    after = {(cell.id, cell.source) for cell in kit.notebook("exercises", "en").cells}
    assert before < after
    assert len(after) == len(before) + 1


def test_a_second_build_changes_no_byte(kit):
    kit.build()
    first = kit.stored()
    _, output = kit.build()
    assert "0 of them changed" in output
    assert kit.stored() == first
    for file in first:
        (kit.root / file).unlink()
    kit.build()
    assert kit.stored() == first


def test_languages_differ_in_markdown_and_the_language_line_only(kit):
    kit.build("--execute")
    for variant in VARIANTS:
        russian, english = kit.notebook(variant, "ru"), kit.notebook(variant, "en")
        assert russian.metadata == english.metadata
        for ours, theirs in zip(russian.cells, english.cells, strict=True):
            if "lang = " in ours.source:
                ours.source = ours.source.replace('lang = "ru"', 'lang = "en"')
            if ours.cell_type == "markdown":
                assert ours.source != theirs.source
                ours.source = theirs.source
            assert ours == theirs


# Errors


ERRORS = {
    # name: (file, old, new, the line to be named, as text or (text, which one) after the edit; message)
    "nested marker": (
        "exercise",
        "        total.append(2 * value)\n",
        "        # BEGIN SOLUTION\n        total.append(2 * value)\n",
        ("# BEGIN", 2),
        "BEGIN SOLUTION inside of the one in line",
    ),
    "unclosed marker": ("exercise", "        # END SOLUTION\n", "", "# BEGIN SOLUTION", "never ended"),
    "orphaned marker": ("exercise", "        # BEGIN SOLUTION\n", "", "# END SOLUTION", "END SOLUTION without"),
    "end indented otherwise": (
        "exercise",
        "        # END SOLUTION",
        "    # END SOLUTION",
        "# END SOLUTION",
        "not indented like",
    ),
    "marker misspelled": ("exercise", "        # END SOLUTION", "        ### END SOLUTION", "### END", "a line of its own"),
    "marker in a check": (
        "exercise",
        "assert double",
        "# BEGIN SOLUTION\n# END SOLUTION\nassert double",
        ("# BEGIN", 2),
        "no solution to blank",
    ),
    "marker in markdown": ("exercise", "# Discussion.", "# BEGIN SOLUTION", ("# BEGIN", 3), "Markdown cell"),
    "marker in lesson.py": (
        "lesson",
        "print(number)",
        "# BEGIN SOLUTION\nprint(number)\n# END SOLUTION",
        "# BEGIN SOLUTION",
        "belongs into exercise.py",
    ),
    "blank that is not python": (
        "exercise",
        "        # BEGIN SOLUTION\n        total.append(2 * value)\n        # END SOLUTION\n",
        "# BEGIN SOLUTION\n        total.append(2 * value)\n# END SOLUTION\n",
        "# BEGIN",
        "with its blank is not Python",
    ),
    "not python": ("lesson", "print(number)", "print(number\n", "print(number", "not Python"),
    "magic": ("lesson", "print(number)", "%time print(number)", "%time", "not Python"),
    "russian without english": (
        "lesson",
        TITLE[TITLE.index('\n# %% [markdown] tags=["en"]') :],
        "",
        'tags=["ru"]',
        "twin in 'en'",
    ),
    "english without russian": (
        "lesson",
        TITLE[: TITLE.index('\n# %% [markdown] tags=["en"]')],
        "",
        'tags=["en"]',
        "twin in 'ru'",
    ),
    "twin not next to it": (
        "lesson",
        '# %% [markdown] tags=["en"]',
        '# %%\n1\n\n# %% [markdown] tags=["en"]',
        'tags=["ru"]',
        "twin in 'en'",
    ),
    "twins of other tags": ("exercise", 'tags=["en", "solution"]', 'tags=["en"]', ('tags=["en"]', 2), "other tags"),
    "twins of other headings": (
        "lesson",
        "# # 1. A tiny",
        "# # 1. A tiny\n# ## Sub\n# of",
        'tags=["en"]',
        "other heading levels",
    ),
    "twins of other lists": (
        "lesson",
        "# - What is it for?",
        "# - What?\n# - For?",
        'tags=["en"]',
        "other list items than its twin in line 7: 2 instead",
    ),
    "twins of other inline code": (
        "exercise",
        "# Complete `double`.",
        "# Complete `triple`.",
        '"en", "exercise"',
        "other inline code than its twin in line 24: without 'double' and with 'triple'",
    ),
    "twins of other code in a folded hint": (
        "exercise",
        "# Complete `double`.",
        "# Complete `double`.\n#\n# <details><summary>Hint</summary>`sum`</details>",
        '"en", "exercise"',
        "other inline code",
    ),
    "twins of other fenced code": (
        "lesson",
        "# - What is it for?",
        "# - What is it for?\n#\n# ```\n# x\n# ```",
        'tags=["en"]',
        "other fenced code",
    ),
    "twins of other links": ("lesson", "# - What is it for?", "# - [What](a.md) is it for?", 'tags=["en"]', "other links"),
    "twins of other images": ("lesson", "# - What is it for?", "# - ![What](a.png) is it for?", 'tags=["en"]', "other images"),
    "twins of other tables": (
        "lesson",
        "# - What is it for?",
        "# - What is it for?\n#\n# |a|\n# |-|\n# |b|",
        'tags=["en"]',
        "other table cells",
    ),
    "twins of other minutes": ("lesson", "Teaching 5 min", "Teaching 6 min", 'tags=["en"]', "other minutes"),
    "no minutes": ("lesson", "# **Teaching 5 min · exercises 10 min**\n", "", 'tags=["en"]', "no line with minutes"),
    "no title": ("lesson", TITLE, "", "# %%\nprint", "after the parameters comes the title"),
    "cyrillic in code": ("lesson", "print(number)", "print(number)  # число", "print(number)", "Cyrillic"),
    "cyrillic in a string": ("lesson", "print(number)", 'print("число")', "print(", "Cyrillic"),
    "unknown tag": ("lesson", '# %% tags=["parameters"]', '# %% tags=["parameters", "slow"]', '"slow"', "tag 'slow' unknown"),
    "waits for what nobody says": (
        "lesson",
        "# %%\nprint",
        '# %% tags=["waits-rain"]\nprint',
        '"waits-rain"',
        "tag 'waits-rain': messages.yaml has no text waits_rain",
    ),
    "waits for two things": (
        "exercise",
        "# %%\ndef double",
        '# %% tags=["waits-pipeline", "waits-x"]\ndef double',
        '"waits-x"',
        "a cell waits for one thing, not for waits-pipeline, waits-x",
    ),
    "text that waits": (
        "lesson",
        TITLE[TITLE.index('\n# %% [markdown] tags=["en"]') :],
        TITLE[TITLE.index('\n# %% [markdown] tags=["en"]') :].replace('"en"', '"en", "waits-pipeline"'),
        '"waits-pipeline"',
        "tag 'waits-pipeline' is for code cells",
    ),
    "tag of exercises": ("lesson", "# %%\nprint", '# %% tags=["check"]\nprint', '"check"', "belongs into exercise.py"),
    "tag not a list": ("lesson", "# %%\nprint", "# %% tags=[check]\nprint", "tags=[check]", "a cell marker holds"),
    "cell title": ("lesson", "# %%\nprint", "# %% print it\nprint", "# %% print", "a cell marker holds"),
    "markdown of no language": (
        "lesson",
        "# %%\nprint",
        "# %% [markdown]\n# Hm.\n\n# %%\nprint",
        "# %% [markdown]\n",
        "either 'ru' or 'en'",
    ),
    "code of one language": ("lesson", "# %%\nprint", '# %% tags=["en"]\nprint', '# %% tags=["en"]', "shared by the languages"),
    "code before the first cell": (
        "lesson",
        "# notes for authors are not built",
        "import os",
        "import os",
        "before the first cell",
    ),
    "no parameters": ("lesson", '# %% tags=["parameters"]', "# %%", "# %%", "first cell must be"),
    "parameters twice": ("lesson", "# %%\nprint", '# %% tags=["parameters"]\nprint', None, "only the first cell"),
    "check without assert": (
        "exercise",
        'assert double([number]) == [6], say("not_doubled", n=number)',
        "double([number])",
        '"check"',
        "without an assert",
    ),
    "assert without message": (
        "exercise",
        ', say("not_doubled", n=number)',
        "",
        "assert double",
        "an assert without a message",
    ),
    "unknown key": ("exercise", 'say("not_doubled"', 'say("doubled"', "assert double", "no such key"),
    "computed key": ("exercise", 'say("not_doubled"', 'say("not" + "_doubled"', "assert double", "written out"),
    "value left out": ("exercise", ", n=number)", ")", "assert double", "must give n=..."),
    "say out of nowhere": ("exercise", SETUP, "", "# BEGIN", "needs `say`"),
    "say printed": ("exercise", "print(answer)", 'print(say("not_doubled", n=1))', "print(say", "only for messages"),
    "language printed": ("exercise", "print(answer)", "print(lang)", "print(lang)", "no output may depend"),
    "language not set": ("exercise", 'lang = "en"\n', "", 'load("01_tiny"', "must set `lang"),
    "message in one language": (
        "messages",
        '  en: "The number {n} is not doubled."\n',
        "",
        "not_doubled:",
        "expected the languages",
    ),
    "message empty": ("messages", '"Число {n} не удвоено."', '""', "not_doubled:", "no text in ru"),
    "message with other values": ("messages", "Число {n}", "Число {x}", "not_doubled:", "other {places}"),
    "message twice": (
        "messages",
        "not_doubled:",
        "not_doubled: {ru: a, en: b}\nnot_doubled:",
        ("not_doubled:", 2),
        "there twice",
    ),
    "message not yaml": ("messages", "not_doubled:", "not_doubled: [", None, "not YAML"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_build_error_names_file_and_line_and_writes_nothing(kit, name):
    kind, old, new, where, message = ERRORS[name]
    file = getattr(kit, kind)
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    code, output = kit.build()
    assert code == 1
    assert kit.stored() == {}
    assert message in output
    if where is not None:
        named = [row.split(" ")[0] for row in output.splitlines() if message in row]
        assert named == [f"lessons/01_tiny/{file.name}:{line_of(file, where)}:"], output


def line_of(file: Path, where: str | tuple[str, int]) -> int:
    text, occurrence = (where, 1) if isinstance(where, str) else where
    before = file.read_text(encoding="utf-8").split(text)[:occurrence]
    return text.join(before).count("\n") + 1


def test_all_errors_are_told_at_once_and_old_notebooks_stay(kit):
    kit.build()
    before = kit.stored()
    kit.edit(kit.lesson, "# %%\nprint", '# %% tags=["slow"]\nprint')
    kit.edit(kit.exercise, "print(answer)", "print(lang)")
    code, output = kit.build()
    assert code == 1
    assert "lesson.py" in output
    assert "exercise.py" in output
    assert kit.stored() == before


def test_links_between_notebooks_of_one_language_are_twins(kit):
    kit.edit(kit.lesson, "# - Зачем он нужен?", "# - [Зачем](../../exercises/ru/01_tiny.ipynb) он [нужен](../../README.ru.md)?")
    kit.edit(kit.lesson, "# - What is it for?", "# - [What](../../exercises/en/01_tiny.ipynb) is it [for](../../README.md)?")
    assert kit.build()[0] == 0


def test_pictures_of_ones_own_language_are_twins(kit):
    kit.edit(kit.lesson, "# - Зачем он нужен?", "# - ![Зачем](bars.ru.svg) он [нужен](bars.ru.svg)?")
    kit.edit(kit.lesson, "# - What is it for?", "# - ![What](bars.en.svg) is it [for](bars.en.svg)?")
    assert kit.build()[0] == 0


@pytest.mark.parametrize("other", ["bars.ru.svg", "bar.en.svg", "bars.en.png"])
def test_pictures_of_another_language_or_name_are_none(kit, other):
    kit.edit(kit.lesson, "# - Зачем он нужен?", "# - ![Зачем](bars.ru.svg) он нужен?")
    kit.edit(kit.lesson, "# - What is it for?", f"# - ![What]({other}) is it for?")
    code, output = kit.build()
    assert code == 1
    assert "other images" in output


def test_a_file_that_would_never_be_built_is_told(kit):
    shutil.copy(kit.exercise, kit.exercise.with_name("exercises.py"))
    (kit.exercise.with_name("helper.py")).write_text("x = 1\n", encoding="utf-8")
    kit.lesson.parent.rename(kit.root / "lessons/Tiny")
    code, output = kit.build()
    assert code == 1
    assert "lessons/Tiny/exercises.py:1: a file with cells" in output
    assert "lessons/Tiny/lesson.py:1: the folder of a lesson is named like" in output
    assert "helper.py" not in output


def test_a_folder_without_lessons_is_an_error(tmp_path, capsys):
    for arguments in ([], ["--check"]):
        assert main(["build", "--root", str(tmp_path), *arguments]) == 1
        assert "no source" in capsys.readouterr().err


# --check


def test_check_passes_on_a_fresh_build_and_writes_nothing(kit):
    kit.build("--execute")
    before = kit.stored()
    assert kit.build("--check") == (0, "up to date\n")
    assert kit.stored() == before


def test_check_finds_missing_stale_and_orphaned(kit):
    kit.build("--execute")
    kit.file("notebooks", "ru").unlink()
    kit.edit(kit.file("exercises", "en"), "Task 1", "Task 2")
    kit.file("solutions", "ru").with_name("99_old.ipynb").write_bytes(b"{}")
    before = kit.stored()
    code, output = kit.build("--check")
    assert code == 1
    assert output.splitlines()[:-1] == [
        "exercises/en/01_tiny.ipynb: stale",
        "notebooks/ru/01_tiny.ipynb: missing",
        "solutions/ru/99_old.ipynb: orphaned, no source makes it",
    ]
    assert kit.stored() == before


def test_check_finds_an_edited_source(kit):
    kit.build("--execute")
    kit.edit(kit.lesson, "# # 1. A tiny lesson", "# # 1. A very tiny lesson")
    code, output = kit.build("--check")
    assert code == 1
    assert "notebooks/en/01_tiny.ipynb: stale" in output
    assert "exercises" not in output


def test_check_refuses_outputs_that_differ_between_the_languages(kit):
    kit.build("--execute")
    kit.edit(kit.file("solutions", "ru"), '"[2, 4]\\n"', '"[2, 5]\\n"')
    assert "solutions/ru/01_tiny.ipynb: stale" in kit.build("--check")[1]


def test_build_leaves_orphans_and_names_them(kit):
    orphan = kit.root / "exercises/ru/01_tiny-Copy1.ipynb"
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"{}")
    code, output = kit.build()
    assert code == 0
    assert "exercises/ru/01_tiny-Copy1.ipynb: orphaned" in output
    assert orphan.exists()


def test_checkpoints_are_no_orphans(kit):
    kit.build("--execute")
    checkpoint = kit.root / "exercises/ru/.ipynb_checkpoints/01_tiny-checkpoint.ipynb"
    checkpoint.parent.mkdir()
    checkpoint.write_bytes(b"{}")
    assert kit.build("--check")[0] == 0


def test_the_kits_own_notebooks_are_what_its_lessons_say(capsys):
    assert main(["build", "--check"]) == 0, capsys.readouterr().out


# Outputs of solutions


def executed(kit, language="en") -> dict[str, tuple]:
    cells = [cell for cell in kit.notebook("solutions", language).cells if cell.cell_type == "code"]
    return {cell.source: (cell.execution_count, [output.get("text") for output in cell.outputs]) for cell in cells}


def counts(kit) -> list[int | None]:
    return [count for count, _ in executed(kit).values()]


def test_execute_stores_outputs_in_both_languages(kit):
    code, output = kit.build("--execute")
    assert code == 0, output
    assert counts(kit) == [1, 2, 3, 4, 5, 6]
    assert executed(kit)["# BEGIN SOLUTION\nanswer = double([1, 2])\n# END SOLUTION\nprint(answer)"] == (5, ["[2, 4]\n"])
    assert list(executed(kit, "ru").values()) == list(executed(kit).values())


def test_executing_again_changes_no_byte(kit):
    kit.edit(kit.exercise, 'print("only in the solution")', "import time\n\ntime.sleep(0.1)\ndouble([3])")
    kit.build("--execute")
    before = kit.stored()
    code, output = kit.build("--execute", "all")
    assert code == 0
    assert "executing solutions/en/01_tiny.ipynb" in output
    assert kit.stored() == before


def test_execute_runs_only_what_has_changed(kit):
    kit.build("--execute")
    assert "executing" not in kit.build("--execute")[1]


def test_build_keeps_outputs_when_only_texts_change(kit):
    kit.build("--execute")
    before = executed(kit)
    kit.edit(kit.exercise, "# Discussion.", "# Another discussion.")
    _, output = kit.build()
    assert "executed again" not in output
    assert executed(kit) == before
    assert "Another discussion" in sources(kit.notebook("solutions", "en"))


def test_build_drops_the_output_of_changed_code_and_says_so(kit):
    kit.build("--execute")
    kit.edit(kit.exercise, "answer = double([1, 2])", "answer = double([5])")
    code, output = kit.build()
    assert code == 0
    assert "solutions/en/01_tiny.ipynb: to be executed again" in output
    assert counts(kit) == [1, 2, 3, 4, None, 6]
    assert "solutions/en/01_tiny.ipynb: not executed since its code changed" in kit.build("--check")[1]
    kit.build("--execute")
    assert kit.build("--check")[0] == 0
    assert (5, ["[10]\n"]) in executed(kit).values()


def test_a_removed_cell_asks_for_execution(kit):
    extra = "\n# %%\nnumber = 4\n"
    kit.edit(kit.exercise, SETUP, extra + SETUP)
    kit.edit(kit.exercise, "== [6]", "== [8]")
    kit.build("--execute")
    kit.edit(kit.exercise, extra, "")
    assert "executed again" in kit.build()[1]
    assert None not in counts(kit)


OLD_FORMAT = b"""{"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": [
    {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": "lang = 1"}]}"""


def test_a_broken_stored_solution_is_as_none(kit):
    kit.build("--execute")
    for content in (b"", b"{", b"[]", b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 1}', OLD_FORMAT, b"\xff"):
        kit.file("solutions", "en").write_bytes(content)
        assert kit.build()[0] == 0
        assert counts(kit) == [None] * 6


def test_a_solution_that_fails_is_named_by_source_and_line(kit):
    kit.edit(kit.exercise, "total.append(2 * value)", "total.append(3 * value)")
    code, output = kit.build("--execute")
    assert code == 1
    line = line_of(kit.exercise, '# %% tags=["check"]')
    assert f"lessons/01_tiny/exercise.py:{line}: AssertionError: The number 3 is not doubled." in output
    assert counts(kit) == [None] * 6


def test_an_expected_error_is_stored_without_files_of_this_machine(kit):
    kit.exercise.write_text(EXERCISE + '\n# %% tags=["raises-exception"]\nimport json\njson.loads("{")\n', encoding="utf-8")
    assert kit.build("--execute")[0] == 0
    output = kit.notebook("solutions", "en").cells[-1].outputs[0]
    assert output.ename == "JSONDecodeError"
    assert ".py" not in "".join(output.traceback)


@pytest.mark.parametrize(("language", "words"), [("ru", "Здесь пока нет решения"), ("en", "Not solved yet")])
def test_an_unsolved_exercise_stops_at_its_first_blank_in_the_students_language(kit, language, words):
    kit.edit(kit.exercise, "def double", "print('before')\n\ndef double")
    kit.build()
    notebook = kit.notebook("exercises", language)
    with pytest.raises(outputs.ExecutionFailed) as failure:
        outputs.execute(notebook, kit.file("exercises", language).parent)
    assert words in str(failure.value)
    ran = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.execution_count]
    assert any("before" in str(cell.outputs) for cell in ran)
    error = ran[-1].outputs[-1]
    assert ran[-1].metadata.tags == ["check"]
    assert error.ename == "NotSolvedYet"
    assert len(error.traceback) == 1, "a message, not a traceback"
    assert words in error.traceback[0]


def test_a_cell_that_never_ends_and_one_that_ends_the_kernel(kit):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("import time\ntime.sleep(60)", id="slow")])
    with pytest.raises(outputs.ExecutionFailed, match="longer than 1 seconds") as failure:
        outputs.execute(notebook, kit.root, timeout=1)
    assert failure.value.cell_id == "slow"
    notebook.cells[0].source = "import os\nos._exit(1)"
    with pytest.raises(outputs.ExecutionFailed, match="ended the kernel"):
        outputs.execute(notebook, kit.root)
