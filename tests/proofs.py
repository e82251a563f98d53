"""What was proved before is not run again: a third word, `proved`, beside passed and failed, with the run that made it.

A test marked `proved(inputs=...)` leaves a proof when it has passed, by the key of all that it depends on (tests/inputs.py).
While nothing of that changes, the proof stands for it. `--all` runs everything.
"""

import json
import os
import platform
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests import inputs

FOLDER = ".proved"

_KEY = pytest.StashKey[str]()
_PROOF = pytest.StashKey[dict[str, Any]]()
_SECONDS = pytest.StashKey[float]()  # of a test that passed


def pytest_addoption(parser: pytest.Parser) -> None:
    """How everything is run."""
    parser.addoption("--all", action="store_true", help="run also what was proved before")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Leave out what was proved before; of the rest remember what it depends on."""
    option = pyfuncitem.config.option
    if not (wanted := _key(pyfuncitem)):
        return None
    pyfuncitem.stash[_KEY] = wanted
    # whoever measures the tests must run them
    if option.all or option.keep_seconds or not (proof := read(pyfuncitem.config.rootpath, wanted)):
        return None
    pyfuncitem.stash[_PROOF] = proof
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Any:
    """Say `proved`, and keep the proof of what has passed down to its teardown."""
    report = yield
    if report.when == "call" and _PROOF in item.stash:
        report.outcome, report.proof = "proved", item.stash[_PROOF]
    elif report.when == "call" and report.passed and _KEY in item.stash:
        item.stash[_SECONDS] = report.duration
    elif report.when == "teardown" and report.passed and _SECONDS in item.stash and _key(item) == item.stash[_KEY]:
        write(item.config.rootpath, item.stash[_KEY], item.nodeid, item.stash[_SECONDS])
    return report


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """The third word."""
    return ("proved", "p", "PROVED") if report.outcome == "proved" else None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Name what was not run again, with the run that proved it."""
    reports = terminalreporter.stats.get("proved", [])
    if not reports:
        return
    seconds = sum(report.proof["seconds"] for report in reports)
    terminalreporter.write_sep("=", f"proved before, {seconds:.0f} s not spent again; --all runs everything")
    for report in sorted(reports, key=lambda report: -report.proof["seconds"]):
        proof = report.proof
        run = f"{proof['date']}, commit {proof['commit']}, {proof['machine']}"
        terminalreporter.write_line(f"{proof['seconds']:4.0f} s  {report.nodeid}  ({run})")


def _key(item: pytest.Item) -> str | None:
    """The key of a test that can be proved."""
    if not (marker := item.get_closest_marker("proved")):
        return None
    kit = item.config.rootpath
    return inputs.key(kit, item.nodeid, marker.kwargs["inputs"](kit, item.callspec.params["name"]))


# --- where proofs are kept


def read(kit: Path, key: str) -> dict[str, Any] | None:
    """The proof of this key; None if there is none, or none that can be read."""
    try:
        proof = json.loads((kit / FOLDER / f"{key}.json").read_text(encoding="utf-8"))
        return proof if proof["key"] == key and {"seconds", "date", "commit", "machine"} <= proof.keys() else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write(kit: Path, key: str, test: str, seconds: float) -> None:
    """Keep a proof, whole or not at all: other test processes read and write here too."""
    proof = {"key": key, "test": test, "seconds": round(seconds, 1), **_run(kit)}
    (kit / FOLDER).mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=kit / FOLDER, encoding="utf-8", delete=False) as file:
        json.dump(proof, file, indent=1)
    Path(file.name).replace(kit / FOLDER / f"{key}.json")


def _run(kit: Path) -> dict[str, str]:
    """The run that makes a proof: when, of which commit, where."""
    git = ["git", "-C", str(kit), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        commit = "unknown"  # a kit from a zip
    ours = os.environ
    on_github = f"{ours.get('GITHUB_SERVER_URL')}/{ours.get('GITHUB_REPOSITORY')}/actions/runs/{ours.get('GITHUB_RUN_ID')}"
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": commit,
        "machine": on_github if "GITHUB_RUN_ID" in ours else platform.node(),
    }
