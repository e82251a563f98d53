"""Measure how long the cells of lessons take, and keep in bench/waits.json those of five seconds and more or with a tag.

    PYTHONPATH=sample_project .venv/bin/python bench/waits.py [LESSON ...]

Without names all lessons: half an hour. A lesson's entry is written as soon as its walk-through and its solution have come to
their ends. `make build` then puts the seconds into the notebooks, which say them while such a cell runs. The exit code is 1
if a lesson failed, or if a cell of more than ten seconds does not say what it waits for (docs/authoring.md, "Waiting").
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from typing import Any

from flight_delays import artifacts
from workshop.builder import outputs
from workshop.builder.format import Source
from workshop.builder.making import cell_ids, make
from workshop.builder.notes import RECORD, tagged, waits_for
from workshop.builder.reading import read
from workshop.ground.household import make_home
from workshop.places import LESSONS, ROOT

KEPT, TOLD = 5, 10  # seconds
FILE = ROOT / RECORD


def say(*words: object) -> None:
    """Tell how far it is."""
    print(*words, file=sys.stderr, flush=True)


def measure(source: Source) -> dict[str, float]:
    """Seconds of each code cell of a walk-through, or of an exercise with its solutions, by id."""
    notebook = make(source, "en", "solution" if source.kind == "exercise" else "lesson")
    folder = ROOT / ("solutions" if source.kind == "exercise" else "notebooks") / "en"
    outputs.execute(notebook, folder, timeout=1800)
    return {cell.id: _seconds(cell.metadata.execution) for cell in notebook.cells if "execution" in cell.metadata}


def _seconds(noted: dict[str, str]) -> float:
    """How long a cell ran, by what nbclient notes of it."""
    start, end = (datetime.fromisoformat(noted[moment]) for moment in ("iopub.execute_input", "shell.execute_reply"))
    return (end - start).total_seconds()


def of_lesson(name: str) -> tuple[dict[str, Any], list[str]]:
    """The entry of a lesson, and its slow cells that do not say what they wait for, a line each."""
    kept: dict[str, dict[str, int]] = {}
    silent = []
    for kind in ("lesson", "exercise"):
        source, problems = read(LESSONS / name / f"{kind}.py", kind, name)  # type: ignore[arg-type]
        if problems:
            raise ValueError("\n".join(map(str, problems)))
        took = measure(source)
        kept[kind] = {}
        for block, id_ in zip(source.blocks, cell_ids(source), strict=True):
            if id_ not in took:
                continue
            seconds, said = took[id_], waits_for(block.key)
            if seconds >= KEPT or tagged(block.key):
                kept[kind][id_] = round(seconds)
                say(f"  {seconds:4.0f} s  {kind}.py:{block.key.line}  {said or ''}")
            if seconds > TOLD and not said:
                silent.append(f"{source.file.relative_to(ROOT)}:{block.key.line}: {seconds:.0f} s, and no tag waits-...")
    entry = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{platform.system()}, {os.cpu_count()} CPU, load {os.getloadavg()[1]:.1f}",
        "python": platform.python_version(),
        "seconds": kept,
    }
    return entry, silent


def write(name: str, entry: dict[str, Any]) -> None:
    """Put a lesson's entry into the record in one step."""
    record = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    artifacts.write_json(FILE, {**record, name: entry})


def main() -> int:
    """Measure the lessons that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 05_airflow (default: all)")
    known = sorted(file.parent.name for file in LESSONS.glob("[0-9]*/exercise.py"))
    wanted = parser.parse_args().lessons or known
    if unknown := [name for name in wanted if name not in known]:
        parser.error(f"no such lesson: {', '.join(unknown)}; there are {', '.join(known)}")
    make_home()
    if os.getloadavg()[0] > (os.cpu_count() or 1):
        say("This machine is busy with other work: what is measured now will be more than is usual.")
    wrong = []
    for number, name in enumerate(wanted, start=1):
        say(f"[{number}/{len(wanted)}] {name}")
        try:
            entry, silent = of_lesson(name)
        except (outputs.ExecutionFailed, ValueError) as error:
            wrong.append(f"{name}: {error}; its entry is as it was")
            continue
        write(name, entry)
        wrong += silent
    for line in wrong or ["make build puts them into the notebooks"]:
        say(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="waits-") as work:  # not the sandboxes of a notebook that is open in JupyterLab
        os.environ["WORKSHOP_WORK"] = work
        sys.exit(main())
