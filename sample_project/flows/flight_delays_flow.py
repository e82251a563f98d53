"""The pipeline as a Prefect flow: a task for each stage, mapped over months and candidates.

    python flows/flight_delays_flow.py                             run it now
    python flows/flight_delays_flow.py serve --cron "0 6 1 * *"    run it on a schedule, until Ctrl-C

The package is found by PYTHONPATH (export PYTHONPATH="$PWD"), or because it is installed.

Left alone, Prefect starts a server for each run and stops it again, which takes longer than the pipeline. To keep
one: `prefect server start`, then `prefect config set PREFECT_API_URL=http://127.0.0.1:4200/api`. Such a server obeys
any page in your browser, unless it asks for a password: set PREFECT_SERVER_API_AUTH_STRING=name:password where it
starts, and PREFECT_API_AUTH_STRING, to the same, where flows run.

What was done before is not done again. Prefect looks a task's result up by a key made of its inputs
and its code. Inputs that were paths such as models/boosting.skops would be the same whatever the file
holds, and the cache would answer with the model of other parameters. So tasks here keep what they make
in a store where the path names the content (store/<SHA-256>/boosting.skops): another content is another
path, thus another key, and what an old result points at is never overwritten.
"""

import argparse
import functools
import importlib
import os
import shutil
import sys
import threading
from collections.abc import Callable
from modulefinder import ModuleFinder
from pathlib import Path
from tempfile import TemporaryDirectory

# Before prefect is imported: nobody is told about our runs, and a server that Prefect starts by itself has time to.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "flight_delays")  # what stages log is seen with their tasks
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")

from prefect import Task, flow, task, unmapped
from prefect.cache_policies import INPUTS, TASK_SOURCE, CachePolicy
from prefect.client.schemas.objects import TaskRun
from prefect.context import TaskRunContext
from prefect.states import State
from prefect.task_runners import ThreadPoolTaskRunner

from flight_delays import artifacts, place
from flight_delays.errors import GateClosed, PipelineError
from flight_delays.pipeline import Project
from flight_delays.registry import Registry

ROOT = Path(__file__).resolve().parent.parent  # the project, whatever the current folder is
RESULTS = ROOT / ".engines/prefect/results"  # remove this folder, and all is done anew
STORE = RESULTS / "store"  # inside, so that no result outlives the file it points at
MODEL, RECORD = "model.skops", "record.json"  # in the folder of a trained candidate
DECISION = STORE / "decision.json"  # as gate wrote it last: a no is an error and leaves no result


# --- when is a result of before still good? -----------------------------------------------------------

ONE_AT_A_TIME = threading.Lock()


@functools.cache
def code_of(stage: str) -> str:
    """Hash of the modules of the project that a stage imports, directly or through others."""
    # ModuleFinder empties a cache of the interpreter's, and of two at once one fails with KeyError: Prefect takes a key
    # that fails for none, and runs the task again. The first tasks of a flow are two at once.
    with ONE_AT_A_TIME:
        finder = ModuleFinder(path=[str(ROOT)])
        finder.import_hook(f"flight_delays.stages.{stage}")
    files = (module.__file__ for module in finder.modules.values())  # type: ignore[attr-defined]  # typeshed does not know it
    return artifacts.sha256_of_all(file for file in files if file)


def stage_code(context: TaskRunContext, inputs: dict) -> str:
    """What TASK_SOURCE does not see: the code that the task calls, and where its files are kept."""
    return f"{code_of(context.task.name)} {STORE}"


def source_data(context: TaskRunContext, inputs: dict) -> str | None:
    """The content of the user's own data, at a path that stays the same when a file there changes."""
    path = inputs["options"]["path"]
    return artifacts.sha256(path) if path and Path(path).exists() else None


SAME_INPUTS_AND_CODE = INPUTS + TASK_SOURCE + CachePolicy.from_cache_key_fn(stage_code)
SAME_DATA_TOO = SAME_INPUTS_AND_CODE + CachePolicy.from_cache_key_fn(source_data)


def may_pass(task: Task, task_run: TaskRun, state: State) -> bool:
    """Whether to try again: not after an error of ours, which will be the same the next time."""
    return not isinstance(state.data, PipelineError)


def cached(
    *, task_run_name: str, cache_policy: CachePolicy = SAME_INPUTS_AND_CODE
) -> Callable[[Callable[..., str]], Task[..., str]]:
    """Make a task whose result is kept, and which is tried again after an error that may pass."""
    return task(
        task_run_name=task_run_name,
        persist_result=True,
        cache_policy=cache_policy,
        retries=2,
        retry_delay_seconds=1,
        retry_condition_fn=may_pass,
    )


# --- the tasks: run the stage at a temporary place, keep what it made, return where it is ---------------


def function(stage: str) -> Callable[..., None]:
    """The stage itself, imported when it is needed and not before."""
    return getattr(importlib.import_module(f"flight_delays.stages.{stage}"), stage)


def workplace() -> TemporaryDirectory:
    """A folder to work in, on the disk of the store."""
    STORE.mkdir(parents=True, exist_ok=True)
    return TemporaryDirectory(dir=STORE, prefix=".new-")


def keep(made: Path) -> str:
    """Move a file or folder into the store; give its path there, which holds the hash of its content."""
    kept = STORE / artifacts.sha256(made) / made.name
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        made.rename(kept)
    return str(kept)


def of_all(trained: dict[str, str], name: str) -> dict[str, Path]:
    """The file of this name of every candidate."""
    return {candidate: Path(folder, name) for candidate, folder in trained.items()}


@cached(task_run_name="ingest {options[month]}", cache_policy=SAME_DATA_TOO)
def ingest(options: dict) -> str:
    """One month of raw tables."""
    with workplace() as folder:
        raw = Path(folder, options["month"])
        function("ingest")(raw, **options)
        return keep(raw)


@cached(task_run_name="validate {options[month]}")
def validate(raw: str, options: dict) -> str:
    """What was found in a month."""
    with workplace() as folder:
        report = Path(folder, f"{options['month']}.json")
        function("validate")(raw, report, **options)
        return keep(report)


@cached(task_run_name="prepare {options[month]}")
def prepare(raw: str, report: str, options: dict) -> str:
    """The features of a month."""
    with workplace() as folder:
        features = Path(folder, f"{options['month']}.parquet")
        function("prepare")(raw, report, features, **options)
        return keep(features)


@cached(task_run_name="train {options[candidate]}")
def train(features: dict[str, str], options: dict) -> str:
    """A folder with model.skops and record.json of one candidate."""
    with workplace() as folder:
        trained = Path(folder, options["candidate"])
        function("train")(features, trained / MODEL, trained / RECORD, **options)
        return keep(trained)


@cached(task_run_name="evaluate")
def evaluate(trained: dict[str, str], features: list[str], options: dict) -> str:
    """A folder with metrics.json, predictions.parquet, plots/ and training.json."""
    with workplace() as folder:
        reports = Path(folder, "reports")
        files = [reports / name for name in ("metrics.json", "predictions.parquet", "plots", "training.json")]
        function("evaluate")(of_all(trained, MODEL), of_all(trained, RECORD), features, *files, **options)
        return keep(reports)


@cached(task_run_name="gate")
def gate(reports: str, features: dict[str, str], registry: str, options: dict) -> str:
    """The decision; a no is an error, GateClosed."""
    function("gate")(Path(reports, "metrics.json"), Path(reports, "training.json"), features, registry, DECISION, **options)
    with workplace() as folder:
        return keep(Path(shutil.copy(DECISION, folder)))


@cached(task_run_name="register")
def register(
    trained: dict[str, str], features: dict[str, str], reports: str, decision: str, registry: str, options: dict
) -> str:
    """The receipt of the registered model."""
    with workplace() as folder:
        receipt, metrics = Path(folder, "registered.json"), Path(reports, "metrics.json")
        function("register")(of_all(trained, MODEL), features, metrics, decision, registry, receipt, **options)
        return keep(receipt)


# --- the flow -----------------------------------------------------------------------------------------


def is_champion(registry: Path, features: list[str], options: dict) -> bool:
    """Whether the champion is the model that these training months, parameters and commit give."""
    champion = Registry(registry, options["model_name"]).champion()
    tags = {name: options[name] for name in ("git_commit", "params_hash")} | {"data_hash": artifacts.sha256_of_all(features)}
    return champion is not None and tags.items() <= champion.tags.items()


@flow(
    name="flight-delays",
    task_runner=ThreadPoolTaskRunner(max_workers=2),  # type: ignore[arg-type]  # prefect's types refuse its own runner
    result_storage=RESULTS,
    persist_result=False,
)
def flight_delays() -> None:
    """From raw months to a registered model, as params.yaml says."""
    place.check(ROOT)
    project = Project.load(ROOT)

    def options(stage: str) -> list[dict]:
        return [project.options(stage, item) for item in project.items(stage)]

    raw = ingest.map(options("ingest"))
    checked = validate.map(raw, options("validate"))
    prepared = prepare.map(raw, checked, options("prepare"))
    months = dict(zip(project.months, prepared, strict=True))
    train_months = {month: months[month] for month in project.months_of("train")}
    test_months = {month: months[month] for month in project.months_of("test")}
    trained = train.map(unmapped(train_months), options("train"))
    models = dict(zip(project.candidates, trained, strict=True))
    reports = evaluate.submit(models, list(test_months.values()), project.options("evaluate"))

    for stage in (raw, checked, prepared, trained, reports):
        stage.result()  # waits; the first error is raised here, before those that only follow from it
    folders = {candidate: Path(model.result()) for candidate, model in models.items()}
    made: dict[Path, str | Path] = {project.model(candidate): folder / MODEL for candidate, folder in folders.items()}
    made |= {project.record(candidate): folder / RECORD for candidate, folder in folders.items()}
    for target in (project.metrics, project.predictions, project.plots, project.training):
        made[target] = Path(reports.result(), target.name)

    # No hash of inputs tells who is champion now: unless it is the model of this very run, ask and register again.
    how = project.options("gate")
    anew = not is_champion(project.registry, [month.result() for month in train_months.values()], how)
    decision = gate.with_options(refresh_cache=anew).submit(reports, test_months, str(project.registry), how)
    receipt = register.with_options(refresh_cache=anew).submit(
        models, train_months, reports, decision, str(project.registry), project.options("register")
    )
    try:
        made |= {project.decision: decision.result(), project.receipt: receipt.result()}
    except GateClosed:
        project.publish(made | {project.decision: DECISION})  # one wants to see why
        raise
    project.publish(made)


def main() -> int:
    """Run the flow once, or serve it on a schedule; give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command")
    serve = commands.add_parser("serve", help="stay, and run the flow on a schedule")
    serve.add_argument("--cron", required=True, help='such as "0 6 1 * *": at six on the first of each month (UTC)')
    arguments = parser.parse_args()
    try:
        place.check(ROOT)  # before a server is started
        if arguments.command == "serve":
            flight_delays.serve(name="scheduled", cron=arguments.cron)
            return 0
        flight_delays()
    except PipelineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
