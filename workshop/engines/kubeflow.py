"""Kubeflow Pipelines without a cluster: the local runner of its SDK, a process for each task, one after the other."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from workshop.engines.base import Outcome, Session, engine_record
from workshop.ground.records import Record
from workshop.sandbox import Sandbox

SCRIPT = "kubeflow_pipeline/flight_delays_kfp.py"
COMPILED = "kubeflow_pipeline/flight_delays.yaml"
_COLOUR = re.compile(r"\x1b\[\d*m")
_STEP = re.compile(
    r"^(\d\d:\d\d:\d\d\.\d{3}) - \w+ - (Executing task|Task) '([\w-]+)'(?: finished with status (\w+))?$", re.MULTILINE
)


class Kubeflow(Session):
    """Runs the pipeline with the local runner, which keeps nothing from one run to the next: to resume is to run again."""

    def __init__(self, sandbox: Sandbox):
        super().__init__(sandbox)
        self.last: Outcome | None = None  # what the last run came to

    def _run(self) -> tuple[int, str]:
        done = self.sandbox.run(["python", SCRIPT], log="kubeflow.log", check=False)
        return done.returncode, done.stdout

    def _timed(self, action: Callable[[], tuple[int, str]]) -> Outcome:
        self.last = outcome = super()._timed(action)
        return outcome

    def task_times(self) -> list[dict[str, Any]]:
        """The tasks of the last run, by start, as the runner logged them: the process as a whole, not our stage in it.

        Each has name (such as `train boosting`), start and end (Unix seconds) and state (SUCCESS or FAILURE).
        """
        if self.last is None:
            return []
        spec = yaml.safe_load((self.sandbox.root / ".engines/kubeflow/pipeline.yaml").read_text(encoding="utf-8"))
        names = {task: content["taskInfo"]["name"] for task, content in spec["root"]["dag"]["tasks"].items()}
        started: dict[str, float] = {}
        found = []
        for clock, step, task, state in _STEP.findall(_COLOUR.sub("", self.last.log)):
            moment = _moment(clock, self.last.started)
            if step == "Executing task":
                started[task] = moment
            elif state:
                found.append({"name": names[task], "start": started[task], "end": moment, "state": state})
        return found

    def own_records(self) -> list[Record]:
        """The tasks of the last run as the runner logged them."""
        return [
            engine_record(task["name"], task["start"], task["end"], "done" if task["state"] == "SUCCESS" else "failed")
            for task in self.task_times()
        ]


def _moment(clock: str, run_started: float) -> float:
    """Unix seconds of a local time of day that came after the start of the run; the log leaves out the date."""
    # the log has milliseconds, the start has more
    start = datetime.fromtimestamp(run_started) - timedelta(milliseconds=1)
    moment = datetime.combine(start.date(), datetime.strptime(clock, "%H:%M:%S.%f").time())
    return (moment if moment >= start else moment + timedelta(days=1)).timestamp()


def graph(project_root: str | os.PathLike[str]) -> tuple[set[str], set[tuple[str, str]]]:
    """The stages of the compiled pipeline in `project_root` and its edges (stage, stage that takes its artefacts).

    The tasks of unrolled loops (train, train-2, ...) are folded into their stage. kfp's own exceptions tell what is
    wrong with the file.
    """
    from kfp import components  # late: it takes a second, and a run does not need it

    spec = components.load_component_from_file(str(Path(project_root) / COMPILED)).pipeline_spec
    tasks = spec.root.dag.tasks
    edges = {
        (_folded(source.task_output_artifact.producer_task), _folded(name))
        for name, task in tasks.items()
        for source in task.inputs.artifacts.values()
    }
    return {_folded(name) for name in tasks}, edges


def _folded(task: str) -> str:
    return re.sub(r"-\d+$", "", task)


@contextmanager
def session(sandbox: Sandbox) -> Iterator[Kubeflow]:
    """Nothing to start, nothing to stop."""
    yield Kubeflow(sandbox)
