"""The whole pipeline as a plain script: every stage, one after the other, from the top. Run it from this folder."""

import logging
import sys
from pathlib import Path

from flight_delays import place
from flight_delays.errors import PipelineError
from flight_delays.pipeline import Project


def run(project: Project) -> None:
    """Run all stages in an order that gives each what it needs."""
    for month in project.months:
        project.run("ingest", month)
        project.run("validate", month)
        project.run("prepare", month)
        print(f"{month} prepared", flush=True)
    for candidate in project.candidates:
        project.run("train", candidate)
        print(f"{candidate} trained", flush=True)
    project.run("evaluate")
    project.run("gate")
    project.run("register")
    print(project.metrics.read_text())


if __name__ == "__main__":
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("flight_delays").setLevel(logging.INFO)
    try:
        place.check(Path(__file__).parent)
        run(Project.load())
    except PipelineError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
