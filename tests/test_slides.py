"""The lecture's decks: the same slides in both languages, every point of the lecture, and how they look in a real browser."""

import json
import re
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from tests.slide_source import read
from workshop.commands import slides as command
from workshop.ground import measured
from workshop.ground.results import deck, printed
from workshop.places import LANGUAGES, ROOT
from workshop.quiz.questions import POINTS
from workshop.slides.build import SlidesError, build
from workshop.slides.material import Material

SOURCES = {lang: ROOT / "slides" / lang / "index.md" for lang in LANGUAGES}
# what is read from files and from the run; its captions and descriptions are in the deck's language
SHOWN = re.compile(r"`{3,}\{[a-z-]+\}.*|:(?!alt:|caption:)[a-z-]+: .*|\{\{[^}]+\}\}")
BOTH = pytest.mark.parametrize("lang", LANGUAGES)


# --- the source


@BOTH
def test_every_slide_has_an_id_of_its_own_and_notes(lang):
    found = read(SOURCES[lang])
    assert [slide.title for slide in found if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slide.id)] == []
    ids = [slide.id for slide in found]
    assert len(ids) == len(set(ids))
    assert [slide.id for slide in found if ":::{notes}" not in slide.text] == []


def test_both_languages_have_the_same_slides():
    ru, en = ([(slide.id, slide.level, slide.points) for slide in read(SOURCES[lang])] for lang in ("ru", "en"))
    assert ru == en


def test_both_languages_show_the_same_code_figures_tables_and_values():
    ru, en = ({slide.id: sorted(SHOWN.findall(slide.text)) for slide in read(SOURCES[lang])} for lang in ("ru", "en"))
    assert ru == en
    assert any("{literalinclude}" in line for lines in ru.values() for line in lines)


@BOTH
def test_every_point_of_the_lecture_is_carried(lang):
    carried = [point for slide in read(SOURCES[lang]) for point in slide.points]
    assert set(carried) == set(POINTS)


# --- what is built


@pytest.fixture(scope="module")
def run(copy_kit, tmp_path_factory) -> Path:
    """The folder of a real run of the plain scripts."""
    kit = copy_kit(tmp_path_factory.mktemp("kit"), "workshop", "notebooks", "sample_project", "slides")
    months = ["--train-months", "2013-01,2013-02", "--test-months", "2013-03", "--rows", "2000"]
    command = [sys.executable, "-m", "workshop", "run", "--engines", "scripts", *months]
    done = subprocess.run(command, cwd=kit, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    return kit / "runs/latest"


@pytest.fixture(scope="module")
def built(run, tmp_path_factory) -> Path:
    """A folder with the decks that show `run`."""
    folder = tmp_path_factory.mktemp("слайды и пробел")
    build(run, to=folder)
    return folder


def words(page: Path) -> str:
    """What is to be read on a page, without figures."""
    body = re.sub(r"<(svg|script)\b.*?</\1>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


@BOTH
def test_the_deck_shows_the_run_and_the_code(built, run, lang):
    shown = words(deck(lang, built))
    entry = json.loads((run / "results.json").read_text())["engines"]["scripts"]
    auc = entry["metrics"]["candidates"][entry["metrics"]["best"]]["roc_auc"]
    row = [f"{entry['start_seconds']:.1f}", f"{entry['seconds']:.1f}", entry["stages_run"], f"{auc:.4f}"]
    assert " ".join(map(str, ["scripts", *row, entry["predictions_sha256"][:10], "yes"])) in shown
    assert Material(run, lang).missing("gantt-airflow").split("`")[0].strip() in shown  # that engine did not run here
    assert "[months, models, metrics, decision] >> champion" in shown  # of sample_project/dags/flight_delays_dag.py
    assert deck(lang, built).read_text(encoding="utf-8").count('<aside class="notes">') >= len(read(SOURCES[lang]))


# --- what goes wrong

WRONG = """(start)=
# Start

```{literalinclude} ../nothing.py
```

```{figure-of} nonsense
:alt: nothing
```

```{figure-of} graph
```

```{table-of} nonsense
```

```{quiz} K9
```

{{ nonsense }}

{{ setup.nonsense }}

::::{columns} 1 1
:::{column}
alone
:::
::::

[nowhere](#nonsense)
"""
EXPECTED = {
    4: "nothing.py",
    7: "there is no figure 'nonsense'; there are graph, overhead",
    11: "figure-of graph: say in :alt: what is seen",
    14: "there is no table 'nonsense'; there are comparison, metrics, bench",
    17: "quiz/questions.yaml has no question 'K9'",
    20: "'nonsense' is undefined",
    22: "has no attribute 'nonsense'",
    24: "columns: 2 widths for 1 columns",
    30: "nonsense",
}


@pytest.fixture
def small(tmp_path) -> Path:
    """The source of a deck with one slide, in English."""
    source = tmp_path / "source"
    shutil.copytree(ROOT / "slides/static", source / "static")
    shutil.copy(ROOT / "slides/conf.py", source)
    (source / "en").mkdir()
    (source / "en/index.md").write_text("(start)=\n# Start\n\n{{ plain_seconds }} s\n", encoding="utf-8")
    return source


def test_values_of_the_run_by_name(small, run, tmp_path):
    entry = json.loads((run / "results.json").read_text())["engines"]["scripts"]
    metrics = entry["metrics"]
    expected = {
        "plain_seconds": f"{entry['seconds']:.1f}",
        "plain_work_seconds": f"{entry['work_seconds']:.1f}",
        "airflow_seconds": "—",
        "flights": "6,000",
        "months": "3",
        "stages": "14",
        "engines": "1",
        "auc": f"{metrics['candidates'][metrics['best']]['roc_auc']:.4f}",
        "late_share": f"{100 * metrics['late_share']:.1f}",
        "setup.disk_gb": " ".join(measured.read(ROOT).shown("setup.disk_gb", "en").split()),  # of another run
    }
    text = "\n\n".join(f"{name} {{{{ {name} }}}};" for name in expected)
    (small / "en/index.md").write_text(f"(start)=\n# Start\n\n{text}", encoding="utf-8")
    build(run, ("en",), pdf=False, source=small, to=tmp_path / "to")
    assert " ".join(f"{name} {value};" for name, value in expected.items()) in words(deck("en", tmp_path / "to"))


def test_errors_name_file_and_line_and_leave_the_last_good_deck(small, run, tmp_path, capfd):
    page, to = small / "en/index.md", tmp_path / "to"
    build(run, ("en",), pdf=False, source=small, to=to)
    good = deck("en", to).read_bytes()
    page.write_text(WRONG, encoding="utf-8")
    capfd.readouterr()
    with pytest.raises(SlidesError, match="the en deck has errors, see above"):
        build(run, ("en",), pdf=False, source=small, to=to)
    said = capfd.readouterr().err
    for line, message in EXPECTED.items():
        assert re.search(rf"{re.escape(str(page))}:{line}: .*{re.escape(message)}", said), f"{line}: {message} not in\n{said}"
    assert deck("en", to).read_bytes() == good
    assert [path.name for path in to.iterdir()] == ["en"]


@pytest.mark.parametrize(
    ("results", "message"),
    [
        (None, "results.json: no such file; the slides show a run, so start one first: make run"),
        ("{", "results.json: not JSON"),
        ('{"engines": {"scripts": {}}, "rows": 1500}', "made by an earlier version of the kit; run anew: make run"),
        ('{"engines": {}}', "no engine came to its end; go on with it (make run ARGS=--resume)"),
    ],
)
def test_without_a_run_it_says_what_to_do(results, message, tmp_path, capsys):
    if results is not None:
        (tmp_path / "results.json").write_text(results)
        (tmp_path / "run.json").write_text('{"parameters": {}}')
    assert command.main(Namespace(run=tmp_path, lang=None, no_pdf=True)) == 2
    said = capsys.readouterr().err
    assert str(tmp_path) in said
    assert message in said


def test_without_chromium_there_is_html_and_a_message(small, run, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("workshop.slides.build.chromium", lambda: None)
    build(run, ("en",), source=small, to=tmp_path / "to")
    assert deck("en", tmp_path / "to").exists()
    assert not printed("en", tmp_path / "to").exists()
    said = capsys.readouterr().out
    assert "apt install chromium" in said
    assert f"{deck('en', tmp_path / 'to').as_uri()}?print-pdf" in said

    printed("en", tmp_path / "to").touch()
    build(run, ("en",), source=small, to=tmp_path / "to")
    assert f"{printed('en', tmp_path / 'to')} is of an earlier build" in capsys.readouterr().out


# --- in a real browser


@pytest.fixture(scope="module")
def browser(built, browser) -> Browser:
    """The browser, started after the build, which prints by one of its own."""
    return browser


@pytest.fixture
def opened(browser, built):
    """A function that opens a deck; at the end: no errors, no request but for files beside the deck."""
    asked, errors, contexts = [], [], []

    def listen(page: Page) -> None:
        page.on("request", lambda request: asked.append(request.url))
        page.on("requestfailed", lambda request: errors.append(f"{request.url} did not load"))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))

    def open_deck(lang: str, width: int = 1280, height: int = 720, **options) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, offline=True, **options)
        contexts.append(context)
        context.on("page", listen)
        context.add_init_script(path=Path(__file__).with_name("slides_look.js"))
        page = context.new_page()
        page.goto(deck(lang, built).as_uri())
        page.wait_for_function("window.Reveal && Reveal.isReady()")
        page.evaluate("document.fonts.ready")
        return page

    yield open_deck
    for context in contexts:
        context.close()
    assert asked
    assert [url for url in asked if not url.startswith((built.as_uri(), "data:", "about:"))] == []
    assert errors == []


def walk(page: Page) -> Iterator[str]:
    """Show every slide with all of its fragments, and give its id."""
    for place in page.evaluate("Reveal.getSlides().map(slide => ({...Reveal.getIndices(slide), id: slide.id}))"):
        page.evaluate("place => Reveal.slide(place.h, place.v, 1000)", place)
        yield place["id"]


@pytest.mark.browser
@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)], ids=["1280x720", "1920x1080"])
@BOTH
def test_every_slide_fits_and_is_legible(opened, lang, size):
    page = opened(lang, *size)
    problems = {name: found for name in walk(page) if (found := page.evaluate("misfits()"))}
    assert problems == {}
    assert page.evaluate("Reveal.getSlides().map(slide => slide.id)") == [slide.id for slide in read(SOURCES[lang])]
    assert page.evaluate("doubled()") == []
    fonts = page.evaluate("[...document.fonts].map(font => `${font.family.replaceAll('\"', '')}: ${font.status}`)")
    assert sorted(fonts) == ["Geist Mono: loaded", "Geist: loaded"]


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@BOTH
def test_text_stands_out_in_both_themes(opened, lang, theme):
    page = opened(lang, color_scheme=theme)
    problems = {name: found for name in walk(page) if (found := page.evaluate("faint()"))}
    assert problems == {}


@pytest.mark.browser
def test_dark_and_light_switch_by_key_and_button_and_are_remembered(opened):
    page = opened("ru", color_scheme="light")
    background = "getComputedStyle(document.querySelector('.reveal-viewport')).backgroundColor"
    light = page.evaluate(background)
    page.keyboard.press("t")
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    assert page.evaluate(background) == dark
    page.get_by_role("button", name="Тёмная или светлая тема").click()
    assert page.evaluate(background) == light


@pytest.mark.browser
@BOTH
def test_speaker_view_shows_notes_and_follows(opened, lang):
    page = opened(lang)
    first, second = read(SOURCES[lang])[:2]
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    notes = popup.value.locator(".speaker-controls-notes .value")
    for slide in (first, second):
        notes.get_by_text(words_of_the_notes(slide.text)).wait_for(timeout=20_000)
        page.keyboard.press("ArrowRight")
    frames = [frame for frame in popup.value.frames if frame.url.startswith("file:")]
    assert len(frames) >= 2  # this slide and the next


def words_of_the_notes(text: str) -> str:
    """The longest run of plain words in a slide's notes."""
    notes = text.split(":::{notes}")[1]
    return max(re.findall(r"[\w ,]{10,}", notes), key=len).strip()


@pytest.mark.browser
def test_links_addresses_and_overview(opened):
    page = opened("en")
    ids = [slide.id for slide in read(SOURCES["en"])]
    page.evaluate("id => { location.hash = `#/${id}` }", ids[5])
    page.wait_for_function("id => Reveal.getCurrentSlide().id === id", arg=ids[5])
    assert page.locator(".slide-number").inner_text().split() == ["6", "/", str(len(ids))]
    page.keyboard.press("Escape")
    page.wait_for_function("Reveal.isOverview()")


@pytest.mark.browser
@BOTH
def test_every_slide_fits_on_its_page_of_the_print(opened, lang):
    page = opened(lang, color_scheme="dark")
    page.emulate_media(media="print")
    page.goto(f"{page.url.split('#')[0]}?print-pdf")
    page.wait_for_function("window.Reveal && Reveal.isReady() && document.querySelectorAll('.pdf-page').length > 0")
    assert page.evaluate("misprints()") == []
    assert page.evaluate("getComputedStyle(document.querySelector('.pdf-page')).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.browser
@BOTH
def test_the_pdf_has_a_page_for_each_slide(browser, built, lang):
    pages = PdfReader(printed(lang, built)).pages
    listed = read(SOURCES[lang])
    assert len(pages) == len(listed)
    assert {round(float(page.mediabox.width / page.mediabox.height), 2) for page in pages} == {1.78}
    plain = {slide.id: re.sub(r"[`*]", "", slide.title) for slide in listed}
    texts = [" ".join(page.extract_text().split()) for page in pages]
    assert [name for (name, title), text in zip(plain.items(), texts, strict=True) if title.split()[0] not in text] == []
