"""The site: what is on it, that its links lead somewhere, and how it behaves in a real browser, opened from disk."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from playwright.sync_api import Page

from workshop.places import CYRILLIC, ROOT, not_copied

browser_test = pytest.mark.browser
RUN_LESSON_0 = """
from pathlib import Path
from workshop.ground.household import household
from workshop.runner.execution import execute
folder = Path("notebooks/ru").resolve()
with household():
    print(execute(folder / "00_start.ipynb", Path("run/notebooks").resolve() / "00_start.ipynb", {}, cwd=folder).problem)
"""


def copy(kit: Path, *names: str) -> Path:
    for name in names:
        source, target = ROOT / name, kit / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=not_copied)
        else:
            shutil.copy(source, target)
    return kit


def make_site(kit: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "workshop", "site", *arguments]
    return subprocess.run(command, cwd=kit, capture_output=True, text=True, timeout=900)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site of the whole kit after a run of lesson 0 in Russian, with a report and slides as if they had been made."""
    kit = tmp_path_factory.mktemp("site") / "кит с пробелом"
    kit.mkdir()
    names = [path.name for path in ROOT.iterdir() if path.suffix in (".md", ".yml", ".toml", ".lock")]
    folders = (
        "workshop",
        "lessons",
        "notebooks",
        "exercises",
        "solutions",
        "sample_project",
        "quiz",
        "docs",
        "site",
        "slides",
        "bench",
    )
    copy(kit, *names, *folders, "LICENSE", "binder", ".devcontainer", ".github")
    done = subprocess.run([sys.executable, "-c", RUN_LESSON_0], cwd=kit, capture_output=True, text=True, timeout=300)
    assert done.stdout.strip() == "None", done.stdout + done.stderr
    (kit / "runs/latest/notebooks").mkdir(parents=True)
    (kit / "runs/latest/report.html").write_text('<h1>A report</h1><a href="notebooks/dvc.ipynb">dvc</a>', encoding="utf-8")
    shutil.copy(kit / "notebooks/ru/pipeline/dvc.ipynb", kit / "runs/latest/notebooks")
    for lang in ("ru", "en"):
        deck = kit / "slides/build" / lang
        deck.mkdir(parents=True)
        (deck / "index.html").write_text(f"<h1>A deck in {lang}</h1>", encoding="utf-8")
    (kit / "slides/build/lecture.ru.pdf").write_bytes(b"%PDF")
    done = make_site(kit, "--lessons", "run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "outputs of 1 of 10 lessons" in done.stdout
    return kit / "site/build"


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def parsed(site) -> dict[Path, BeautifulSoup]:
    """Every page of the site, read once."""
    return {page: BeautifulSoup(text(page), "html.parser") for page in pages(site)}


def pages(site: Path) -> list[Path]:
    return sorted([*site.glob("*.html"), *site.glob("ru/**/*.html"), *site.glob("en/**/*.html")])


# --- what is on it


def test_both_languages_have_the_same_pages_of_everything(site):
    names = {lang: {path.relative_to(site / lang) for path in (site / lang).rglob("*.html")} for lang in ("ru", "en")}
    assert names["ru"] == names["en"]
    made = json.loads(text(site / "site.json"))
    for kind, folder in (("lessons", "notebooks"), ("tasks", "exercises"), ("solutions", "solutions")):
        found = [name for name in made["ru"]["pages"] if name.startswith(f"{kind}/")]
        assert len(found) == len(list((ROOT / folder / "ru").glob("*.ipynb"))) >= 10
    assert {"readme", "contributing", "docs/design"} <= set(made["en"]["pages"])
    guide = {f"guide/{path.stem}" for path in (ROOT / "docs/instructor/ru").glob("*.md") if path.stem != "README"}
    assert guide <= set(made["ru"]["pages"])


def test_outputs_of_a_run_are_shown_in_both_languages(site):
    ru, en = (text(site / lang / "lessons/00_start.html") for lang in ("ru", "en"))
    pictures = re.findall(r"_images/\w+\.png", ru)
    assert len(pictures) >= 6
    assert pictures == re.findall(r"_images/\w+\.png", en)
    assert "Исправлять нечего" in ru  # what the doctor said in Russian
    body = re.search(r"<article.*?</article>", en, re.S)[0].replace("Русский", "")
    assert not CYRILLIC.search(body)
    assert "<details>" in body  # the self-check, folded


def test_a_lesson_that_was_not_run_says_so_and_one_that_was_does_not(site):
    for lang, said in (("ru", "Выводов на этой странице нет"), ("en", "There are no outputs on this page")):
        assert said in text(site / lang / "lessons/04_dvc.html")
        assert said not in text(site / lang / "lessons/00_start.html")


def test_solutions_show_their_stored_outputs(site):
    assert text(site / "en/solutions/04_dvc.html").count('class="cell_output') > 10


def test_questions_of_every_lesson_with_folded_answers(site):
    ids = [question["id"] for question in yaml.safe_load(text(ROOT / "quiz/questions.yaml"))]
    for lang in ("ru", "en"):
        page = text(site / lang / "quiz.html")
        assert re.findall(r'id="quiz-([^"]+)"', page) == ids
        assert page.count("<details>") == len(ids)


def test_no_page_asks_the_network_for_anything(site):
    for page in pages(site):
        asked = re.findall(r'<(?:script|img|iframe|link)[^>]+(?:src|href)="((?:https?:)?//[^"]+)"', text(page))
        assert asked == [], page
        assert "jupyter-widgets" not in text(page)


def test_links_lead_somewhere(site, parsed):
    anchors = {page: {tag["id"] for tag in soup.find_all(id=True)} for page, soup in parsed.items()}
    wrong, checked = [], 0
    for page, soup in parsed.items():
        for tag in soup.find_all(["a", "link", "img", "script"]):
            link = urlsplit(tag.get("href") or tag.get("src") or "")
            if link.scheme:
                continue
            target = (page.parent / unquote(link.path)).resolve() if link.path else page
            checked += 1
            if not target.is_file() or (link.fragment and target in anchors and unquote(link.fragment) not in anchors[target]):
                wrong.append(f"{page.relative_to(site)}: {urlunsplit(link)}")
    assert wrong == []
    assert checked > 2000


def test_every_page_leads_to_itself_in_the_other_language(site, parsed):
    """In a browser it is clicked, below."""
    checked = 0
    for page, soup in parsed.items():
        lang, *inside = page.relative_to(site).parts
        if lang in ("ru", "en") and "slides" not in inside:
            [link] = soup.select(".language-switch a")
            assert (page.parent / unquote(link["href"])).resolve() == Path(site, "en" if lang == "ru" else "ru", *inside)
            checked += 1
    assert checked > 100


# --- what can go wrong


@pytest.fixture
def small(tmp_path) -> Path:
    """A kit with one lesson and no more than the site needs."""
    lesson = [f"notebooks/{lang}/00_start.ipynb" for lang in ("ru", "en")]
    kit = copy(tmp_path / "kit", "workshop", "site", "sample_project", "quiz", "lessons", *lesson)
    for name in ("README.md", "README.ru.md"):
        (kit / name).write_text("# A kit\n", encoding="utf-8")
    return kit


def test_the_last_good_site_stays_when_a_page_is_wrong(site, small):
    shutil.copytree(site, small / "site/build")
    good = {path: path.stat().st_mtime_ns for path in (small / "site/build").rglob("*") if path.is_file()}
    (small / "docs").mkdir()
    page = small / "docs/wrong.md"
    for content, said in (
        ("# A page\n[there](nowhere.md)\n", "docs/wrong.md: links to nowhere.md, which is not there"),
        ("# A page\n```{no-such-directive}\n```\n", "docs/wrong.md:2: WARNING"),
    ):
        page.write_text(content, encoding="utf-8")
        done = make_site(small, "--lang", "en")
        assert done.returncode == 1
        assert said in done.stderr
        assert "The last one stays as it was." in done.stderr
        assert "Traceback" not in done.stderr
        assert {path: path.stat().st_mtime_ns for path in (small / "site/build").rglob("*") if path.is_file()} == good
        assert [path.name for path in (small / "site").glob(".build*")] == []


def test_a_folder_that_is_not_ours_is_left_alone(small):
    (small / "mine").mkdir()
    (small / "mine/thesis.txt").write_text("years of work", encoding="utf-8")
    for arguments in (["--to", "mine"], ["--to", "mine/thesis.txt"], ["--lessons", "mine"], ["--lang", "de"]):
        done = make_site(small, *arguments)
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr
    assert (small / "mine/thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_a_site_in_place_of_another_with_a_lesson_that_stopped_half_way(site, small):
    """It shows what the lesson has and says so; of the site that was there nothing stays."""
    shutil.copytree(site, small / "site/build")
    notebook = nbformat.read(small / "notebooks/ru/00_start.ipynb", as_version=4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code" and "start(" in cell.source)
    first.outputs = [nbformat.v4.new_output("stream", name="stdout", text="an output of this run")]
    first.execution_count = 1
    (small / "run/notebooks").mkdir(parents=True)
    nbformat.write(notebook, small / "run/notebooks/00_start.ipynb")
    done = make_site(small, "--lang", "ru", "--lessons", "run")
    assert done.returncode == 0, done.stderr
    assert re.search(r"00_start: 1 of \d+ cells", done.stdout)
    page = text(small / "site/build/ru/lessons/00_start.html")
    assert "an output of this run" in page
    assert "Выводы есть не у всех ячеек: 1 из" in page
    assert not (small / "site/build/en").exists()


# --- in a browser, from disk


@pytest.fixture
def open_page(browser) -> Iterator[Callable[..., Page]]:
    """A function that opens a page; what is asked of the network, and every error in the console, fails the test."""
    asked, errors, contexts = [], [], []

    def opened(page: Path, query: str = "", **options) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        tab = context.new_page()
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(page.as_uri() + query)
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert asked
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert errors == []


@browser_test
def test_from_the_chooser_to_a_lesson_and_to_its_other_language(site, open_page):
    page = open_page(site / "index.html")
    page.get_by_role("link", name="Русский").click()
    page.get_by_role("heading", name="Автоматизация пайплайнов в ML").wait_for()
    page.locator("article").get_by_role("link", name="4. DVC").click()
    page.get_by_role("heading", level=1, name="4. DVC").wait_for()
    assert page.url.endswith("/ru/lessons/04_dvc.html")
    page.locator(".language-switch").get_by_role("link", name="English").click()
    page.get_by_role("heading", level=1, name="4. DVC: ").wait_for()
    assert page.url.endswith("/en/lessons/04_dvc.html")
    assert page.evaluate("document.documentElement.lang") == "en"


@browser_test
def test_plans_are_seen_without_scrolling_sideways(site, open_page):
    page = open_page(site / "index.html")
    for plan in site.glob("*/guide/plan_*.html"):
        page.goto(plan.as_uri())
        hidden = page.locator(".table-wrapper").evaluate_all("all => all.map(each => each.scrollWidth - each.clientWidth)")
        assert set(hidden) == {0}, plan


@browser_test
def test_the_start_page_leads_to_slides_report_and_questions(site, open_page):
    page = open_page(site / "ru/index.html")
    for name, heading in (("Слайды лекция", "A deck in ru"), ("Отчёт", "A report"), ("Проверьте себя", "Проверьте себя")):
        page.locator(".ways").get_by_role("link", name=name).click()
        page.get_by_role("heading", level=1, name=heading).wait_for()
        page.go_back()


@browser_test
@pytest.mark.parametrize(
    "lang, form, lesson, said",
    [("ru", "расписаниями", "05_airflow", "Найдено страниц: "), ("en", "backfilling", "05_airflow", "Search finished, found ")],
)
def test_the_search_finds_another_form_of_a_word(site, open_page, lang, form, lesson, said):
    assert not any(form in text(page) for page in (site / lang).rglob("*.html"))
    page = open_page(site / lang / "index.html")
    page.locator(".sidebar-search").fill(form)
    page.keyboard.press("Enter")
    page.locator("#search-results li a").first.wait_for()
    found = page.locator("#search-results li a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert any(address.startswith(f"lessons/{lesson}.html") for address in found), found
    page.get_by_text(said).wait_for()


# what sticks out to the right, unless it lies in a box of its own that scrolls; the theme lets all of the text scroll sideways
STICKS_OUT = """() => {
    const scrolls = element => element && !["ARTICLE", "BODY"].includes(element.tagName) &&
        (["auto", "scroll"].includes(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
    return [...document.querySelectorAll("article *, main *")]
        .filter(element => element.getBoundingClientRect().right > 391 && !scrolls(element.parentElement))
        .map(element => element.outerHTML.slice(0, 120));
}"""


@browser_test
def test_nothing_is_wider_than_a_phone(site, open_page):
    page = open_page(site / "index.html", viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    wide = {}
    for file in pages(site):
        if "slides" in file.relative_to(site).parts:
            continue
        page.goto(file.as_uri())
        found = page.evaluate(STICKS_OUT)
        if found or page.evaluate("document.documentElement.scrollWidth") > 390:
            wide[str(file.relative_to(site))] = found[:3]
    assert wide == {}


@browser_test
def test_the_menu_opens_on_a_phone(site, open_page):
    page = open_page(site / "ru/lessons/00_start.html", viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page.locator("label.nav-overlay-icon").click()
    link = page.locator(".sidebar-tree").get_by_role("link", name="4. DVC")
    page.wait_for_timeout(500)
    assert link.bounding_box()["x"] >= 0
    link.click()
    page.get_by_role("heading", level=1, name="4. DVC").wait_for()


@browser_test
def test_dark_and_light(site, open_page):
    def lightness(page: Page, selector: str, style: str) -> float:
        colour = page.locator(selector).first.evaluate(f"element => getComputedStyle(element).{style}")
        return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3

    for file in ("index.html", "ru/lessons/00_start.html"):
        dark, light = (open_page(site / file, color_scheme=scheme) for scheme in ("dark", "light"))
        assert lightness(dark, "body", "backgroundColor") < 60 < 200 < lightness(light, "body", "backgroundColor")
        assert lightness(light, "body", "color") < 100 < 150 < lightness(dark, "body", "color")
    before = lightness(light, "body", "backgroundColor")
    for _ in range(3):  # auto, light, dark
        light.locator(".theme-toggle:visible").click()
        if lightness(light, "body", "backgroundColor") < 60 < before:
            break
    else:
        raise AssertionError("the button does not make it dark")
