"""`make run ARGS="--lessons"`: every walk-through notebook runs, one failure does not stop the others, --resume goes on."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
import pytest

from tests.inputs import alone, lay_out, touched, walk_through
from workshop.engines.servers import wait_for
from workshop.places import ROOT, environment
from workshop.runner.execution import execute
from workshop.runner.lessons import CELL_SECONDS

SPENT = r" +\d+ s +\d+ MB  "  # seconds and memory of a lesson
LESSONS = sorted(path.stem for path in (ROOT / "notebooks/ru").glob("*.ipynb"))


# --- the real ones


@pytest.mark.engine
@pytest.mark.proved(inputs=walk_through)
@pytest.mark.parametrize("name", LESSONS)
def test_lesson_comes_to_its_end(name, tmp_path, monkeypatch):
    inputs = walk_through(ROOT, name)
    folder = lay_out(inputs, tmp_path / "kit")
    for variable, value in environment(WORKSHOP_WORK=str(tmp_path / "work"), **alone(folder)).items():
        monkeypatch.setenv(variable, value)
    source, target = folder / f"notebooks/ru/{name}.ipynb", tmp_path / "executed.ipynb"
    execution = execute(source, target, {}, cwd=source.parent, execution_timeout=CELL_SECONDS)
    assert execution.problem is None, execution.problem
    cells = [cell for cell in nbformat.read(target, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert touched(inputs, folder) == []  # what a lesson writes lies in its sandbox
    assert (tmp_path / f"work/{name}-lesson").is_dir()


# --- how it goes on, with lessons that take no time


def write(kit: Path, name: str, *cells: str, parameters: str = 'lang = "ru"', lang: str = "ru") -> None:
    """A tiny lesson."""
    first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(cells=[first, *map(nbformat.v4.new_code_cell, cells)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    file = kit / "notebooks" / lang / f"{name}.ipynb"
    file.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, file)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "workshop", "run", *arguments]


def run(kit: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=kit,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def printed(kit: Path, name: str) -> str:
    """What the executed copy of a lesson printed."""
    notebook = nbformat.read(kit / "runs/latest-lessons/notebooks" / f"{name}.ipynb", as_version=4)
    return "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))


@pytest.fixture
def kit(copy_kit, tmp_path):
    return copy_kit(tmp_path, "workshop", "sample_project")


def test_all_run_and_parameters_go_to_those_that_declare_them(kit):
    place = "import os, workshop.places as p; print(os.getcwd(), p.WORK, sep='\\n')"
    write(kit, "01_rows", "print(rows)", parameters='lang = "ru"\nrows = 1')
    write(kit, "02_months", "print(train_months)", place, parameters='lang = "ru"\ntrain_months = ["2013-01"]')
    write(kit, "pipeline/scripts", "raise SystemError('this is no lesson')")
    write(kit, "01_english", "print('english')", lang="en")
    (kit / "runs/earlier").mkdir(parents=True)
    (kit / "runs/latest").symlink_to("earlier")
    done = run(kit, "--lessons", "--rows", "7", "--train-months", "2013-02,2013-03", "-p", "lang", "ru")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[:3] == [
        "train_months goes to 02_months",
        "rows goes to 01_rows",
        "lang goes to all lessons",
    ]
    assert re.search(r"^\[1/2\] 01_rows \d+ s\n\[2/2\] 02_months \d+ s$", done.stderr, re.M)
    assert re.search(rf"^01_rows{SPENT}ok\n02_months{SPENT}ok\n\n2 of 2 lessons came to their end", done.stdout, re.M)
    folder = (kit / "runs/latest-lessons").resolve()
    assert done.stdout.strip().endswith(str(folder / "notebooks"))
    assert printed(kit, "01_rows") == "7\n"
    # where JupyterLab runs it too, but with sandboxes apart from those of a notebook that is open there
    assert printed(kit, "02_months").splitlines() == [
        "['2013-02', '2013-03']",
        str(kit / "notebooks/ru"),
        str(folder / "work"),
    ]
    assert (kit / "runs/latest").resolve().name == "earlier"
    english = run(kit, "--lessons", "--lang", "en")
    assert english.returncode == 0, english.stdout + english.stderr
    assert printed(kit, "01_english") == "english\n"


def test_one_failure_does_not_stop_the_others_and_resume_runs_only_what_is_missing(kit):
    write(kit, "01_sound", "print('sound')")
    write(kit, "02_raises", "print('so far')", "{}['no such key']", "print('never')")
    write(kit, "03_dies", "print('alive')", "import os; os.kill(os.getpid(), 9)")
    write(kit, "04_sound", "print('sound too')")
    failed = run(kit, "--lessons")
    assert failed.returncode == 1
    assert re.search(rf"^01_sound{SPENT}ok$", failed.stdout, re.M)
    assert re.search(rf"^02_raises{SPENT}FAILED  KeyError: 'no such key'$", failed.stdout, re.M)
    assert re.search(r"^ +see runs/\S+/notebooks/02_raises\.ipynb$", failed.stdout, re.M)
    assert re.search(rf"^03_dies{SPENT}FAILED  DeadKernelError", failed.stdout, re.M)
    assert re.search(rf"^04_sound{SPENT}ok$", failed.stdout, re.M)
    assert "2 of 4 lessons came to their end" in failed.stdout
    assert failed.stderr.strip().endswith('make run ARGS="--lessons --resume"')
    assert "Traceback" not in failed.stderr
    assert printed(kit, "02_raises") == "so far\n"
    assert printed(kit, "03_dies") == "alive\n"

    latest = (kit / "runs/latest-lessons").resolve()
    kept = (latest / "notebooks/01_sound.ipynb").stat().st_mtime_ns
    write(kit, "02_raises", "print('mended')")
    write(kit, "05_new", "print('new')")
    again = run(kit, "--lessons", "--resume")
    assert again.returncode == 1
    assert "2 of 5 lessons are done already" in again.stdout
    assert [line.split()[1] for line in again.stderr.splitlines() if line.startswith("[")] == ["02_raises", "03_dies", "05_new"]
    assert (kit / "runs/latest-lessons").resolve() == latest
    assert (latest / "notebooks/01_sound.ipynb").stat().st_mtime_ns == kept
    write(kit, "03_dies", "print('lives')")
    resumed = run(kit, "--lessons", "--resume")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "[1/1] 03_dies" in resumed.stderr
    assert "5 of 5 lessons came to their end" in resumed.stdout


def test_resume_keeps_language_and_parameters(kit):
    write(kit, "01_english", "print(rows); assert rows == 8", parameters='lang = "en"\nrows = 1', lang="en")
    assert run(kit, "--lessons", "--lang", "en", "--rows", "9").returncode == 1
    write(kit, "01_english", "print(rows)", parameters='lang = "en"\nrows = 1', lang="en")
    assert run(kit, "--lessons", "--resume").returncode == 0
    assert printed(kit, "01_english") == "9\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-p", "moths", "3"], "no lesson declares a parameter moths; lessons declare lang, name, rows, steps, "),
        (["--seed", "3"], "no lesson declares a parameter seed"),
        (["--rows", "0"], "--rows: expected a whole number of 1 or more, got '0'"),
        (["-p", "rows", "abc"], "-p rows: expected a whole number of 1 or more, or null for all, got 'abc'"),
        (["-p", "lang", "xx"], "-p lang: expected ru or en, got 'xx'"),
        (["-p", "steps", "two"], "02_other: -p steps: expected a whole number, got 'two'"),
        (["-p", "steps", "2.5"], "02_other: -p steps: expected a whole number, got 2.5"),
        (["-p", "name", "7"], "02_other: -p name: expected a text, got 7"),
        (["--train-months", "2013-05"], "02_other: the parameters given: months: every test month must come after every train"),
        (["--profile", "full", "--engines", "dvc"], "--lessons: --profile, --engines is for the pipeline only"),
        (["--lang", "en"], "there are no lessons in notebooks/en: make build"),
        (["--resume"], 'there is no run to resume: start one with `make run ARGS="--lessons"`'),
        (["--resume", "-p", "rows", "3"], "leave out -p"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_runs(kit, arguments, message):
    write(kit, "01_rows", "print(rows)", parameters='lang = "ru"\nrows = 1')
    months = 'train_months = ["2013-01"]\ntest_months = ["2013-02"]'
    write(kit, "02_other", parameters=f'lang = "ru"\nsteps = 2\nname = "a"\n{months}')
    done = run(kit, "--lessons", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (kit / "runs").exists()


def test_the_kernel_is_the_kits_whatever_the_user_has_installed(kit, tmp_path):
    for kernels in ("elsewhere/kernels", "home/.local/share/jupyter/kernels"):
        kernel = tmp_path / kernels / "python3/kernel.json"
        kernel.parent.mkdir(parents=True)
        kernel.write_text(json.dumps({"argv": ["/bin/false"], "display_name": "Another", "language": "python"}))
    write(kit, "01_kernel", "import sys; print(sys.executable)")
    variables = {"JUPYTER_PATH": str(tmp_path / "elsewhere"), "JUPYTER_PREFER_ENV_PATH": "0", "HOME": str(tmp_path / "home")}
    done = run(kit, "--lessons", **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert printed(kit, "01_kernel") == f"{sys.executable}\n"


def test_a_cell_that_hangs_is_given_up(tmp_path, monkeypatch):
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    write(tmp_path, "01_hangs", "import os; print(os.getpid(), flush=True)", "import time; time.sleep(600)")
    source, target = tmp_path / "notebooks/ru/01_hangs.ipynb", tmp_path / "executed/01_hangs.ipynb"
    execution = execute(source, target, {}, cwd=tmp_path, execution_timeout=3)
    assert execution.problem.startswith("CellTimeoutError")
    assert 3 <= execution.seconds < 60
    kernel = int(nbformat.read(target, as_version=4).cells[1].outputs[0].text)
    assert not psutil.pid_exists(kernel)


def test_an_interrupted_run_leaves_no_kernel_and_goes_on(kit, tmp_path):
    write(kit, "01_sound", "print('sound')")
    write(
        kit,
        "02_long",
        f"import os, pathlib, time; pathlib.Path({str(tmp_path)!r}, 'pid').write_text(str(os.getpid()))",
        "time.sleep(600)",
    )
    process = subprocess.Popen(
        command("--lessons"), cwd=kit, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), 60)
        kernel = int((tmp_path / "pid").read_text())
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Interrupted. What succeeded is kept" in said
    assert "Traceback" not in said
    wait_for(lambda: not psutil.pid_exists(kernel), 10)  # on a busy machine not in the same moment
    write(kit, "02_long", "print('short')")
    resumed = run(kit, "--lessons", "--resume")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "1 of 2 lessons are done already" in resumed.stdout


def test_two_runs_at_once_do_not_meet(kit, tmp_path):
    goes_on = tmp_path / "go on"
    code = f"import time, pathlib; go = pathlib.Path({str(goes_on)!r})"
    write(kit, "01_waits", code, "while not go.exists():\n    time.sleep(0.1)", "import workshop.places as p; print(p.WORK)")
    both = []
    try:
        for count in (1, 2):
            both.append(
                subprocess.Popen(command("--lessons"), cwd=kit, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            )
            wait_for(lambda count=count: len(list((kit / "runs").glob("*/run.json"))) > count, 60)  # and latest-lessons
        resumed = run(kit, "--lessons", "--resume")
        assert (resumed.returncode, resumed.stdout) == (2, "")
        assert re.fullmatch(r"run: \S.* is still at work: wait for its end, or start another run\n", resumed.stderr)
        goes_on.touch()
        said = [process.communicate(timeout=120)[0] for process in both]
    finally:
        for process in both:
            process.kill()
    assert ["1 of 1 lessons came to their end" in text for text in said] == [True, True]
    runs = [folder for folder in (kit / "runs").iterdir() if not folder.is_symlink()]
    executed = [(folder / "notebooks/01_waits.ipynb").read_text(encoding="utf-8") for folder in runs]
    assert len(runs) == 2
    assert all(
        json.dumps(str(run / "work"), ensure_ascii=False)[1:-1] in text for run, text in zip(runs, executed, strict=True)
    )
    assert run(kit, "--lessons", "--resume").returncode == 0  # nobody is at work any more
