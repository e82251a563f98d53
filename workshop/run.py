"""`make run`: papermill executes the notebooks of the pipeline, one engine each, and then the comparison."""

import argparse
import json
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop import engines
from workshop.places import ROOT, RUNS, environment

PROFILES = {
    # enough months to show what there is to show, in minutes
    "quick": {"train_months": ["2013-01", "2013-02", "2013-03"], "test_months": ["2013-04"]},
    "full": {
        "train_months": [f"2013-{month:02}" for month in range(1, 10)],
        "test_months": [f"2013-{month}" for month in range(10, 13)],
    },
}
COMPARE = "compare"
_BAR = "{desc} |{bar:20}| {n}/{total} {elapsed}"


class RunError(Exception):
    """The run cannot start as asked; the message says what to change."""


@dataclass(frozen=True)
class Run:
    """A folder under runs/ with the parameters of a run and what became of each notebook."""

    folder: Path

    @property
    def state_file(self) -> Path:
        """Where parameters and outcomes are kept for --resume."""
        return self.folder / "run.json"

    def read(self) -> dict[str, Any]:
        """Parameters and outcomes so far."""
        return json.loads(self.state_file.read_text(encoding="utf-8"))

    def write(self, state: dict[str, Any]) -> None:
        """Keep parameters and outcomes."""
        from flight_delays import artifacts

        artifacts.write_json(self.state_file, state)

    @classmethod
    def create(cls, state: dict[str, Any]) -> "Run":
        """A new folder named by the time, to which runs/latest points."""
        name = time.strftime("%Y-%m-%dT%H-%M-%S")
        folder = RUNS / name
        for number in range(2, 100):
            if not folder.exists():
                break
            folder = RUNS / f"{name}-{number}"
        folder.mkdir(parents=True)
        run = cls(folder)
        run.write(state)
        link = RUNS / ".latest"
        link.unlink(missing_ok=True)
        link.symlink_to(folder.name, target_is_directory=True)
        link.replace(RUNS / "latest")
        return run

    @classmethod
    def latest(cls) -> "Run":
        """The run that runs/latest points at; RunError if there is none."""
        run = cls((RUNS / "latest").resolve())
        if not run.state_file.exists():
            raise RunError("there is no run to resume: start one with `make run`")
        return run


def add_parser(commands) -> None:
    """Describe `run` to the command line."""
    parser = commands.add_parser("run", help="execute the notebooks as a pipeline and compare the engines", description=__doc__)
    parser.add_argument("--profile", choices=PROFILES, default="quick", help="quick: four months; full: the whole year")
    parser.add_argument("--engines", help=f"comma-separated, of {','.join(engines.NAMES)} (default: all)")
    parser.add_argument("--train-months", help="comma-separated, such as 2013-01,2013-02")
    parser.add_argument("--test-months", help="comma-separated, all later than the train months")
    parser.add_argument("--rows", type=int, help="at most so many flights of each month (default: all)")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--lang", choices=("ru", "en"), default="ru", help="language of the notebooks")
    parser.add_argument(
        "-p", nargs=2, action="append", default=[], metavar=("NAME", "VALUE"), help="another notebook parameter"
    )
    parser.add_argument("--resume", action="store_true", help="go on with the last run: only what failed or did not run")
    parser.set_defaults(main=main)


def parameters(options: argparse.Namespace) -> dict[str, Any]:
    """What every notebook is given; RunError if a value makes no sense."""
    chosen = dict(PROFILES[options.profile])
    for name in ("train_months", "test_months"):
        if given := getattr(options, name):
            chosen[name] = given.split(",")
    names = options.engines.split(",") if options.engines else list(engines.NAMES)
    for name in names:
        if name not in engines.NAMES:
            raise RunError(f"--engines: unknown engine {name!r}; there are {', '.join(engines.NAMES)}")
    if options.rows is not None and options.rows < 1:
        raise RunError(f"--rows: expected 1 or more, got {options.rows}")
    others = {name: _value(value) for name, value in options.p}
    return {**chosen, "rows": options.rows, "seed": options.seed, "engines": names, "profile": options.profile, **others}


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
        raise RunError(
            f"{path.relative_to(ROOT)} declares no parameter {', '.join(unknown)}; it declares {', '.join(sorted(declared))}"
        )


@contextmanager
def progress(title: str, journal: Path, stages: int) -> Iterator[None]:
    """A bar that names the notebook and the stage it is at, fed by the journal of the sandbox.

    Where nobody watches a terminal, a line at the start and one at the end.
    """
    from tqdm import tqdm

    started = time.perf_counter()
    watched = sys.stderr.isatty()
    if not watched:
        print(title, end=" ", file=sys.stderr, flush=True)
    width = shutil.get_terminal_size().columns  # tqdm itself shows nothing where the terminal does not tell its width
    bar = tqdm(total=stages or None, bar_format=_BAR if stages else "{desc} {elapsed}", ncols=width, disable=not watched)
    stop = threading.Event()

    def follow() -> None:
        while not stop.wait(0.3):
            lines = journal.read_text(encoding="utf-8").splitlines() if journal.exists() else []
            last = json.loads(lines[-1]) if lines else {"stage": "", "item": None}
            bar.set_description_str(f"{title:<16} {last['stage']} {last['item'] or '':<24}"[:40], refresh=False)
            bar.n = min(len(lines), stages)
            bar.refresh()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        bar.set_description_str(f"{title:<40}", refresh=False)
        bar.n = stages
        bar.refresh()
        bar.close()
        if not watched:
            print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)


def execute(run: Run, name: str, number: int, total: int, stages: int) -> str | None:
    """Execute one notebook into the run's folder; give None, or what went wrong."""
    import papermill

    state = run.read()
    target = run.folder / "notebooks" / f"{name}.ipynb"
    target.parent.mkdir(exist_ok=True)
    given = {**state["parameters"], "run_dir": str(run.folder)}
    journal = run.folder / "work" / name / "logs" / "journal.jsonl"
    with progress(f"[{number}/{total}] {name}", journal, 0 if name == COMPARE else stages):
        try:
            papermill.execute_notebook(
                str(notebook(name, state["lang"])),
                str(target),
                parameters=given,
                kernel_name="python3",
                cwd=str(ROOT),
                progress_bar=False,
                request_save_on_cell_execute=False,
                extra_arguments=["--log-level=CRITICAL"],  # for the kernel, which warns of TCP on the loopback
            )
        except papermill.PapermillExecutionError as error:
            return f"{error.ename}: {error.evalue}".strip()
    return None


def main(options: argparse.Namespace) -> int:
    """Run, or go on with the last run; 0 only if every notebook succeeded and all engines left the same."""
    os.environ.update(environment())  # the kernels and all that they start inherit it
    logging.getLogger("papermill").setLevel(logging.ERROR)
    try:
        if options.resume:
            run = Run.latest()
        else:
            given = parameters(options)
            for name in [*given["engines"], COMPARE]:
                check_declared(notebook(name, options.lang), {**given, "run_dir": ""})
            _project(given)
            run = Run.create({"parameters": given, "lang": options.lang, "done": []})
    except RunError as error:
        print(f"run: {error}", file=sys.stderr)
        return 2
    return _go(run)


def _project(given: dict[str, Any]):
    """The project with the parameters of the run; RunError if they make no sense."""
    import yaml

    from flight_delays.errors import ParamsError
    from flight_delays.params import parse
    from flight_delays.pipeline import Project
    from workshop.places import SAMPLE_PROJECT

    content = yaml.safe_load((SAMPLE_PROJECT / "params.yaml").read_text(encoding="utf-8"))
    content["months"] = dict.fromkeys(given["train_months"], "train") | dict.fromkeys(given["test_months"], "test")
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
    for number, name in enumerate(todo, start=1):
        problem = execute(run, name, number, len(todo), stages)
        if problem:
            failures[name] = problem
        elif name != COMPARE:
            state["done"].append(name)
            run.write(state)
    return _report(run, failures)


def _report(run: Run, failures: dict[str, str]) -> int:
    from workshop.compare import table

    for name, problem in failures.items():
        print(
            f"\n{name} failed: {problem}\nSee {run.folder.relative_to(ROOT) / 'notebooks' / f'{name}.ipynb'}", file=sys.stderr
        )
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
