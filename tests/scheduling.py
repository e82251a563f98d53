"""Which test process gets what, and when: a module at a time, some singly, those that took longest first."""

import json
from collections import Counter
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

# modules whose tests share nothing; those of others share a server, a run
INDEPENDENT = ("test_instructor_guide", "test_run_lessons", "test_solutions")
SECONDS = Path(__file__).with_name("seconds.json")  # of each share of work, made by --keep-seconds


def share(nodeid: str) -> str:
    """What is given to a process as a whole: the module of a test, or the test."""
    module = nodeid.split("::")[0]
    return nodeid if Path(module).stem in INDEPENDENT else module


class ByShare(LoadScopeScheduling):
    """Gives the shares to the processes in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return share(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log) -> ByShare:
    """Share out the tests of `pytest -n 2`; whatever `--dist` says."""
    config.option.loadscopereorder = False  # it would put first what has most tests
    return ByShare(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, or one process would be at work alone in the end; what was never measured may be long too."""
    seconds = json.loads(SECONDS.read_text(encoding="utf-8"))
    items.sort(key=lambda item: (-seconds.get(share(item.nodeid), float("inf")), share(item.nodeid)))


def pytest_addoption(parser: pytest.Parser) -> None:
    """How the seconds are measured anew."""
    parser.addoption("--keep-seconds", action="store_true", help=f"measure the tests and keep it in tests/{SECONDS.name}")


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """Keep what was measured; of what did not run, what was known."""
    if not config.option.keep_seconds:
        return
    measured: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                measured[share(report.nodeid)] += report.duration
    known = json.loads(SECONDS.read_text(encoding="utf-8")) | {name: round(seconds) for name, seconds in measured.items()}
    there = {name: seconds for name, seconds in known.items() if (config.rootpath / name.split("::")[0]).exists()}
    SECONDS.write_text(json.dumps(there, indent=0, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
