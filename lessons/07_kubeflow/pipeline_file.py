"""What a compiled pipeline says, and what the checks of the tasks ask of it and of a component that has run."""

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import permutations
from numbers import Real
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import yaml
from kfp import compiler, components
from kfp.dsl.base_component import BaseComponent

from workshop.sandbox import Record
from workshop.trying import carry, fresh


def _compiled(something: BaseComponent) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "compiled.yaml")
        compiler.Compiler().compile(something, str(file))
        return file.read_text(encoding="utf-8")


carry("component", BaseComponent, _compiled, components.load_component_from_text)

Spec = Mapping[str, Any]  # a compiled file, read
Tasks = Mapping[str, Mapping[str, Any]]  # as they stand in root.dag.tasks


def read(file: Path) -> Spec:
    """The content of a compiled file."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def tasks_of(spec: Spec) -> Tasks:
    """The tasks of the pipeline by name."""
    return spec["root"]["dag"]["tasks"]


def container(spec: Spec, task: str) -> Mapping[str, Any]:
    """What a task of the pipeline runs in: image, command, arguments, resources."""
    component = spec["components"][tasks_of(spec)[task]["componentRef"]["name"]]
    return spec["deploymentSpec"]["executors"][component["executorLabel"]]["container"]


# --- task 1: who gives what to whom


def producers(spec: Spec, task: str) -> set[str]:
    """The tasks whose artefacts a task is given."""
    given = tasks_of(spec)[task]["inputs"]["artifacts"].values()
    return {source["taskOutputArtifact"]["producerTask"] for source in given}


def uncached(spec: Spec) -> set[str]:
    """The tasks that are run again even if nothing has changed."""
    return {name for name, task in tasks_of(spec).items() if not task["cachingOptions"].get("enableCache", False)}


# --- task 2: a component by itself

LATE_BY_CARRIER = {  # what the colleague's component takes and gives
    ("inputDefinitions", "flights", "system.Dataset"),
    ("inputDefinitions", "late_minutes", "NUMBER_INTEGER"),
    ("inputDefinitions", "min_flights", "NUMBER_INTEGER"),
    ("outputDefinitions", "table", "system.Dataset"),
    ("outputDefinitions", "metrics", "system.Metrics"),
}
# late_minutes, min_flights -> the share of late flights of each carrier, for the flights below
SHARES = {(20, 2): {"A": 2 / 3, "B": 1 / 2}, (60, 1): {"A": 1 / 3, "B": 0.0, "C": 1.0}}


def interface(spec: Spec) -> set[tuple[str, str, str]]:
    """Inputs and outputs of the only component in a file: side, name, type."""
    [component] = spec["components"].values()
    found = set()
    for side in ("inputDefinitions", "outputDefinitions"):
        for name, each in component.get(side, {}).get("artifacts", {}).items():
            found.add((side, name, each["artifactType"]["schemaTitle"]))
        for name, each in component.get(side, {}).get("parameters", {}).items():
            found.add((side, name, each["parameterType"]))
    return found


def lay_out_flights(folder: Path) -> None:
    """Make the artefact `flights` in a folder: A, B and C have landed flights, each of B, C and D has some that never did."""
    (folder / "flights").mkdir(parents=True)
    landed = pd.DataFrame({"carrier": [*"AAABBC"], "arr_delay": [19, 20, 90, -5, 21, 60]})
    never = pd.DataFrame({"carrier": [*"CBBD"], "arr_delay": [None] * 4}).astype({"arr_delay": float})
    pd.concat([landed, never]).to_parquet(folder / "flights/flights.parquet")


def table(folder: Path) -> dict[str, float] | None:
    """The shares in the artefact `table` by carrier; None if it is no Parquet file with the two columns."""
    try:
        read = pd.read_parquet(folder / "table", columns=["carrier", "late_share"])
        return read.set_index("carrier")["late_share"].astype(float).to_dict()
    except (OSError, ValueError, KeyError):  # ArrowInvalid is a ValueError
        return None


def same_shares(found: Mapping[str, float], expected: Mapping[str, float]) -> bool:
    """Whether the carriers are the same and their shares agree."""
    return found.keys() == expected.keys() and all(abs(found[name] - expected[name]) < 1e-6 for name in expected)


def metric(folder: Path, name: str) -> Any:
    """A number that the component has reported in its artefact `metrics`; None if it has not."""
    report = folder / "executor_output.json"
    told = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    [metrics] = told.get("artifacts", {}).get("metrics", {}).get("artifacts") or [{}]
    return metrics.get("metadata", {}).get(name)


# --- task 3: what a graph computes


def function(spec: Spec, task: str) -> str:
    """The function of a task."""
    return container(spec, task)["args"][-1]


def meaning(spec: Spec, task: str) -> str:
    """What a task computes, as an expression of the functions and of the pipeline's inputs; a constant is `?`."""
    taken = []
    for name, source in _inputs(tasks_of(spec)[task]):
        [(kind, where)] = source.items()
        if kind in ("taskOutputArtifact", "taskOutputParameter"):
            taken.append(f"{name}={meaning(spec, where['producerTask'])}")
        else:
            taken.append(f"{name}={where if kind == 'componentInputParameter' else '?'}")
    return f"{function(spec, task)}({', '.join(sorted(taken))})"


def result(spec: Spec) -> str | None:
    """What the pipeline returns, as `meaning` says it; None if it returns nothing, or what it was given."""
    for output in spec["root"]["dag"].get("outputs", {}).get("parameters", {}).values():
        if source := output.get("valueFromParameter"):
            return meaning(spec, source["producerSubtask"])
    return None


def _inputs(task: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    given = task.get("inputs", {})
    return [*given.get("artifacts", {}).items(), *given.get("parameters", {}).items()]


# --- task 4: what a file has beside what was asked for

_ASKED = {"cpuRequest", "cpuLimit", "memoryLimit", "accelerator"}


def beside_what_was_asked(written: Spec, bare: Spec) -> str | None:
    """Where a file differs from the same pipeline without furniture, but for retries, cache and the resources of `fit`."""
    left: dict[str, Any] = json.loads(json.dumps(written))
    for name, task in left["root"]["dag"]["tasks"].items():
        task.pop("retryPolicy", None)
        task["cachingOptions"] = tasks_of(bare).get(name, task)["cachingOptions"]
    resources = left["deploymentSpec"]["executors"].get("exec-fit", {}).get("container", {}).get("resources", {})
    for name in _ASKED:
        resources.pop(name, None)
        resources.pop(f"resource{name[0].upper()}{name[1:]}", None)  # KFP writes each twice
    if not resources:
        left["deploymentSpec"]["executors"].get("exec-fit", {}).get("container", {}).pop("resources", None)
    return _difference(left, bare)


def _difference(one: Any, other: Any, place: str = "") -> str | None:
    if one == other:
        return None
    if isinstance(one, dict) and isinstance(other, dict):
        for key in [*one, *(key for key in other if key not in one)]:
            here = f"{place}.{key}" if place else key
            if key not in one or key not in other:
                return here
            if found := _difference(one[key], other[key], here):
                return found
    return place


def seconds(duration: str) -> float:
    """Of a duration such as 30s."""
    return float(duration.removesuffix("s"))


# --- task 5: as many machines as it takes

# what a wrong answer shows; whom each waits for; how long it works
_GRAPHS: list[tuple[str, dict[str, str], dict[str, float]]] = [
    ("chain", {"a": "", "b": "a", "c": "b"}, {"a": 1, "b": 2, "c": 3}),
    ("together", {"a": "", "b": "", "c": ""}, {"a": 1, "b": 3, "c": 2}),
    ("join", {"a": "", "b": "a", "c": "a", "d": "bc"}, {"a": 1, "b": 2, "c": 5, "d": 3}),
    ("barrier", {"a": "", "b": "", "c": "a", "d": "b"}, {"a": 1, "b": 5, "c": 4, "d": 1}),
    ("last", {"a": "", "b": "a", "c": ""}, {"a": 1, "b": 2, "c": 9}),
    ("join", {"a": "", "b": "", "c": "b", "d": "ca"}, {"a": 1, "b": 2, "c": 2, "d": 4}),
    ("join", {"a": "", "b": "a", "c": "b", "d": "ac"}, {"a": 3, "b": 1, "c": 1, "d": 2}),
    ("one", {"a": ""}, {"a": 2}),
]


def tried(fastest: Callable[[Any, Any], Any], real: Tasks) -> tuple[str | None, Any]:
    """What is wrong with the first answer that is wrong, and that answer; (None, None) if all are right.

    "key" is a KeyError, "failed" another error, "form" an answer that is no number, "changes" an argument that was changed;
    the others are graphs.
    """
    for shows, tasks, work in graphs(real):
        asked = deepcopy((tasks, work))
        try:
            answer = fastest(*asked)
        except NotImplementedError:  # a blank
            raise
        except KeyError as error:
            return "key", error
        except Exception as error:
            return "failed", error
        if not isinstance(answer, Real):
            return "form", answer
        if asked != (tasks, work):
            return "changes", answer
        if not abs(answer - max(ends(tasks, work).values())) < 1e-6:
            return shows, answer
    return None, None


def graphs(real: Tasks) -> Iterator[tuple[str, dict[str, Any], dict[str, float]]]:
    """Small graphs with their tasks called and ordered in every way, then the real one: what it shows, tasks, seconds."""
    for key, waits, work in _GRAPHS:
        for names in permutations(waits):
            called = dict(zip(waits, names, strict=True))
            for order in permutations(waits):
                tasks = {called[one]: {"dependentTasks": [called[other] for other in waits[one]]} for one in order}
                yield key, {name: task if task["dependentTasks"] else {} for name, task in tasks.items()}, _floats(work, called)
    draw = fresh("seconds")
    yield "real", dict(real), {name: round(draw.uniform(1, 9), 1) for name in sorted(real)}


def _floats(work: Mapping[str, float], called: Mapping[str, str]) -> dict[str, float]:
    unit = fresh("unit").choice([0.5, 1.0, 2.0, 3.0])
    return {called[one]: unit * value for one, value in work.items()}


def ends(tasks: Tasks, work: Mapping[str, float]) -> dict[str, float]:
    """When each task ends, in seconds from the start, if it begins as soon as all that it waits for have ended."""
    known: dict[str, float] = {}

    def end(name: str) -> float:
        if name not in known:
            known[name] = work[name] + max(map(end, tasks[name].get("dependentTasks", [])), default=0.0)
        return known[name]

    return {name: end(name) for name in tasks}


def on_a_cluster(records: Sequence[Record], tasks: Tasks) -> list[Record]:
    """The records of a run, moved to where they would lie with as many machines as it takes; by start."""
    called = {task["taskInfo"]["name"]: name for name, task in tasks.items()}
    work = {called[record.name]: record.end - record.start for record in records}
    when = ends(tasks, work)
    moved = [
        replace(record, start=when[called[record.name]] - work[called[record.name]], end=when[called[record.name]])
        for record in records
    ]
    return sorted(moved, key=lambda record: record.start)


# --- task 6: conditions

SHARE, LIMIT = "pipelinechannel--late-share-Output", "pipelinechannel--limit"  # how the file calls the two


def would_run(spec: Spec, share: float, limit: float) -> list[str]:
    """The functions that a cluster would run, by the conditions in the compiled file, sorted."""
    values = SimpleNamespace(parameter_values={SHARE: share, LIMIT: limit})
    names = {"inputs": values, "double": float, "true": True, "false": False}

    def holds(condition: str) -> bool:
        condition = condition.replace("!(", " not (").replace("&&", " and ").replace("||", " or ")
        return bool(eval(condition, {"__builtins__": {"int": int, "float": float}}, names))

    return sorted(name for name, conditions, _ in _leaves(spec) if all(map(holds, conditions)))


def looked_at(spec: Spec) -> set[str]:
    """The values that the conditions in a file look at."""
    return set(re.findall(r"parameter_values\['([^']+)'\]", json.dumps(spec)))


def given(spec: Spec, function: str) -> list[dict[str, str]]:
    """Where each task of a function has its inputs from, by name: a task's output, an input of the pipeline, or `?`."""
    return [inputs for name, _, inputs in _leaves(spec) if name == function]


def _leaves(spec: Spec) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """Every container of the pipeline: function, the conditions it is under, where its inputs come from."""

    def walk(dag: Mapping[str, Any], conditions: list[str], outer: Mapping[str, str]) -> Iterator[tuple]:
        for task in dag["tasks"].values():
            under = [*conditions, task.get("triggerPolicy", {}).get("condition", "true")]
            inputs = {name: _origin(source, outer) for name, source in _inputs(task)}
            component = spec["components"][task["componentRef"]["name"]]
            if "dag" in component:
                yield from walk(component["dag"], under, inputs)
            else:
                args = spec["deploymentSpec"]["executors"][component["executorLabel"]]["container"]["args"]
                yield args[-1], under, inputs

    return walk(spec["root"]["dag"], [], {})


def _origin(source: Mapping[str, Any], outer: Mapping[str, str]) -> str:
    [(kind, where)] = source.items()
    if kind.startswith("taskOutput"):
        return where["producerTask"]
    return outer.get(where, where) if kind.startswith("componentInput") else "?"
