"""JupyterLab in a real browser: from the start page to a lesson that has run to its end.

`LAB_PICTURE=docs/images/lab.png .venv/bin/python -m pytest tests/test_lab_browser.py` takes the README's picture anew.
"""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.reader import NotJSONError
from nbformat.v4 import new_code_cell
from playwright.sync_api import Locator, Page

from workshop.builder.making import make
from workshop.builder.reading import read
from workshop.engines.servers import free_port, wait_for

sys.path.append(str(Path(__file__).parent))
from lab_server import Lab, serve

pytestmark = pytest.mark.browser
PICTURE = os.environ.get("LAB_PICTURE")
SOLUTION = "late_share = (flights['arr_delay'].dropna() >= 15).mean()"


@pytest.fixture(scope="module")
def kit(copy_kit, tmp_path_factory):
    names = ("workshop", "lessons", "notebooks", "exercises", "solutions", "quiz", "sample_project")
    return copy_kit(tmp_path_factory.mktemp("kit"), *names)


@pytest.fixture(scope="module")
def lab(kit, tmp_path_factory) -> Iterator[Lab]:
    with serve(kit, tmp_path_factory.mktemp("home"), "--port", str(free_port())) as running:
        yield running


@pytest.fixture
def page(browser, lab):
    """The start page, and nothing else that another test had opened; a request to another machine fails the test."""
    asked = []
    page = browser.new_page(viewport={"width": 1400, "height": 900}, locale="ru-RU")
    page.set_default_timeout(90_000)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{lab.address}&reset")
    yield page
    page.close()
    assert asked
    assert [url for url in asked if not url.startswith((lab.origin, "data:", "blob:"))] == []


def follow(page: Page, link: str) -> Locator:
    """Follow a link in lesson 0's row of the start page and give the notebook that opens, its kernel ready."""
    start = page.locator(".jp-MarkdownViewer")
    start.get_by_role("heading", name="Автоматизация пайплайнов в ML").wait_for()
    start.locator("tr", has_text="0. Начало").get_by_role("link", name=link).click()
    notebook = page.locator(".jp-NotebookPanel:visible")
    # before that JupyterLab forgets what it was asked to run; the notebook's own indicator says idle too early
    page.locator("#jp-main-statusbar").get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    return notebook


def saved(page: Page, file: Path) -> NotebookNode:
    """The notebook as JupyterLab saves it now."""
    before = file.stat().st_mtime_ns
    page.keyboard.press("Control+s")

    def read() -> NotebookNode | None:
        page.wait_for_timeout(200)  # the page's own clock: else the browser's events are not looked at
        if file.stat().st_mtime_ns != before:
            with suppress(NotJSONError):  # it is just being written
                return nbformat.read(file, as_version=4)
        return None

    return wait_for(read, 30, every=0, or_fail=AssertionError(f"{file.name} was not saved"))


def run_all(page: Page, file: Path) -> list[NotebookNode]:
    """Run all cells by the menu and wait for the last one, or for an error; gives the code cells."""
    page.locator("#jp-MainMenu").get_by_text("Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    cells: list[NotebookNode] = []

    def ended() -> bool:
        page.wait_for_timeout(1000)
        cells[:] = [cell for cell in saved(page, file).cells if cell.cell_type == "code"]
        return bool(cells[-1].execution_count or errors(cells))

    wait_for(ended, 240, every=0)
    return cells


def errors(cells: list[NotebookNode]) -> list[str]:
    return [output.evalue for cell in cells for output in cell.outputs if output.output_type == "error"]


def test_a_lesson_runs_to_its_end_from_the_start_page(page, kit, tmp_path):
    notebook = follow(page, "тетрадь")
    assert notebook.get_by_role("button", name="Validate").count() == 0  # what nbgrader adds is not for students
    cells = run_all(page, kit / "notebooks/ru/00_start.ipynb")
    assert errors(cells) == []
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 6

    page.locator(".lm-TabBar-tab[data-id=table-of-contents]").click()
    heading = notebook.get_by_role("heading", name="В котором часу лучше лететь?")
    heading.evaluate("element => element.scrollIntoView()")
    notebook.locator(".jp-OutputArea img:visible").first.wait_for()
    page.wait_for_timeout(2000)  # until what was scrolled past is drawn
    heading.evaluate("element => element.scrollIntoView()")
    page.wait_for_timeout(1000)
    assert heading.bounding_box()["y"] < 300
    picture = Path(PICTURE) if PICTURE else tmp_path / "lab.png"
    page.screenshot(path=picture)
    assert 30_000 < picture.stat().st_size < 400_000


def test_the_first_task_is_solved_and_the_file_is_graded(page, kit, tmp_path):
    file = kit / "work/exercises/ru/00_start.ipynb"
    notebook = follow(page, "задачи")
    (message,) = errors(run_all(page, file))
    assert message.startswith("Здесь пока нет решения.")
    notebook.get_by_text(message).last.wait_for()
    blank = notebook.locator(".jp-CodeCell", has_text="say.not_solved_yet()").locator(".cm-content")
    blank.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(SOLUTION)
    cells = run_all(page, file)
    assert errors(cells) == []
    assert SOLUTION in [cell.source for cell in cells]

    submitted = tmp_path / "submissions" / "Анна"
    submitted.mkdir(parents=True)
    shutil.copy(file, submitted)
    done = subprocess.run(
        [sys.executable, "-m", "workshop", "grade", str(submitted.parent)], cwd=kit, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    with (tmp_path / "submissions-graded/grades.csv").open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["student"], row["lesson"], row["total"], row["max"]) == ("Анна", "00_start", "1", "1")


def test_cells_say_what_is_missing_what_is_solved_and_what_is_waited_for(page, lab, kit):
    source, problems = read(kit / "lessons/00_start/exercise.py", "exercise", "00_start")
    assert problems == []
    notebook = make(source, "ru", "exercise")
    slow = {"workshop": {"waits": {"for": "waits_pipeline", "seconds": 30}}}
    notebook.cells.append(new_code_cell("import time\ntime.sleep(5)", metadata=slow))
    file = kit / "work/exercises/ru/cells.ipynb"
    nbformat.write(notebook, file)
    page.goto(f"{lab.address.replace('start.ru.md', 'exercises/ru/cells.ipynb')}&reset")
    page.locator("#jp-main-statusbar").get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    panel = page.locator(".jp-NotebookPanel:visible")
    code = panel.locator(".jp-CodeCell")
    blank, check, waiting = (code.nth(number) for number in (3, 4, 5))
    check.scroll_into_view_if_needed()
    check.locator(".jp-InputPlaceholder").wait_for()  # folded
    assert panel.get_by_text("not_a_share").count() == 0

    def run(cell: Locator) -> None:
        cell.locator(".jp-InputPrompt").click()
        page.keyboard.press("Control+Enter")

    for number in range(3):
        run(code.nth(number))
    check.locator(".jp-InputPlaceholder").click()  # unfolded, as the arrow keys pass over what is folded
    run(check)
    refused = "Проверять пока нечего: ячейка с ответом на задачу 1 ещё не запущена (она стоит сразу под текстом задачи)."
    check.get_by_text(refused).wait_for()
    check.locator(".jp-InputCollapser").click()
    check.locator(".jp-InputPlaceholder").wait_for()
    blank.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(SOLUTION)
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")  # the check is next, and runs as it is
    check.get_by_text("✓ Задача 1 решена: 1 балл. Всего 1 из 1.").wait_for()
    assert check.locator(".jp-InputPlaceholder").count() == 1

    waiting.scroll_into_view_if_needed()
    run(waiting)
    waiting.get_by_text("Пайплайн выполняется: обычно около 30 с, прошло 3 с").wait_for()
    waiting.get_by_text("Пайплайн выполняется: готово за 5 с").wait_for()
    assert waiting.locator(".jp-OutputArea-child").count() == 1
