"""The walk-through notebooks of all lessons, one after the other."""

import os
import sys
from pathlib import Path
from typing import Any

import nbformat

from workshop.ground.progress import progress
from workshop.places import ROOT
from workshop.run import RunError
from workshop.runner.execution import Execution, Run, execute
from workshop.runner.parameters import check_like_defaults, defaults

COMMAND = 'make run ARGS="--lessons"'
LINK = "latest-lessons"  # beside runs/latest, which stays with the pipeline's report
CELL_SECONDS = 900  # a cell that hangs must not keep the lessons after it from running


def find(lang: str) -> dict[str, Path]:
    """The walk-through notebooks by name, in order."""
    found = {path.stem: path for path in sorted((ROOT / "notebooks" / lang).glob("[0-9]*.ipynb"))}
    if not found:
        raise RunError(f"there are no lessons in notebooks/{lang}: make build")
    return found


def share_out(given: dict[str, Any], notebooks: dict[str, Path]) -> dict[str, dict[str, Any]]:
    """To each lesson those of the parameters that it declares; RunError for one that no lesson declares or can use."""
    declared = {name: defaults(path) for name, path in notebooks.items()}
    known = set[str]().union(*declared.values())
    if unknown := sorted(set(given) - known):
        raise RunError(f"no lesson declares a parameter {', '.join(unknown)}; lessons declare {', '.join(sorted(known))}")
    shares = {name: {key: given[key] for key in given if key in own} for name, own in declared.items()}
    for name, share in shares.items():
        try:
            check_like_defaults(share, declared[name])
        except RunError as error:
            raise RunError(f"{name}: {error}") from None
    return shares


def run_all(given: dict[str, Any], lang: str, *, resume: bool) -> int:
    """Execute all lessons, or those that the last run is short of; 0 only if all of them came to their end.

    RunError if another process is at that.
    """
    if resume:
        run = Run.last(LINK, COMMAND)
        with run.alone():
            state = run.read()
            notebooks = find(state["lang"])
            return _go_on(run, state, notebooks, share_out(state["parameters"], notebooks))
    notebooks = find(lang)
    parameters = share_out(given, notebooks)
    state = {"parameters": given, "lang": lang, "lessons": {}}
    run = Run.create(state, LINK)
    with run.alone():
        return _go_on(run, state, notebooks, parameters)


def _go_on(run: Run, state: dict[str, Any], notebooks: dict[str, Path], parameters: dict[str, dict[str, Any]]) -> int:
    for key in state["parameters"]:
        takers = [name for name, own in parameters.items() if key in own]
        print(f"{key} goes to {'all lessons' if len(takers) == len(notebooks) else ', '.join(takers)}")
    os.environ["WORKSHOP_WORK"] = str(run.folder / "work")  # not the sandboxes of a notebook that is open in JupyterLab
    done = {name for name, entry in state["lessons"].items() if not entry["problem"]}
    waiting = [name for name in notebooks if name not in done]
    if len(waiting) < len(notebooks):
        print(f"{len(notebooks) - len(waiting)} of {len(notebooks)} lessons are done already")
    for number, name in enumerate(waiting, start=1):
        execution = _execute(f"[{number}/{len(waiting)}] {name}", notebooks[name], run.executed(name), parameters[name])
        state["lessons"][name] = {
            "seconds": round(execution.seconds, 1),
            "problem": execution.problem,
            "peak_megabytes": execution.peak_megabytes,
        }
        run.write(state)
    return _report(run, list(notebooks))


def _execute(title: str, source: Path, target: Path, parameters: dict[str, Any]) -> Execution:
    cells = len(nbformat.read(source, as_version=4).cells)
    at = 0

    def follow(cell: Any, cell_index: int) -> None:
        nonlocal at
        at = cell_index

    with progress(title, cells, lambda: (at, f"cell {at + 1}")):
        return execute(
            source, target, parameters, cwd=source.parent, execution_timeout=CELL_SECONDS, on_cell_start=follow
        )  # where JupyterLab runs it too


def _report(run: Run, names: list[str]) -> int:
    outcomes = run.read()["lessons"]
    width = max(map(len, names))
    print()
    failed = 0
    for name in names:
        seconds, problem = outcomes[name]["seconds"], outcomes[name]["problem"]
        memory = outcomes[name].get("peak_megabytes", "?")  # a run of before this was measured
        spent = f"{name:<{width}} {seconds:6.0f} s {memory:>6} MB"
        if problem:
            failed += 1
            first = next(iter(problem.splitlines()), "")
            print(f"{spent}  FAILED  {first[:100]}")
            print(f"{'':<{len(spent)}}  see {run.executed(name).relative_to(ROOT)}")
        else:
            print(f"{spent}  ok")
    print(f"\n{len(names) - failed} of {len(names)} lessons came to their end. Executed: {run.executed('').parent}", flush=True)
    if failed:
        print('What succeeded is kept. Go on with: make run ARGS="--lessons --resume"', file=sys.stderr)
    return 1 if failed else 0
