"""The pipeline for Kubeflow Pipelines: every stage a component, which a cluster runs in a container of its own.

python kubeflow_pipeline/flight_delays_kfp.py             run it on this machine, a process for each task
python kubeflow_pipeline/flight_delays_kfp.py compile     write flight_delays.yaml, which a cluster takes as it is

The package is found by PYTHONPATH (export PYTHONPATH="$PWD"), or because it is installed.
Compile again after a change in params.yaml: months, candidates and options are part of the compiled pipeline.
"""

import argparse
import inspect
import json
import linecache
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from kfp import compiler, dsl, local
from kfp.dsl.graph_component import GraphComponent

from flight_delays import artifacts, place
from flight_delays.errors import GateClosed, PipelineError
from flight_delays.pipeline import Project, git_commit

ROOT = Path(__file__).resolve().parent.parent
COMPILED = Path(__file__).with_name("flight_delays.yaml")
OUTPUTS = ROOT / ".engines/kubeflow"

# For a cluster: an image with Python, kfp and this project, its root in PYTHONPATH, pushed to where the cluster pulls
# from. Dockerfile says how. Give every build a tag of its own: KFP takes cached results for as long as image and
# inputs are the same.
IMAGE = "flight-delays-python:1"


def component(function: Callable[..., None], **several: Sequence[str]) -> Callable[..., dsl.PipelineTask]:
    """Make a component of a function; an argument named in `several` gets an input for each of its items.

    KFP 2 cannot pass the outputs of several tasks to one input (dsl.Collected can, but not on a local run). So
    `months: dict[str, dsl.Dataset]` is written out to `months_2013_01: dsl.Input[dsl.Dataset], ...` in the source,
    which is what KFP takes of a component.
    """
    header, body = inspect.getsource(function).split(") -> None:\n", 1)
    for name, items in several.items():
        names = {item: input_name(name, item) for item in items}
        [kind] = re.findall(rf"\b{name}: dict\[str, ([\w.]+)\]", header)
        arguments = ", ".join(f"{each}: dsl.Input[{kind}]" for each in names.values())
        header = header.replace(f"{name}: dict[str, {kind}]", arguments)
        collected = ", ".join(f'"{item}": {each}' for item, each in names.items())
        body = f"    {name} = {{{collected}}}\n{body}"
    source = f"{header}) -> None:\n{body}"
    file = f"<component {function.__name__}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)  # where inspect looks for it
    namespace = {**function.__globals__}
    exec(compile(source, file, "exec"), namespace)
    written_out = namespace[function.__name__]
    written_out.__doc__ = function.__doc__
    return dsl.component(written_out, base_image=IMAGE, install_kfp_package=False)


def input_name(argument: str, item: str) -> str:
    """The name of the input of one item, such as months_2013_01."""
    return f"{argument}_{re.sub(r'[^0-9A-Za-z]', '_', item)}"


def inputs(argument: str, outputs: dict) -> dict:
    """The arguments for a component that takes the outputs of several tasks (item -> output)."""
    return {input_name(argument, item): output for item, output in outputs.items()}


# The components. A cluster gets the text of each function and nothing around it: imports belong inside.


def ingest(
    raw: dsl.Output[dsl.Dataset],
    month: str,
    source: str,
    path: str = "",
    rows: int = 0,
) -> None:
    """Fetch one month of raw data; an empty path and 0 rows stand for null, which the local runner does not take."""
    from flight_delays.stages.ingest import ingest as stage

    stage(raw.path, month=month, source=source, path=path or None, rows=rows or None)


def validate(
    raw: dsl.Input[dsl.Dataset],
    report: dsl.Output[dsl.Artifact],
    month: str,
    min_rows: int,
    max_missing_share: float,
) -> None:
    """Check one month of raw data."""
    from flight_delays.stages.validate import validate as stage

    stage(raw.path, report.path, month=month, min_rows=min_rows, max_missing_share=max_missing_share)


def prepare(
    raw: dsl.Input[dsl.Dataset],
    report: dsl.Input[dsl.Artifact],
    features: dsl.Output[dsl.Dataset],
    month: str,
    horizon_hours: float,
    window_hours: float,
    late_minutes: int,
) -> None:
    """Turn one month into what a model may know before departure."""
    from flight_delays.stages.prepare import prepare as stage

    stage(
        raw.path,
        report.path,
        features.path,
        month=month,
        horizon_hours=horizon_hours,
        window_hours=window_hours,
        late_minutes=late_minutes,
    )


def train(
    months: dict[str, dsl.Dataset],
    model: dsl.Output[dsl.Model],
    record: dsl.Output[dsl.Artifact],
    candidate: str,
    seed: int,
    hyperparameters: str,
) -> None:
    """Train one candidate on the months of the train part.

    The hyperparameters come as JSON text: the numbers of a dict all become floats on the way, and 80.0 iterations
    are refused.
    """
    import json

    from flight_delays.stages.train import train as stage

    model.metadata["candidate"] = candidate
    features = {name: month.path for name, month in months.items()}
    stage(features, model.path, record.path, candidate=candidate, seed=seed, hyperparameters=json.loads(hyperparameters))


def evaluate(
    models: dict[str, dsl.Model],
    records: dict[str, dsl.Artifact],
    months: dict[str, dsl.Dataset],
    metrics: dsl.Output[dsl.Metrics],
    predictions: dsl.Output[dsl.Dataset],
    plots: dsl.Output[dsl.Artifact],
    training: dsl.Output[dsl.Artifact],
    curves: dsl.Output[dsl.HTML],
    choose_by: str,
    calibration_bins: int,
) -> None:
    """Compare the candidates on later months; KFP shows the metrics and the curves beside the task."""
    import base64
    from pathlib import Path

    from flight_delays import artifacts
    from flight_delays.stages.evaluate import evaluate as stage

    stage(
        {candidate: model.path for candidate, model in models.items()},
        {candidate: record.path for candidate, record in records.items()},
        [month.path for month in months.values()],
        metrics.path,
        predictions.path,
        plots.path,
        training.path,
        choose_by=choose_by,
        calibration_bins=calibration_bins,
    )
    for candidate, scores in artifacts.read_json(metrics.path)["candidates"].items():
        for name, value in scores.items():
            metrics.log_metric(f"{candidate} {name}", value)
    pictures = [
        f'<img alt="{file.stem}" src="data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}">'
        for file in sorted(Path(plots.path).glob("*.png"))
    ]
    Path(curves.path).write_text("\n".join(pictures), encoding="utf-8")


def gate(
    metrics: dsl.Input[dsl.Metrics],
    training: dsl.Input[dsl.Artifact],
    months: dict[str, dsl.Dataset],
    decision: dsl.Output[dsl.Artifact],
    registry: str,
    model_name: str,
    git_commit: str,
    params_hash: str,
    prepared_with: str,
    backfill: bool,
    compare: str,
    min_roc_auc: float,
    min_average_precision: float,
    max_brier: float,
    max_roc_auc_drop: float,
) -> None:
    """Let the best candidate pass, or stop it: the task fails, and nothing after it runs."""
    from flight_delays.stages.gate import gate as stage

    stage(
        metrics.path,
        training.path,
        {name: month.path for name, month in months.items()},
        registry,
        decision.path,
        model_name=model_name,
        git_commit=git_commit,
        params_hash=params_hash,
        prepared_with=prepared_with,
        backfill=backfill,
        compare=compare,
        min_roc_auc=min_roc_auc,
        min_average_precision=min_average_precision,
        max_brier=max_brier,
        max_roc_auc_drop=max_roc_auc_drop,
    )


def register(
    models: dict[str, dsl.Model],
    months: dict[str, dsl.Dataset],
    metrics: dsl.Input[dsl.Metrics],
    decision: dsl.Input[dsl.Artifact],
    receipt: dsl.Output[dsl.Artifact],
    registry: str,
    model_name: str,
    backfill: bool,
) -> None:
    """Put the model that passed into the registry."""
    from flight_delays.stages.register import register as stage

    stage(
        {candidate: model.path for candidate, model in models.items()},
        {name: month.path for name, month in months.items()},
        metrics.path,
        decision.path,
        registry,
        receipt.path,
        model_name=model_name,
        backfill=backfill,
    )


def build(project: Project) -> GraphComponent:
    """The pipeline for the months and candidates of params.yaml: their loops are unrolled here, when it is compiled.

    Its outputs are what a run leaves: the reports, and for each candidate its model and its training record.
    """
    train_months, test_months = project.months_of("train"), project.months_of("test")
    ingest_month, validate_month, prepare_month = component(ingest), component(validate), component(prepare)
    train_candidate = component(train, months=train_months)
    evaluate_all = component(evaluate, models=project.candidates, records=project.candidates, months=test_months)
    gate_best = component(gate, months=test_months)
    register_best = component(register, models=project.candidates, months=train_months)
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
            ingested = ingest_month(**fetch).set_display_name(f"ingest {month}")
            ingested.set_retry(num_retries=2, backoff_duration="5s")  # the one that may meet a network; ignored locally
            raw = ingested.outputs["raw"]
            report = validate_month(raw=raw, **project.options("validate", month)).set_display_name(f"validate {month}")
            prepared = prepare_month(raw=raw, report=report.outputs["report"], **project.options("prepare", month))
            features[month] = prepared.set_display_name(f"prepare {month}").outputs["features"]
        learn = {month: features[month] for month in train_months}
        judge = {month: features[month] for month in test_months}

        for candidate in project.candidates:
            how = project.options("train", candidate)
            how["hyperparameters"] = json.dumps(how["hyperparameters"])
            trained = train_candidate(**inputs("months", learn), **how)
            trained.set_display_name(f"train {candidate}")
            models[candidate], records[candidate] = trained.outputs["model"], trained.outputs["record"]

        scored = evaluate_all(
            **inputs("models", models),
            **inputs("records", records),
            **inputs("months", judge),
            **project.options("evaluate"),
        )
        metrics, training = scored.outputs["metrics"], scored.outputs["training"]
        how = project.options("gate") | {"git_commit": git_commit, "params_hash": params_hash}
        decision = gate_best(
            metrics=metrics, training=training, **inputs("months", judge), registry=registry, **how
        ).set_caching_options(False)  # the champion it compares with is no input that KFP knows of
        receipt = register_best(
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
    pipeline = build(project)
    shutil.rmtree(OUTPUTS, ignore_errors=True)
    OUTPUTS.mkdir(parents=True)
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
