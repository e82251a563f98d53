"""`make run`: papermill executes the notebooks of the pipeline, one engine each, and then the comparison."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workshop import engines, run_lessons
from workshop.execution import Run, RunError, execute, prepare, progress
from workshop.places import LANGUAGES, ROOT
from workshop.results import split

PROFILES = {
    # enough months to show what there is to show, in minutes
    "quick": {"train_months": ["2013-01", "2013-02"], "test_months": ["2013-03"]},
    "full": {
        "train_months": [f"2013-{month:02}" for month in range(1, 10)],
        "test_months": [f"2013-{month}" for month in range(10, 13)],
    },
}
COMPARE = "compare"
LINK = "latest"
_GIVEN = ("train_months", "test_months", "rows", "seed")  # options that are notebook parameters


def add_parser(commands) -> None:
    """Describe `run` to the command line."""
    parser = commands.add_parser(
        "run", help="execute the notebooks as a pipeline and compare the engines, or all lessons", description=__doc__
    )
    parser.add_argument(
        "--lessons",
        action="store_true",
        help="execute the notebooks of all lessons instead; a parameter goes to those that declare it, "
        "and is refused if none does",
    )
    parser.add_argument("--lang", choices=LANGUAGES, help="language of the notebooks (default: ru)")
    parser.add_argument("--resume", action="store_true", help="go on with the last run: only what failed or did not run")
    parser.add_argument("--profile", choices=PROFILES, help="quick: three months (the default); full: the whole year")
    parser.add_argument("--engines", help=f"comma-separated, of {','.join(engines.NAMES)} (default: all)")
    parser.add_argument("--train-months", help="comma-separated, such as 2013-01,2013-02")
    parser.add_argument("--test-months", help="comma-separated, all later than the train months")
    parser.add_argument("--rows", type=int, help="at most so many flights of each month (default: all)")
    parser.add_argument("--seed", type=int, help="of the training (default: 42)")
    parser.add_argument(
        "-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="another notebook parameter"
    )
    parser.set_defaults(main=main)


def check_options(options: argparse.Namespace) -> None:
    """RunError for options that do not go together."""
    of_the_pipeline = [f"--{name}" for name in ("profile", "engines") if getattr(options, name)]
    others = [f"--{name.replace('_', '-')}" for name in ("lang", *_GIVEN) if getattr(options, name) is not None]
    if options.lessons and of_the_pipeline:
        raise RunError(f"--lessons: {', '.join(of_the_pipeline)} is for the pipeline only")
    if options.resume and (surplus := [*of_the_pipeline, *others, *(["-p"] if options.p else [])]):
        raise RunError(f"--resume goes on with the last run as it was started: leave out {', '.join(surplus)}")


def given_parameters(options: argparse.Namespace) -> dict[str, Any]:
    """The notebook parameters on the command line; RunError if a value makes no sense."""
    if options.rows is not None and options.rows < 1:
        raise RunError(f"--rows: expected 1 or more, got {options.rows}")
    given = {name: value for name in _GIVEN if (value := getattr(options, name)) is not None}
    given |= {name: value.split(",") for name, value in given.items() if name.endswith("_months")}
    return given | {name: _value(value) for name, value in options.p}


def parameters(options: argparse.Namespace) -> dict[str, Any]:
    """What every notebook of the pipeline is given; RunError if a value makes no sense."""
    profile = options.profile or "quick"
    names = list(engines.NAMES) if options.engines is None else options.engines.split(",")
    for name in names:
        if name not in engines.NAMES:
            raise RunError(f"--engines: unknown engine {name!r}; there are {', '.join(engines.NAMES)}")
    defaults = {**PROFILES[profile], "rows": None, "seed": 42, "engines": names, "profile": profile}
    return defaults | given_parameters(options)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def notebook(name: str, lang: str) -> Path:
    """The built notebook of an engine, or of the comparison."""
    return ROOT / "notebooks" / lang / "pipeline" / f"{name}.ipynb"


def check_declared(path: Path, given: dict[str, Any]) -> None:
    """RunError if the notebook does not declare a parameter: papermill would only warn and run with its default."""
    import papermill

    declared = papermill.inspect_notebook(str(path))
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise RunError(f"{path.name} declares no parameter {', '.join(unknown)}; it declares {', '.join(sorted(declared))}")


def main(options: argparse.Namespace) -> int:
    """Run, or go on with the last run; 0 only if every notebook succeeded and all engines left the same."""
    prepare()
    try:
        check_options(options)
        if options.lessons:
            return run_lessons.main(given_parameters(options), options.lang or "ru", resume=options.resume)
        return _go(Run.last(LINK, "make run") if options.resume else _start(options))
    except RunError as error:
        print(f"run: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted. What succeeded is kept; --resume goes on with the rest.", file=sys.stderr)
        return 130


def _start(options: argparse.Namespace) -> Run:
    given = parameters(options)
    lang = options.lang or "ru"
    for name in [*given["engines"], COMPARE]:
        check_declared(notebook(name, lang), {**given, "run_dir": ""})
    _project(given)
    return Run.create({"parameters": given, "lang": lang, "done": []}, LINK)


def _project(given: dict[str, Any]):
    """The project with the parameters of the run; RunError if they make no sense."""
    import yaml

    from flight_delays.errors import ParamsError
    from flight_delays.params import parse
    from flight_delays.pipeline import Project
    from workshop.places import SAMPLE_PROJECT

    content = yaml.safe_load((SAMPLE_PROJECT / "params.yaml").read_text(encoding="utf-8"))
    content["months"] = split(given["train_months"], given["test_months"])
    content["train"]["seed"] = given["seed"]
    try:
        return Project(SAMPLE_PROJECT, parse(content, "the parameters given"))
    except ParamsError as error:
        raise RunError(str(error)) from None


def _go(run: Run) -> int:
    from workshop.engine_run import expected_stages

    state = run.read()
    names = state["parameters"]["engines"]
    stages = expected_stages(_project(state["parameters"]))
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
    from workshop.compare import table

    for name, problem in failures.items():
        print(f"\n{name} failed: {problem}\nSee {run.executed(name).relative_to(ROOT)}", file=sys.stderr)
    file = run.folder / "results.json"
    results = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    if results and results["engines"]:
        print(f"\n{table(results).to_string()}\n")
        if results["identical"]:
            print("All engines left the same metrics and the same predictions, byte for byte.")
        elif not failures:
            print("The engines did NOT leave the same result.", file=sys.stderr)
    if failures:
        print('What succeeded is kept. Go on with: make run ARGS="--resume"', file=sys.stderr)
    report = run.folder / "report.html"
    if report.exists():
        print(f"Report: {report}")
    return 0 if results and results["identical"] and not failures else 1
