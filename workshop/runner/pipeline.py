"""The notebooks of the pipeline, one engine each, and then the comparison."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workshop.compare import IDENTICAL, memory, table
from workshop.engine_run import expected_stages
from workshop.ground.progress import progress
from workshop.ground.results import in_order
from workshop.places import ROOT
from workshop.run import check_declared
from workshop.runner.execution import Run, execute
from workshop.runner.parameters import project

COMPARE = "compare"
LINK = "latest"


def notebook(name: str, lang: str) -> Path:
    """The built notebook of an engine, or of the comparison."""
    return ROOT / "notebooks" / lang / "pipeline" / f"{name}.ipynb"


def start(given: dict[str, Any], lang: str) -> Run:
    """A new run of the notebooks in a language with the parameters `given`; RunError if they make no sense."""
    for name in [*given["engines"], COMPARE]:
        check_declared(notebook(name, lang), {**given, "run_dir": ""})
    project(given)
    return Run.create({"parameters": given, "lang": lang, "done": []}, LINK)


def go_on(run: Run) -> int:
    """Execute what is not done yet; 0 only if every notebook succeeded and all engines left the same.

    RunError if another process is at it.
    """
    with run.alone():
        return _go_on(run)


def _go_on(run: Run) -> int:
    state = run.read()
    names = state["parameters"]["engines"]
    stages = expected_stages(project(state["parameters"]))
    waiting = [name for name in names if name not in state["done"]]
    if skipped := len(names) - len(waiting):
        print(f"{skipped} of {len(names)} engines are done already")
    failures: dict[str, str] = {}
    todo = [*waiting, COMPARE]
    given = {**state["parameters"], "run_dir": str(run.folder)}
    for number, name in enumerate(todo, start=1):
        journal = run.folder / "work" / name / "logs" / "journal.jsonl"
        with progress(f"[{number}/{len(todo)}] {name}", 0 if name == COMPARE else stages, _reader(journal)):
            execution = execute(notebook(name, state["lang"]), run.executed(name), given, cwd=ROOT)
        if execution.problem:
            failures[name] = execution.problem
        elif name != COMPARE:
            state["done"].append(name)
            state.setdefault("peak_megabytes", {})[name] = execution.peak_megabytes
            run.write(state)
    return _report(run, failures)


def _reader(journal: Path) -> Callable[[], tuple[int, str]]:
    """How many stages have ended, and which was the last, by the journal of a sandbox."""

    def look() -> tuple[int, str]:
        lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
        last = json.loads(lines[-1]) if lines else {"stage": "", "item": None}
        return len(lines), f"{last['stage']} {last['item'] or ''}"

    return look


def _report(run: Run, failures: dict[str, str]) -> int:
    for name, problem in failures.items():
        print(f"\n{name} failed: {problem}\nSee {run.executed(name).relative_to(ROOT)}", file=sys.stderr)
    file = run.folder / "results.json"
    results = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    if results and results["engines"]:
        print(f"\n{table(results).to_string()}\n")
        if results["identical"]:
            print(IDENTICAL)
        elif not failures:
            print("The engines did NOT leave the same result.", file=sys.stderr)
    state = run.read()
    if peaks := state.get("peak_megabytes"):
        print(memory(in_order(peaks, state["parameters"]["engines"])))
    if failures:
        print('What succeeded is kept. Go on with: make run ARGS="--resume"', file=sys.stderr)
    report = run.folder / "report.html"
    if report.exists():
        print(f"Report: {report}")
    return 0 if results and results["identical"] and not failures else 1
