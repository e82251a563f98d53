"""The pipeline for Kubeflow Pipelines: every stage a component, which a cluster runs in a container of its own.

python kubeflow_pipeline/flight_delays_kfp.py             run it on this machine, a process for each task
python kubeflow_pipeline/flight_delays_kfp.py compile     write flight_delays.yaml, which a cluster takes as it is

The package is found by PYTHONPATH (export PYTHONPATH="$PWD"), or because it is installed.
Compile again after a change in params.yaml: months, candidates and options are part of the compiled pipeline. The
components are in components.py.j2, beside this file; here is how they are joined, and run on this machine.
"""

import argparse
import json
import os
import re
import runpy
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined
from kfp import compiler, dsl, local
from kfp.dsl.graph_component import GraphComponent

from flight_delays import artifacts, place
from flight_delays.errors import GateClosed, PipelineError
from flight_delays.pipeline import Project, git_commit

ROOT = Path(__file__).resolve().parent.parent
COMPILED = Path(__file__).with_name("flight_delays.yaml")
TEMPLATE = Path(__file__).with_name("components.py.j2")
OUTPUTS = ROOT / ".engines/kubeflow"
COMPONENTS = OUTPUTS / "components.py"

# For a cluster: an image with Python, kfp and this project, its root in PYTHONPATH, pushed to where the cluster pulls
# from. Dockerfile says how. Give every build a tag of its own: KFP takes cached results for as long as image and
# inputs are the same.
IMAGE = "flight-delays-python:1"


def components(project: Project) -> SimpleNamespace:
    """The seven components by name, rendered from components.py.j2 for the months and candidates of params.yaml.

    They are left in .engines/kubeflow/components.py: KFP takes the text of a component from its file.
    """
    environment = Environment(  # it renders Python: nothing is to be escaped
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined
    )
    text = environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        image=IMAGE,
        train_months=project.months_of("train"),
        test_months=project.months_of("test"),
        candidates=project.candidates,
        input_name=input_name,
    )
    COMPONENTS.parent.mkdir(parents=True, exist_ok=True)
    COMPONENTS.write_text(text, encoding="utf-8")
    return SimpleNamespace(**runpy.run_path(str(COMPONENTS)))


def input_name(argument: str, item: str) -> str:
    """The name of the input of one item, such as months_2013_01."""
    return f"{argument}_{re.sub(r'[^0-9A-Za-z]', '_', item)}"


def inputs(argument: str, outputs: dict) -> dict:
    """The arguments for a component that takes the outputs of several tasks (item -> output)."""
    return {input_name(argument, item): output for item, output in outputs.items()}


def build(project: Project) -> GraphComponent:
    """The pipeline for the months and candidates of params.yaml: their loops are unrolled here, when it is compiled.

    Its outputs are what a run leaves: the reports, and for each candidate its model and its training record.
    """
    train_months, test_months = project.months_of("train"), project.months_of("test")
    stages = components(project)
    fields = {"metrics": dsl.Metrics, "predictions": dsl.Dataset}
    fields |= dict.fromkeys(["plots", "training", "decision", "receipt"], dsl.Artifact)
    fields |= {input_name("model", candidate): dsl.Model for candidate in project.candidates}
    fields |= {input_name("record", candidate): dsl.Artifact for candidate in project.candidates}
    outputs = NamedTuple("Outputs", fields.items())  # type: ignore[misc]  # which fields it has is known when this runs

    # registry is a folder that the tasks share. On a cluster: a volume, mounted into gate and register
    # (kfp-kubernetes: kubernetes.mount_pvc(task, pvc_name="registry", mount_path="/mnt/registry")).
    @dsl.pipeline(name="flight-delays", description="Will this flight arrive late?")
    def flight_delays(
        registry: str = "/mnt/registry",
        git_commit: str = "unknown",
        params_hash: str = project.params.sha256(),
    ) -> outputs:
        features, models, records = {}, {}, {}
        for month in project.months:
            fetch = {name: value for name, value in project.options("ingest", month).items() if value is not None}
            ingested = stages.ingest(**fetch).set_display_name(f"ingest {month}")
            ingested.set_retry(num_retries=2, backoff_duration="5s")  # the one that may meet a network; ignored locally
            raw = ingested.outputs["raw"]
            found = stages.validate(raw=raw, **project.options("validate", month)).set_display_name(f"validate {month}")
            checked = {name: found.outputs[name] for name in ("report", "rejected")}
            prepared = stages.prepare(raw=raw, **checked, **project.options("prepare", month))
            features[month] = prepared.set_display_name(f"prepare {month}").outputs["features"]
        learn = {month: features[month] for month in train_months}
        judge = {month: features[month] for month in test_months}

        for candidate in project.candidates:
            how = project.options("train", candidate)
            how["hyperparameters"] = json.dumps(how["hyperparameters"])
            trained = stages.train(**inputs("months", learn), **how)
            trained.set_display_name(f"train {candidate}")
            models[candidate], records[candidate] = trained.outputs["model"], trained.outputs["record"]

        scored = stages.evaluate(
            **inputs("models", models),
            **inputs("records", records),
            **inputs("months", judge),
            **project.options("evaluate"),
        )
        metrics, training = scored.outputs["metrics"], scored.outputs["training"]
        how = project.options("gate") | {"git_commit": git_commit, "params_hash": params_hash}
        decision = stages.gate(
            metrics=metrics, training=training, **inputs("months", judge), registry=registry, **how
        ).set_caching_options(False)  # the champion it compares with is no input that KFP knows of
        receipt = stages.register(
            **inputs("models", models),
            **inputs("months", learn),
            metrics=metrics,
            decision=decision.outputs["decision"],
            registry=registry,
            **project.options("register"),
        ).set_caching_options(False)  # it must write to the registry, whatever was written before
        return outputs(  # type: ignore[call-arg]  # the fields, see above
            metrics=metrics,
            predictions=scored.outputs["predictions"],
            plots=scored.outputs["plots"],
            training=training,
            decision=decision.outputs["decision"],
            receipt=receipt.outputs["receipt"],
            **{input_name("model", candidate): model for candidate, model in models.items()},
            **{input_name("record", candidate): record for candidate, record in records.items()},
        )

    return flight_delays


def compile_pipeline() -> int:
    """Write flight_delays.yaml beside this file; paths in it are relative to where the containers start."""
    compiler.Compiler().compile(build(Project(Path(), Project.load(ROOT).params)), str(COMPILED))
    return 0


def run() -> int:
    """Run the pipeline on this machine and put what it made where the project keeps it; give the exit code.

    Tasks keep their outputs in .engines/kubeflow/flight-delays-TIME/TASK. If one fails, what was published before stays.
    """
    project = Project.load(ROOT)
    shutil.rmtree(OUTPUTS, ignore_errors=True)
    pipeline = build(project)
    compiler.Compiler().compile(pipeline, str(OUTPUTS / "pipeline.yaml"))  # what runs here, with these params
    params_hash, registry = project.params.sha256(), str(project.registry.resolve())
    with TemporaryDirectory(dir=OUTPUTS) as temporary, surroundings_of_tasks(temporary):
        local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(OUTPUTS), raise_on_error=False)
        done = pipeline(registry=registry, git_commit=git_commit(ROOT), params_hash=params_hash)
    made = _made_by(pipeline)
    if done.outputs:
        publish(project, made)
        print(project.metrics.read_text(encoding="utf-8"))
        return 0
    # KFP only knows that a task failed; if it was the gate that said no, its decision is there, and worth a look
    if made["decision"].exists() and not artifacts.read_json(made["decision"])["passed"]:
        publish(project, made)
        return GateClosed.exit_code
    return 1


@contextmanager
def surroundings_of_tasks(temporary: str) -> Iterator[None]:
    """Let the tasks' processes find Python, this project and a folder for what KFP leaves lying about; then put all back."""
    before = {name: os.environ.get(name) for name in ("TMPDIR", "PYTHONPATH", "PATH")}
    executable = sys.executable
    try:
        os.environ["TMPDIR"] = temporary
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), before["PYTHONPATH"]]))
        # The local runner replaces the word python3 in its shell command by sys.executable, without quotes: a path with
        # a space would break it. So it gets the bare name, and the search path begins with our environment.
        os.environ["PATH"] = os.pathsep.join([str(Path(executable).parent), before["PATH"] or ""])
        sys.executable = "python3"
        yield
    finally:
        sys.executable = executable
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _made_by(pipeline: GraphComponent) -> dict[str, Path]:
    """Where the tasks of the run left the outputs of the pipeline; those of tasks that did not run are not there."""
    [run_folder] = OUTPUTS.glob("flight-delays-*")
    outputs = pipeline.pipeline_spec.root.dag.outputs.artifacts
    selectors = {name: output.artifact_selectors[0] for name, output in outputs.items()}
    return {name: run_folder / each.producer_subtask / each.output_artifact_key for name, each in selectors.items()}


def publish(project: Project, made: dict[str, Path]) -> None:
    """Put the outputs of a run, given by name as `_made_by` does, where the project keeps its artefacts."""
    reports = ("metrics", "predictions", "plots", "training", "decision", "receipt")
    targets = {name: getattr(project, name) for name in reports}
    targets |= {input_name("model", candidate): path for candidate, path in project.models.items()}
    targets |= {input_name("record", candidate): path for candidate, path in project.records.items()}
    project.publish({targets[name]: source for name, source in made.items() if source.exists()})


def main() -> int:
    """Do what the command line asks and give the exit code: 0 done, 1 a stage failed, 2 wrong use, 3 the gate said no."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", nargs="?", choices=["run", "compile"], default="run")
    action = parser.parse_args().action
    try:
        place.check(ROOT)
        return compile_pipeline() if action == "compile" else run()
    except PipelineError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
