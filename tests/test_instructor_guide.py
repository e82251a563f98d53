"""docs/instructor: both languages alike, every link and name there, minutes without gaps, and its steps run as written."""

import functools
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
import yaml
from markdown_it import MarkdownIt

from tests import slide_source
from workshop import __main__ as command_line
from workshop import doctor
from workshop.builder.tasks import read_exercise
from workshop.places import BIN, LANGUAGES, LESSONS, ROOT, not_copied
from workshop.quiz.questions import POINTS

GUIDE = ROOT / "docs/instructor"
THERE = {lang: {path.name for path in (GUIDE / lang).glob("*.md")} for lang in LANGUAGES}
FILES = sorted(THERE["ru"] & THERE["en"])
PAGES = [(lang, name) for name in FILES for lang in LANGUAGES]
PLANS = {"plan_90.md": [90], "plan_180.md": [180], "plan_six_weeks.md": [90] * 6}
BARE = {3, 4}  # failures of the installation: without our environment
BY_HAND = {1, 2}  # one needs an old Python, for which see tests/test_environment.py, the other mounts a file system
STEPS = ["add_engine.md", "add_lesson.md", "change_data.md", "grading.md"]  # run as they are written


# --- a page, read


@dataclass
class Page:
    """Headings, fenced blocks (kind, text), links (text, address), rows of the tables, labels in bold and spans of code."""

    headings: list = field(default_factory=list)
    blocks: list = field(default_factory=list)
    links: list = field(default_factory=list)
    tables: list = field(default_factory=list)
    labels: list = field(default_factory=list)
    code: list = field(default_factory=list)
    sections: dict = field(default_factory=dict)  # heading -> what stands below it, a Page


def read(lang: str, name: str) -> Page:
    tokens = MarkdownIt("commonmark").enable("table").parse((GUIDE / lang / name).read_text(encoding="utf-8"))
    page = Page()
    parts = [page]
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "inline" and before.type == "heading_open":
            page.headings.append((before.tag, token.content))
            parts = [page, page.sections.setdefault(token.content, Page())]
        for part in parts:
            _add(part, token, before)
    return page


def _add(page: Page, token, before) -> None:
    if token.type == "fence":
        page.blocks.append((token.info.strip(), token.content))
    elif token.type == "table_open":
        page.tables.append([])
    elif token.type == "tr_open":
        page.tables[-1].append([])
    elif token.type == "inline":
        if before.type in ("td_open", "th_open"):
            page.tables[-1][-1].append(token)
        for at, child in enumerate(token.children):
            following = token.children[at + 1].content if at + 1 < len(token.children) else ""
            if child.type == "link_open":
                page.links.append((following, child.attrs["href"]))
            elif child.type == "code_inline":
                page.code.append(child.content)
            elif child.type == "strong_open":
                page.labels.append(following)


def read_all() -> dict[tuple[str, str], Page]:
    return {page: read(*page) for page in PAGES}


ALL = read_all()


def neutral(text: str) -> str:
    """The text without the words that name its language."""
    return re.sub(r"\b(ru|en)\b", "LANG", text).replace(" --lang LANG", "").replace("README.LANG.md", "README.md")


def target(lang: str, name: str, address: str) -> tuple[Path, str]:
    path, _, anchor = unquote(address).partition("#")
    return (GUIDE / lang / path).resolve() if path else GUIDE / lang / name, anchor


# --- both languages alike


def test_the_files_are_the_same():
    wanted = {"README.md", "day_before.md", "in_class.md", *STEPS, *PLANS}
    assert dict.fromkeys(LANGUAGES, wanted) == THERE


@pytest.mark.parametrize("name", FILES)
def test_the_structure_is_the_same(name):
    ru, en = (ALL[lang, name] for lang in LANGUAGES)
    assert [tag for tag, _ in ru.headings] == [tag for tag, _ in en.headings]
    assert [[len(row) for row in table] for table in ru.tables] == [[len(row) for row in table] for table in en.tables]
    local = [[neutral(address).split("#")[0] for _, address in page.links] for page in (ru, en)]
    assert local[0] == local[1]
    assert [kind for kind, _ in ru.blocks] == [kind for kind, _ in en.blocks]
    commands = [[neutral(text) for kind, text in page.blocks if kind != "text"] for page in (ru, en)]
    assert commands[0] == commands[1]


@pytest.mark.parametrize("name", [*PLANS, "README.md"])
def test_a_table_names_the_same_in_both_languages(name):
    """Minutes, ids, slides, numbers of lessons and tasks: whatever is not words."""
    for ru, en in zip(*(ALL[lang, name].tables for lang in LANGUAGES), strict=True):
        for left, right in zip(ru, en, strict=True):
            assert [_names(cell.content) for cell in left] == [_names(cell.content) for cell in right]


def _names(cell: str) -> list[str]:
    if "notebooks/" in cell:  # headings have names of their own
        return re.findall(r"notebooks/\w+/(\w+)", cell)
    return re.findall(r"[\w/.-]*\d[\w.-]*|`[^`]+`|#[\w-]+", neutral(cell))


# --- what is named is there


def slide_ids(lang: str) -> list[str]:
    return re.findall(r"^\(([\w-]+)\)=$", (ROOT / "slides" / lang / "index.md").read_text(encoding="utf-8"), re.M)


def anchors(file: Path) -> set[str]:
    """As GitHub and MyST make them of headings: small letters, spaces to hyphens, no punctuation."""
    found = set()
    for line in re.sub(r"^```.*?^```", "", file.read_text(encoding="utf-8"), flags=re.M | re.S).splitlines():
        if heading := re.match(r"#{1,6} (.+)", line):
            found.add(re.sub(r"[^\w\- ]", "", heading[1].lower()).replace(" ", "-"))
    return found


@pytest.mark.parametrize(("lang", "name"), PAGES)
def test_links_lead_somewhere(lang, name):
    for text, address in ALL[lang, name].links:
        if address.startswith("https://"):
            continue
        file, anchor = target(lang, name, address)
        assert file.exists(), f"{text}: {address}"
        assert file.is_relative_to(ROOT)
        if "slides" in file.parts:
            assert anchor in slide_ids(lang), f"no slide {anchor}"
            assert file.parent.name == lang
        elif anchor:
            assert anchor in anchors(file), f"{address}: it has {sorted(anchors(file))}"
        if file.suffix == ".ipynb":
            assert file.parent.name == lang
            assert text == file.name[:2]


@pytest.mark.parametrize(("lang", "name"), PAGES)
def test_a_page_names_its_twin(lang, name):
    (other,) = set(LANGUAGES) - {lang}
    assert f"../{other}/{name}" in [address for _, address in ALL[lang, name].links]


@pytest.mark.parametrize(("lang", "name"), PAGES)
def test_commands_are_there(lang, name):
    page = ALL[lang, name]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    texts = [*page.code, *(text for kind, text in page.blocks if kind == "sh")]
    for made in re.findall(r"(?:^|[;&|] |\n)make ([a-z][a-z-]*)", "\n".join(texts)):
        assert made in targets, f"make {made}"
    for used in re.findall(r"-m workshop ([a-z]\w*)", "\n".join(texts)):
        assert used in command_line.COMMANDS, f"python -m workshop {used}"
    for module in re.findall(r"-m (workshop\.[\w.]+)", "\n".join(texts)):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module


@functools.cache
def headings_of(lesson: str, lang: str) -> set[str]:
    notebook = nbformat.read(ROOT / "notebooks" / lang / f"{lesson}.ipynb", as_version=4)
    cells = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return {re.sub(r"^\d+\. ", "", heading) for heading in re.findall(r"^#{1,3} (.+)$", cells, re.M)}


def named(cell, folder: str) -> list[tuple[str, str]]:
    """(lesson, what is said after its link) for each link into `folder` in a cell."""
    found = []
    for line in cell.content.split("<br>"):
        for link, said in re.findall(rf"\[\d\d\]\(\S+/{folder}/\w\w/(\w+)\.ipynb\)(?:: ([^\[]*))?", line):
            found.append((link, said.strip().rstrip(";.")))
    return found


@functools.cache
def tasks(lesson: str) -> dict:
    return {task.number: task for task in read_exercise(LESSONS / lesson / "exercise.py").tasks}


def tasks_of(cell) -> list:
    """The tasks named behind links to exercises, such as `[04](...): 1, 2`."""
    numbers = [(lesson, re.match(r"\d+(, \d+)*", said)) for lesson, said in named(cell, "exercises")]
    return [tasks(lesson)[int(number)] for lesson, found in numbers for number in found[0].split(", ")]


@pytest.mark.parametrize(("lang", "name"), [(lang, name) for name in [*PLANS, "README.md"] for lang in LANGUAGES])
def test_sections_and_tasks_are_there(lang, name):
    cells = [cell for table in ALL[lang, name].tables for row in table for cell in row]
    assert any(named(cell, "notebooks") for cell in cells)
    assert any(tasks_of(cell) for cell in cells)
    for cell in cells:
        for lesson, said in named(cell, "notebooks"):
            assert said, f"no section of {lesson}"
            for section in said.split("; "):
                assert section in headings_of(lesson, lang), f"{lesson} has no {section!r}"


# --- the plans


def minutes(row) -> tuple[int, int]:
    begin, end = row[0].content.split("-")
    return int(begin), int(end)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", PLANS)
def test_minutes_have_no_gap_and_sum_up(lang, name):
    rows = [row for table in ALL[lang, name].tables for row in table[1:]]
    lengths, at = [], 0
    for begin, end in map(minutes, rows):
        if begin == 0 and at:
            lengths.append(at)
            at = 0
        assert begin == at, f"from {begin}, but it is minute {at}"
        assert end > begin
        at = end
    assert [*lengths, at] == PLANS[name]


@pytest.mark.parametrize("name", PLANS)
def test_there_is_time_for_the_tasks(name):
    for table in ALL["en", name].tables:
        for row in table[1:]:
            begin, end = minutes(row)
            assert end - begin >= sum(task.minutes for task in tasks_of(row[4])), row[1].content


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", PLANS)
def test_every_row_says_what_the_students_do(lang, name):
    for table in ALL[lang, name].tables:
        for row in table[1:]:
            assert len(row) == 6
            assert len(row[1].content) > 5
            assert len(row[5].content) > 5


def test_the_lecture_shows_every_slide():
    """A cell names the first and the last of neighbouring slides."""
    ids, shown = slide_ids("en"), []
    for row in ALL["en", "plan_90.md"].tables[0][1:]:
        for line in row[2].content.split("<br>"):
            ends = re.findall(r"#([\w-]+)\)", line)
            shown += ids[ids.index(ends[0]) : ids.index(ends[-1]) + 1] if ends else []
    assert shown == ids  # in order, and none twice


def test_six_weeks_take_every_task():
    """In class or at home, each once."""
    page = ALL["en", "plan_six_weeks.md"]
    text = (GUIDE / "en/plan_six_weeks.md").read_text(encoding="utf-8")
    taken = [task for table in page.tables for row in table[1:] for task in tasks_of(row[4])]
    lines = [line for line in text.splitlines() if line.startswith("**Homework:**")]
    assert len(lines) == 6
    taken += [task for line in lines for task in tasks_of(_Cell(line))]
    every = [task for lesson in LESSONS.glob("[0-9]*") for task in tasks(lesson.name).values()]
    assert sorted(task.titles["en"] for task in taken) == sorted(task.titles["en"] for task in every)


@dataclass
class _Cell:
    content: str


# --- where each point is taught


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_point_has_its_row(lang):
    table = ALL[lang, "README.md"].tables[-1]
    assert [row[0].content for row in table[1:]] == list(POINTS)
    slides = {slide.id: slide.points for slide in slide_source.read(ROOT / "slides" / lang / "index.md")}
    questions = yaml.safe_load((ROOT / "quiz/questions.yaml").read_text(encoding="utf-8"))
    asked = {entry["id"]: entry["points"] for entry in questions}
    for point, about, shown, *_, ids_asked in table[1:]:
        assert len(about.content) > 2
        ids = re.findall(r"#([\w-]+)\)", shown.content)
        assert ids == [slide for slide, points in slides.items() if point.content in points], point.content
        for question in re.findall(r"`([\w-]+)`", ids_asked.content):
            assert point.content in asked[question], f"{question} does not ask about {point.content}"


# --- what goes wrong in class

LABELS = {
    "ru": ["Что видно.", "Почему.", "Что делать.", "Что сказать.", "Как повторить."],
    "en": ["What one sees.", "Why.", "What to do.", "What to say.", "How to reproduce it."],
}


def failures(lang: str) -> list[str]:
    return [title for tag, title in ALL[lang, "in_class.md"].headings if tag == "h2"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_failure_has_message_cause_way_out_words_and_command(lang):
    page = ALL[lang, "in_class.md"]
    assert len(failures(lang)) >= 10
    for number, title in enumerate(failures(lang), start=1):
        assert title.startswith(f"{number}. ")
        section = page.sections[title]
        assert section.labels == LABELS[lang], title
        kinds = [kind for kind, _ in section.blocks]
        assert (kinds[0], kinds[-1]) == ("text", "sh"), title


# --- steps and failures, run as they are written


@pytest.fixture
def kit(tmp_path):
    """The whole kit in a folder of its own, with our environment."""
    kit = tmp_path / "kit"
    shutil.copytree(ROOT, kit, ignore=not_copied, symlinks=True)
    (kit / ".venv").symlink_to(sys.prefix, target_is_directory=True)
    with suppress(FileNotFoundError):  # what mypy knows of the packages takes half a minute to find out anew
        shutil.copytree(ROOT / ".mypy_cache", kit / ".mypy_cache")
    subprocess.run(["git", "init", "--quiet", kit], check=True)  # or ruff would not know .gitignore
    yield kit
    shutil.rmtree(kit, ignore_errors=True)


def shell(kit: Path, command: str, **env: str) -> str:
    """What a command prints; `make` takes our environment as it takes conda's."""
    foreign = ("PYTEST_", "PYTHON", "MAKE", "MFLAGS", "ARGS")  # what `make test ARGS=...` hands down is not for this make
    ours = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    home = kit.parent / "home"
    home.mkdir(exist_ok=True)
    ours |= {
        "PATH": f"{BIN}{os.pathsep}{ours['PATH']}",
        "CONDA_DEFAULT_ENV": "ml-pipelines",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "WORKERS": "0",  # we are a test process ourselves
    }
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=kit,
        env=ours | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1500,
        start_new_session=True,
        check=False,
    )
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout) + f"\nexit code {done.returncode}\n"


def apply(kit: Path, diff: str) -> None:
    """Do what a diff of the guide says: its old lines must be in the file once."""
    head, *lines = diff.splitlines()
    file = kit / head.removeprefix("--- ")
    old, new = ("\n".join(line[1:] for line in lines if line[:1] in f" {sign}") for sign in "-+")
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file}: {text.count(old)} times\n{old}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def unseen(message: str, output: str) -> list[str]:
    """The lines of a message that an output does not have; an ellipsis stands for anything within a line, or for lines."""
    missing = []
    for line in filter(None, map(str.strip, message.splitlines())):
        pattern = ".*".join(map(re.escape, line.split("…")))
        if not re.search(pattern, output):
            missing.append(line)
    return missing


def run_in_both(name: str) -> list[str]:
    """The languages whose commands differ: where they are the same, one will do."""
    commands = [[text for kind, text in ALL[lang, name].blocks if kind != "text"] for lang in LANGUAGES]
    return ["en"] if commands[0] == commands[1] else list(LANGUAGES)


@pytest.mark.engine
@pytest.mark.parametrize(("name", "lang"), [(name, lang) for name in STEPS if name in FILES for lang in run_in_both(name)])
def test_steps_run_as_written(kit, name, lang):
    output = ""
    for kind, text in ALL[lang, name].blocks:
        if kind == "diff":
            apply(kit, text)
        elif kind == "sh":
            output = shell(kit, f"set -e\n{text}")
            assert "\nexit code 0\n" in output, output[-4000:]
        else:
            assert not unseen(text, output), output[-4000:]


def messages(lang: str) -> list[str]:
    return [ALL[lang, "in_class.md"].sections[title].blocks[0][1] for title in failures(lang)]


REPRODUCED = [("ru", number) for number, _ in enumerate(messages("ru"), start=1)]
REPRODUCED += [("en", n) for n, (ru, en) in enumerate(zip(*map(messages, LANGUAGES), strict=True), start=1) if ru != en]
REPRODUCED = [(lang, number) for lang, number in REPRODUCED if number not in BY_HAND]


@pytest.mark.engine
@pytest.mark.parametrize(("lang", "number"), REPRODUCED)
def test_failures_are_what_they_are_said_to_be(kit, needs, lang, number):
    command = ALL[lang, "in_class.md"].sections[failures(lang)[number - 1]].blocks[-1][1]
    command = re.sub(r"(?<![\w.])/tmp/", f"{kit.parent}/", command)
    if "unshare" in command:
        needs(doctor.has_namespaces(os.environ), "namespaces")
    output = shell(kit, command, **({"CONDA_DEFAULT_ENV": ""} if number in BARE else {}))
    assert not unseen(messages(lang)[number - 1], output), output[-4000:]
