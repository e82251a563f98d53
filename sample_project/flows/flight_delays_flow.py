"""The pipeline as a Prefect flow: a task for each stage, mapped over months and candidates.

    python flows/flight_delays_flow.py                             run it now
    python flows/flight_delays_flow.py serve --cron "0 6 1 * *"    run it on a schedule, until Ctrl-C

The package is found by PYTHONPATH (export PYTHONPATH="$PWD"), or because it is installed.

Left alone, Prefect starts a server for each run and stops it again, which takes longer than the pipeline. To keep
one: `prefect server start`, then `prefect config set PREFECT_API_URL=http://127.0.0.1:4200/api`. Such a server obeys
any page in your browser, unless it asks for a password: set PREFECT_SERVER_API_AUTH_STRING=name:password where it
starts, and PREFECT_API_AUTH_STRING, to the same, where flows run.

What was done before is not done again: store.py, beside this file, keeps the tasks' results and says when they are good.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

# Before prefect is imported: nobody is told about our runs, and a server that Prefect starts by itself has time to.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "flight_delays")  # what stages log is seen with their tasks
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")

from prefect import flow, unmapped
from prefect.task_runners import ThreadPoolTaskRunner

from flight_delays import artifacts, place
from flight_delays.errors import DataError, GateClosed, PipelineError
from flight_delays.pipeline import Project
from flight_delays.registry import Registry
from store import RESULTS, SAME_DATA_TOO, cached, in_use, keep, workplace

ROOT = Path(__file__).resolve().parent.parent  # the project, whatever the current folder is
MODEL, RECORD = "model.skops", "record.json"  # in the folder of a trained candidate
REPORT, REJECTED = "report.json", "rejected.csv"  # in the folder of a month that was validated


# --- the tasks: run the stage at a temporary place, keep what it made, return where it is ---------------


def function(stage: str) -> Callable[..., None]:
    """The stage itself, imported when it is needed and not before."""
    return getattr(importlib.import_module(f"flight_delays.stages.{stage}"), stage)


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
    """A folder with report.json, what was found in a month, and rejected.csv, what was set aside."""
    with workplace() as folder:
        checked = Path(folder, options["month"])
        function("validate")(raw, checked / REPORT, checked / REJECTED, **options)
        return keep(checked)


@cached(task_run_name="prepare {options[month]}")
def prepare(raw: str, checked: str, options: dict) -> str:
    """The features of a month."""
    with workplace() as folder:
        features = Path(folder, f"{options['month']}.parquet")
        function("prepare")(raw, Path(checked, REPORT), Path(checked, REJECTED), features, **options)
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


class Refused(GateClosed):
    """A no of the gate, and where the decision is kept: an error leaves no result that would tell."""

    def __init__(self, message: str, decision: str = ""):
        super().__init__(message)
        self.decision = decision


@cached(task_run_name="gate")
def gate(reports: str, features: dict[str, str], registry: str, options: dict) -> str:
    """The decision; a no is an error, Refused."""
    with workplace() as folder:
        decision = Path(folder, "decision.json")
        scores = Path(reports, "metrics.json"), Path(reports, "training.json")
        try:
            function("gate")(*scores, features, registry, decision, **options)
        except GateClosed as no:
            raise Refused(str(no), keep(decision)) from no
        return keep(decision)


@cached(task_run_name="register")
def register(
    trained: dict[str, str], features: dict[str, str], reports: str, decision: str, registry: str, options: dict
) -> str:
    """The receipt of the registered model."""
    with workplace() as folder:
        receipt, metrics = Path(folder, "registered.json"), Path(reports, "metrics.json")
        function("register")(of_all(trained, MODEL), features, metrics, decision, registry, receipt, **options)
        return keep(receipt)


def is_champion(registry: Path, features: list[str], options: dict) -> bool:
    """Whether the champion is the model that these training months, parameters and commit give."""
    try:
        champion = Registry(registry, options["model_name"]).champion()
    except DataError:  # gate will say so, if it compares
        return False
    tags = {name: options[name] for name in ("git_commit", "params_hash")} | {"data_hash": artifacts.sha256_of_all(features)}
    return champion is not None and tags.items() <= champion.tags.items()


def made_by(trained: dict[str, str], reports: str, project: Project) -> dict[Path, str | Path]:
    """What training and evaluation made, as artefact of the project -> where the store keeps it."""
    made: dict[Path, str | Path] = {}
    for candidate, folder in trained.items():
        made |= {project.model(candidate): Path(folder, MODEL), project.record(candidate): Path(folder, RECORD)}
    for target in (project.metrics, project.predictions, project.plots, project.training):
        made[target] = Path(reports, target.name)
    return made


# --- the flow -----------------------------------------------------------------------------------------


@flow(
    name="flight-delays",
    task_runner=ThreadPoolTaskRunner(max_workers=2),  # type: ignore[arg-type]  # prefect's types refuse its own runner
    result_storage=RESULTS,
    persist_result=False,
)
def flight_delays() -> None:
    """From raw months to a registered model, as params.yaml says."""
    place.check(ROOT)
    with in_use():
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

        # No hash of inputs tells who is champion now: unless it is the model of this very run, ask and register again.
        how = project.options("gate")
        anew = not is_champion(project.registry, [month.result() for month in train_months.values()], how)
        decision = gate.with_options(refresh_cache=anew).submit(reports, test_months, str(project.registry), how)
        receipt = register.with_options(refresh_cache=anew).submit(
            models, train_months, reports, decision, str(project.registry), project.options("register")
        )

        made = made_by({candidate: model.result() for candidate, model in models.items()}, reports.result(), project)
        try:
            made |= {project.decision: decision.result(), project.receipt: receipt.result()}
        except Refused as no:
            project.publish(made | {project.decision: no.decision})  # one wants to see why
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
