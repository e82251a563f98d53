"""`make run`: papermill over the notebooks, with real engines; what it refuses, what it keeps, how it goes on.

All engines at once run in tests/test_hostile.py.
"""

import json
import subprocess
import sys

import pytest

from workshop.sandbox import Sandbox

SMALL = ["--train-months", "2013-01,2013-02", "--test-months", "2013-03", "--rows", "2000"]


def _run(cwd, *arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workshop", "run", *arguments],
        cwd=cwd,
        env=None,
        capture_output=True,
        text=True,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def kit(copy_kit, few_flights, tmp_path_factory):
    """A kit whose project reads few flights."""
    kit = copy_kit(tmp_path_factory.mktemp("kit"), "workshop", "notebooks", "sample_project")
    project = Sandbox(kit / "sample_project")
    for key, value in {"ingest.path": str(few_flights), "gate.min_roc_auc": 0.5, "gate.min_average_precision": 0.0}.items():
        project.set_param(key, value)
    return kit


@pytest.mark.engine
def test_a_failed_notebook_is_named_and_resume_runs_only_what_is_missing(kit):
    script = kit / "sample_project/dvc.yaml"
    sound = script.read_text(encoding="utf-8")
    script.write_text(sound.replace("flight_delays evaluate", "flight_delays evaluat"), encoding="utf-8")
    try:
        failed = _run(kit, *SMALL, "--engines", "scripts,dvc", "--lang", "en")
    finally:
        script.write_text(sound, encoding="utf-8")
    assert failed.returncode == 1
    assert "dvc failed" in failed.stderr
    assert "notebooks/dvc.ipynb" in failed.stderr
    assert "--resume" in failed.stderr
    latest = kit / "runs/latest"
    results = json.loads((latest / "results.json").read_text())
    assert results["identical"] is False
    assert list(results["engines"]) == ["scripts"]
    kept = (latest / "notebooks/scripts.ipynb").stat().st_mtime_ns

    resumed = _run(kit, "--resume")
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert "1 of 2 engines are done already" in resumed.stdout
    assert json.loads((latest / "results.json").read_text())["identical"] is True
    assert (latest / "notebooks/scripts.ipynb").stat().st_mtime_ns == kept
    assert '<html lang="en">' in (latest / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-p", "moths", "3"], "declares no parameter moths; it declares engines, "),
        (["--engines", "scripts,luigi"], "unknown engine 'luigi'; there are scripts, dvc"),
        (["--engines", ""], "unknown engine ''; there are scripts, dvc"),
        (["--train-months", "2013-05"], "2013-03 (test) is before 2013-05 (train)"),
        (["--test-months", "April"], "April"),
        (["--rows", "0"], "--rows: expected a whole number of 1 or more, got '0'"),
        (["-p", "engines", "scripts"], "-p engines: expected a list of some of scripts, dvc, "),
        (["-p", "engines", '["dvc", "dvc"]'], 'such as ["scripts", "dvc"], each once, got '),
        (["--engines", "dvc", "-p", "engines", '["dvc"]'], "-p engines: given already, by --engines"),
        (["--engines", "dvc,dvc"], "--engines: 'dvc' is named twice"),
        (["-p", "rows", "abc"], "-p rows: expected a whole number of 1 or more, or null for all, got 'abc'"),
        (["-p", "rows", "true"], "-p rows: expected a whole number of 1 or more, or null for all, got True"),
        (["-p", "rows", "1e3"], "-p rows: expected a whole number of 1 or more, or null for all, got 1000.0"),
        (["-p", "rows", "3", "--rows", "4"], "-p rows: given already, by --rows"),
        (["-p", "rows", "3", "-p", "rows", "4"], "-p rows: given already, by -p rows"),
        (["-p", "seed", "NaN"], "-p seed: expected a whole number from 0 to 4294967295, got nan"),
        (["-p", "seed", "9" * 5000], "-p seed: expected a whole number from 0 to 4294967295, got '9999"),
        (["-p", "train_months", "a,b"], '-p train_months: expected a list of months such as ["2013-01", "2013-02"], got '),
        (["-p", "train_months", "[]"], "-p train_months: expected a list of months"),
        (["-p", "train_months", '["2013-01", "2013-03"]'], "2013-03 cannot be both a train month and a test month"),
        (["-p", "profile", "full"], "-p profile: it goes with months; use --profile"),
        (["-p", "run_dir", "/tmp"], "-p run_dir: each run has a folder of its own"),
        (["-p", "rows", "[" * 20_000], "-p rows: expected a whole number of 1 or more, or null for all, got '[[[["),
        (["-p", "rows", '{"a":' * 20_000], "-p rows: expected a whole number of 1 or more, or null for all, got '{"),
        (["-p", "ro\x1b[31mws\nx", "3"], r"-p 'ro\x1b[31mws\nx': not a name that a parameter can have"),
        (["-p", "", "3"], "-p '': not a name that a parameter can have"),
        (["-p", "x" * 5000, "3"], "-p 'xxx"),
        (
            ["--resume", "--rows", "3", "--lang", "en"],
            "--resume goes on with the last run as it was started: leave out --lang, --rows",
        ),
        (["--seed", "-1"], "--seed: expected a whole number from 0 to 4294967295, got '-1'"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_runs(kit, arguments, message):
    before = sorted((kit / "runs").glob("*"))
    done = _run(kit, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert len(done.stderr) < 400
    assert sorted((kit / "runs").glob("*")) == before


def test_resume_without_a_run_says_so(copy_kit, tmp_path):
    done = _run(copy_kit(tmp_path, "workshop", "sample_project"), "--resume")
    assert done.returncode == 2
    assert "there is no run to resume: start one with `make run`" in done.stderr
