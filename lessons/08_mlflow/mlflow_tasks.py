"""What the tasks of lesson 08 are tried with: journals, registries and files that are as a check wants them, for a while."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml
from mlflow import MlflowClient
from mlflow.projects._project_spec import load_project
from sklearn.metrics import roc_auc_score

from flight_delays import model
from flight_delays.columns import TARGET
from flight_delays.registry import Registry
from workshop.sandbox import Sandbox
from workshop.trying import fresh

REHEARSAL = "rehearsal"
_VERSIONS = 6
_DELETED = (3, 5)


def experiment(client: MlflowClient, name: str, folder: Path) -> str:
    """The id of an experiment without runs, whose files go below `folder`; what was in it before is deleted."""
    found = client.get_experiment_by_name(name)
    if found is None:
        return client.create_experiment(name, artifact_location=(folder / name).as_uri())
    for run in client.search_runs([found.experiment_id]):
        client.delete_run(run.info.run_id)
    return found.experiment_id


def write_journal(client: MlflowClient, experiment_id: str, journal: Mapping[str, Mapping[float, str]]) -> None:
    """Record runs: the month that they were compared on -> ROC AUC -> status, which may be RUNNING."""
    for month, figures in journal.items():
        for figure, status in figures.items():
            run_id = client.create_run(experiment_id, tags={"compared_on": month}).info.run_id
            client.log_metric(run_id, "roc_auc", figure)
            if status != "RUNNING":
                client.set_terminated(run_id, status)


def drawn_score() -> float:
    """A ROC AUC for a journal."""
    return round(fresh("journal").uniform(0.51, 0.89), 3)


def finished_best(journal: Mapping[str, Mapping[float, str]]) -> dict[str, float]:
    """The highest figure of each month among those whose run is FINISHED; a month without one is left out."""
    finished = {month: [figure for figure, status in runs.items() if status == "FINISHED"] for month, runs in journal.items()}
    return {month: max(figures) for month, figures in finished.items() if figures}


def drop(new: Path, champion: Path, features: Iterable[Path]) -> float:
    """By how much the ROC AUC of one model's file is below that of another's, on all flights of these files."""
    flights = model.read_features(list(features))
    of_new, of_champion = (
        float(roc_auc_score(flights[TARGET], model.predict(model.load(file), flights))) for file in (new, champion)
    )
    return of_champion - of_new


def forget_all_but_the_first(client: MlflowClient, registry: Registry, sandbox: Sandbox) -> None:
    """Let the first version be the champion, without any other, and the repository stand at its commit."""
    first, *later = registry.versions()
    registry.roll_back(first.number)
    for version in later:
        client.delete_model_version(registry.model_name, str(version.number))
    sandbox.run(["git", "reset", "-q", "--hard", first.tags["git_commit"]])


def rehearsal(client: MlflowClient, registry: Registry) -> Registry:
    """The registry of another model, in the same database: six versions of one file, two of which are deleted again."""
    if client.search_registered_models(f"name = '{REHEARSAL}'"):
        client.delete_registered_model(REHEARSAL)
    client.create_registered_model(REHEARSAL)
    like = client.get_model_version(registry.model_name, str(registry.versions()[0].number))
    for _ in range(_VERSIONS):
        client.create_model_version(REHEARSAL, source=like.source, run_id=like.run_id, model_id=like.model_id)
    for number in _DELETED:
        client.delete_model_version(REHEARSAL, str(number))
    return Registry(registry.folder, REHEARSAL)


@contextmanager
def changed(file: Path) -> Iterator[None]:
    """Other contents in a file: one byte more."""
    content = file.read_bytes()
    file.write_bytes(content + b"\0")
    try:
        yield
    finally:
        file.write_bytes(content)


@contextmanager
def hidden(file: Path) -> Iterator[None]:
    """A file under another name."""
    elsewhere = file.with_name(f"{file.name}.hidden")
    file.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(file)


@contextmanager
def parameters(sandbox: Sandbox, values: Mapping[str, object]) -> Iterator[None]:
    """Other parameters by dotted key, set one after the other; then params.yaml is again what it was."""
    file = sandbox.root / "params.yaml"
    content = file.read_bytes()
    try:
        for key, value in values.items():
            sandbox.set_param(key, value)
        yield
    finally:
        file.write_bytes(content)


def add_entry(sandbox: Sandbox, name: str, entry: object) -> None:
    """Write an entry point into MLproject, in place of one of the same name."""
    file = sandbox.root / "MLproject"
    described = yaml.safe_load(file.read_text(encoding="utf-8"))
    described["entry_points"][name] = entry
    text = yaml.safe_dump(described, sort_keys=False)  # before the file is opened: not everything can be written as YAML
    file.write_text(text, encoding="utf-8")


def entry_command(sandbox: Sandbox, name: str, **given: str) -> str:
    """What `mlflow run -e name -P ...` hands to bash."""
    return str(load_project(str(sandbox.root)).get_entry_point(name).compute_command(given, None))


def run_entry(sandbox: Sandbox, name: str, **given: str) -> tuple[int, str, list[str]]:
    """Run an entry point as MLflow does: its exit code, what it printed, and the stages that ran, by start."""
    seen = len(sandbox.records())
    done = sandbox.run(["bash", "-c", entry_command(sandbox, name, **given)], check=False)
    return done.returncode, done.stdout, [record.name for record in sandbox.records()[seen:]]
