"""Measure anew the figures that texts speak of, and write them into bench/measured.yaml.

    PYTHONPATH=sample_project .venv/bin/python bench/measured.py [GROUP ...]

Without names all groups are measured that can be, one after the other, which takes an hour. A group is written as soon as
it is measured; where that fails, its figures stay as they are, and the exit code is 1. Comments and commands stay. Other
groups of the file are history: each says how it was come by. `make build` then puts the figures into the texts.
"""

import argparse
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import nbformat
import yaml
from nbformat.v4 import new_code_cell

from flight_delays import artifacts
from flight_delays.pipeline import Project
from workshop.builder import outputs
from workshop.engines import NAMES, airflow_home, prefect
from workshop.ground.household import make_home
from workshop.ground.measured import MEASURED, MeasuredError, groups
from workshop.ground.months import PROFILES, split
from workshop.places import AS_DOCUMENTED, LESSONS, ROOT, RUNS, environment
from workshop.sandbox import CommandFailed, Sandbox

FILE = ROOT / MEASURED
LATEST = RUNS / "latest"
LADDER = "notebooks/en/02_plain_scripts.ipynb"
REPEATS = 3

Measured = dict[str, Any]


class MeasuringFailed(Exception):
    """A group could not be measured; the message says why."""


def say(*words: object) -> None:
    """Tell how far it is."""
    print(*words, file=sys.stderr, flush=True)


@contextmanager
def variable(name: str, value: str) -> Iterator[None]:
    """Set a variable of the environment for as long as the block lasts."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


# --- the groups


def run() -> Measured:
    """What `make run` does, all engines in the quick profile: about three minutes."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "workshop", "run"], cwd=ROOT, stdin=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise MeasuringFailed(f"python -m workshop run ended with exit code {done.returncode}")
    return of_run(LATEST) | {"total_seconds": round(seconds)}


def of_run(folder: Path) -> Measured:
    """The figures of a run that has left its records in a folder; MeasuringFailed if its engines do not agree."""
    results, state = artifacts.read_json(folder / "results.json"), artifacts.read_json(folder / "run.json")
    engines, parameters = results["engines"], state["parameters"]
    if not results["identical"] or set(engines) != set(NAMES):
        raise MeasuringFailed(f"{folder}: not all engines left the same: {', '.join(engines)}")
    plain = engines["scripts"]
    figures = {
        "months": len(parameters["train_months"]) + len(parameters["test_months"]),
        "flights": results["flights"],
        "cores": os.cpu_count(),
        "total_seconds": 0,  # here for the order in the file
        "stages": plain["stages_run"],
        "roc_auc": round(plain["metrics"]["candidates"][plain["metrics"]["best"]]["roc_auc"], 4),
        "hash": plain["predictions_sha256"][:10],
    }
    for name in NAMES:
        figures[name] = {
            "start_seconds": round(engines[name]["start_seconds"], 2),
            "seconds": round(engines[name]["seconds"], 2),
            "memory_mb": round(state["peak_megabytes"][name]),
        }
    return figures


def choice() -> Measured:
    """What choosing on the same flights costs, by the test flights of the last run: seconds."""
    import choice as bench_choice  # beside this file

    project = LATEST / "work" / "scripts"
    if not (project / "params.yaml").exists():
        raise MeasuringFailed(f"{project} is not there: measure `run` first")
    flights, rows = bench_choice.measure(project)
    figures: Measured = {"splits": bench_choice.SPLITS, "test_flights": flights}
    for row in rows:
        say(f"  by {row.flights} flights")
        excess = round(float(row.too_high), 4) + 0.0  # no -0.0
        half = row.flights not in bench_choice.SIZES  # of all, which is another number with other months
        figures["by_half" if half else f"by_{row.flights}"] = {
            "roc_auc_excess": excess,
            "differ_share": round(float(row.differ), 3),
        }
    return figures


def features() -> Measured:
    """The whole year, January to September for training: ROC AUC of the candidates, processor seconds of training."""
    with tempfile.TemporaryDirectory(prefix="measured-") as folder:
        box = Sandbox.create(Path(folder, "project"), params={"months": split(**PROFILES["full"]), "ingest.rows": None})
        project = Project.load(box.root)
        seconds: dict[str, float] = {}
        for stage in ("ingest", "validate", "prepare", "train", "evaluate"):
            for item in project.items(stage):
                say(f"  {stage} {item or ''}")
                took = []
                for _ in range(REPEATS if stage == "train" else 1):
                    start = time.process_time()
                    project.run(stage, item)
                    took.append(time.process_time() - start)
                if stage == "train":
                    seconds[str(item)] = median(took)
        metrics = artifacts.read_json(project.metrics)["candidates"]
    return {name: {"roc_auc": round(metrics[name]["roc_auc"], 4), "train_seconds": round(seconds[name], 1)} for name in seconds}


def leak() -> Measured:
    """The ladder of lesson 2: ROC AUC with a leak and without, on the whole year; a minute."""
    notebook = nbformat.read(ROOT / LADDER, as_version=4)
    said = [number for number, cell in enumerate(notebook.cells) if cell.cell_type == "code" and "ladder[" in cell.source]
    if not said:
        raise MeasuringFailed(f"{LADDER} has no cell that fills `ladder`")
    last = new_code_cell("import json\n\nprint(json.dumps({'flights': len(table), 'ladder': ladder}))")
    notebook.cells = [*notebook.cells[: said[-1] + 1], last]
    with tempfile.TemporaryDirectory(prefix="measured-") as folder, variable("WORKSHOP_WORK", folder):
        try:
            outputs.execute(notebook, (ROOT / LADDER).parent)
        except outputs.ExecutionFailed as error:
            raise MeasuringFailed(f"{LADDER}: {error}") from None
    found = json.loads(last.outputs[0].text)
    return {"flights": found["flights"]} | {
        re.sub(r"\W+", "_", step): {"roc_auc": score} for step, score in found["ladder"].items()
    }


def setup() -> Measured:
    """What the environment takes on the disk."""
    seen, total = set(), 0
    for parent, _, names in os.walk(sys.prefix):
        for name in names:
            found = Path(parent, name).lstat()
            if found.st_ino not in seen:
                seen.add(found.st_ino)
                total += found.st_blocks * 512
    return {"disk_gb": round(total / 1e9, 1)}


def large_month() -> Measured:
    """The first stages on a month of five million rows: ten minutes, 8 GB of memory."""
    import large_month as bench_large_month

    return {
        stage: {"seconds": round(seconds), "memory_gb": round(megabytes / 1000, 1)}
        for stage, seconds, megabytes in bench_large_month.measure(5_000_000)
    }


def stops() -> Measured:
    """How long after a signal nothing of a run is left: some minutes."""
    import stops as bench_stops

    figures: Measured = {}
    for case in bench_stops.ALL:
        engine, wanted = bench_stops.case_of(case)
        seconds = bench_stops.stop(engine, wanted)
        if seconds is None:
            raise MeasuringFailed(f"{case}: something was left")
        figures.setdefault(engine, {})[signal.Signals(wanted).name.lower()] = {"seconds": round(seconds, 1)}
    return figures


def grading() -> Measured:
    """What the solutions of all lessons take in the grader's jail; as root on Linux, a quarter of an hour."""
    import grading as bench_grading

    names = {"disk MB": "disk_mb", "files": "files", "tasks": "tasks", "memory MB": "memory_mb"}
    most: Measured = dict.fromkeys(names.values(), 0)
    lessons = dict.fromkeys(names.values(), "")
    for lesson in sorted(file.parent.name for file in LESSONS.glob("*/exercise.py")):
        seen = bench_grading.measure(lesson)
        for name, ours in names.items():
            if seen[name] > most[ours]:
                most[ours], lessons[ours] = seen[name], lesson[:2]
    return most | {f"{name}_lesson": lesson for name, lesson in lessons.items()}


def databases() -> Measured:
    """Making an empty database of Airflow and of Prefect, as each start would without the kept ones."""
    figures = {}
    with variable(AS_DOCUMENTED, "1"):
        for name, make in (("airflow", airflow_home.empty_database), ("prefect", prefect.empty_database)):
            took = []
            for _ in range(REPEATS):
                with tempfile.TemporaryDirectory(prefix="measured-") as folder:
                    start = time.perf_counter()
                    make(Path(folder, "empty.db"))
                    took.append(time.perf_counter() - start)
                say(f"  {name}: {took[-1]:.1f} s")
            figures[f"{name}_seconds"] = round(median(took), 1)
    return figures


def imports() -> Measured:
    """Processor seconds of processes that import a library and end: of the import, and of the end as Python has it."""
    figures = {}
    for name, module in {"sklearn": "sklearn.ensemble", "mlflow": "mlflow", "airflow_api": "airflow.api_fastapi.app"}.items():
        took, ends = [], []
        for _ in range(REPEATS):
            imported, whole = _import(module)
            took.append(imported)
            ends.append(whole - imported)
        say(f"  {name}: {median(took):.1f} s, its end {median(ends):.1f} s")
        figures[name] = {"import_seconds": round(median(took), 1), "end_seconds": round(median(ends), 1)}
    return figures


def _import(module: str) -> tuple[float, float]:
    """Processor seconds of a new process, until a module is imported and until the process has ended."""
    code = f"import {module}, time; print(time.process_time())"
    with (
        tempfile.TemporaryDirectory(prefix="measured-") as folder,
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code],
            env=environment(**{AS_DOCUMENTED: "1", "AIRFLOW_HOME": folder}),  # as Python ends without startup.pth
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process,
    ):
        assert process.stdout
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise MeasuringFailed(f"import {module} ended with exit code {process.returncode}")
    return float(output.split()[-1]), used.ru_utime + used.ru_stime


GROUPS: dict[str, Callable[[], Measured]] = {
    measure.__name__: measure
    for measure in (run, choice, features, leak, setup, databases, imports, stops, large_month, grading)
}


# --- the file


def rewritten(text: str, name: str, figures: Measured) -> str:
    """The text of measured.yaml with a group's figures, machine and Python as they are now; KeyError without such a group."""
    head = re.search(rf"^{name}:\n(?:  .*\n)*?(?=  machine:)", text, re.MULTILINE)
    block = re.search(rf"^{name}:\n(?:  .*\n)+", text, re.MULTILINE)
    if not head or not block:
        raise KeyError(name)
    python, machine = platform.python_version(), f"{platform.system()}, {os.cpu_count()} CPU"
    lines = [f"  machine: {machine}", f"  python: {python}", "  figures:"]
    lines += [f"    {key}: {_written(value)}" for key, value in figures.items()]
    return text[: block.start()] + head[0] + "\n".join(lines) + "\n" + text[block.end() :]


def _written(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'  # some hashes are numbers to YAML
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000).splitlines()[0]


def write(name: str, figures: Measured) -> None:
    """Put a group's figures into measured.yaml in one step; MeasuredError or KeyError if they do not fit: the file stays."""
    text = rewritten(FILE.read_text(encoding="utf-8"), name, figures)
    with artifacts.replacing(FILE) as new:
        new.write_text(text, encoding="utf-8")
        groups(new)


def main() -> int:
    """Measure the groups that are asked for."""
    about = "\n".join(f"  {name:12} {measure.__doc__}" for name, measure in GROUPS.items())
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=f"groups:\n{about}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("groups", nargs="*", metavar="GROUP", help="those to measure (default: all)")
    wanted = parser.parse_args().groups or list(GROUPS)
    if unknown := [name for name in wanted if name not in GROUPS]:
        parser.error(f"no such group: {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    make_home()
    failed = []
    for number, name in enumerate(wanted, start=1):
        say(f"[{number}/{len(wanted)}] {name}: {GROUPS[name].__doc__}")
        try:
            figures = GROUPS[name]()
            write(name, figures)
        except KeyError as error:
            failed.append(f"{name}: {MEASURED} or what was measured has no {error}")
        except (MeasuringFailed, MeasuredError, CommandFailed, OSError, RuntimeError, subprocess.SubprocessError) as error:
            failed.append(f"{name}: {error}")
        else:
            say(yaml.safe_dump({name: figures}, sort_keys=False, default_flow_style=None))
    for line in [*failed, "Those figures are as they were."] if failed else ["make build puts them into the texts"]:
        say(line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
