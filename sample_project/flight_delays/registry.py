"""The model registry: MLflow on SQLite, in a folder of the project, without a server."""

import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pandas as pd

from flight_delays import artifacts
from flight_delays.errors import DataError, DiskFull

if TYPE_CHECKING:  # mlflow takes its time, and is imported where it is needed
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.entities.model_registry import ModelVersion
    from sklearn.pipeline import Pipeline

CHAMPION = "champion"
REQUIREMENTS = ("numpy", "pandas", "scikit-learn", "scipy", "skops")  # of a model, in the versions installed here


@dataclass(frozen=True)
class Version:
    """A registered model: its number, its tags and where its file lies."""

    number: int
    tags: dict[str, str]
    model_file: Path

    def load(self) -> "Pipeline":
        """The fitted model; DataError if its file is broken or, with a way out, gone."""
        from flight_delays import model  # only who asks a model pays for the import of scikit-learn

        if not self.model_file.is_file():
            raise DataError(
                f"{self.model_file}: the file of version {self.number} is gone; bring it back from a copy, or let the next"
                " model that passes take its place (gate.compare: thresholds)"
            )
        return model.load(self.model_file)


def _url(database: Path) -> str:
    """The URL of a SQLite database at any path: in a plain one a question mark would end the path.

    The driver is named because MLflow takes what follows "sqlite:///" for a path, and would make folders of it.
    """
    return f"sqlite+pysqlite:///file:{quote(str(database))}?uri=true"


class Registry:
    """The versions of one model under `folder` (mlflow.db and artifacts/)."""

    def __init__(self, folder: str | os.PathLike[str], model_name: str):
        self.folder = Path(folder).resolve()
        self.model_name = model_name
        self.database = self.folder / "mlflow.db"
        self._opened: MlflowClient | None = None

    def champion(self) -> Version | None:
        """The version that carries the alias champion, or None; DataError if the version of that alias is gone."""
        if not self.database.exists():  # the usual first run: spares the import of mlflow
            return None
        from mlflow.exceptions import MlflowException

        try:
            return self._version(self._client().get_model_version_by_alias(self.model_name, CHAMPION))
        except MlflowException as error:
            if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
        found = self._client().search_registered_models(f"name = '{self.model_name}'")
        number = found[0].aliases.get(CHAMPION) if found else None
        if number is not None:  # no champion would be another answer: whoever comes next would take its place unasked
            raise DataError(
                f"{self.database}: the alias {CHAMPION} is that of version {number}, which is gone;"
                " with gate.compare: thresholds the next model that passes gets it"
            )
        return None

    def versions(self) -> list[Version]:
        """All versions, oldest first."""
        if not self.database.exists():
            return []
        found = self._client().search_model_versions(f"name = '{self.model_name}'")
        return sorted((self._version(v) for v in found), key=lambda version: version.number)

    def record(
        self,
        tags: Mapping[str, str],
        *,
        params: Mapping[str, Any],
        scores: Mapping[str, float],
        curve: Sequence[tuple[int, float]],
    ) -> None:
        """Log a candidate as a run with these tags: what was set, what came of it, how it learned (step, log loss).

        Where there is one with the same tags, what a kill may have left out is added to that. DiskFull if there is no room.
        """
        with self._room():
            self.create()
            client = self._client()
            run = self._run(tags)
            if run and run.info.status == "FINISHED":
                return
            from mlflow.entities import Metric, Param  # after `create` has turned MLflow's telemetry off

            run = run or client.create_run(self._experiment(), tags=dict(tags), run_name=tags["candidate"])
            at = run.info.start_time  # the same the second time: MLflow keeps a point that it has only once
            metrics = [Metric(name, score, at, 0) for name, score in scores.items()]
            metrics += [Metric("training_log_loss", loss, at, step) for step, loss in curve]
            set_to = [Param(name, str(value)) for name, value in params.items()]
            client.log_batch(run.info.run_id, metrics=metrics, params=set_to)
            client.set_terminated(run.info.run_id)

    @contextmanager
    def _room(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # of SQLite, SQLAlchemy, MLflow or the system, whoever meets the full disk first
            if not artifacts.is_full_disk(error):
                raise
            disk = artifacts.disk_of(self.folder)
            raise DiskFull(f"{self.folder}: no room on {disk}; what was in the registry before was kept") from None

    def promote(self, model_path: str | os.PathLike[str], *, tags: Mapping[str, str], example: pd.DataFrame) -> int:
        """Make the model of the run with these tags champion, as `add` gives it; the number of its version."""
        number = self.add(model_path, tags=tags, example=example)
        self._client().set_registered_model_alias(self.model_name, CHAMPION, str(number))
        return number

    def add(self, model_path: str | os.PathLike[str], *, tags: Mapping[str, str], example: pd.DataFrame) -> int:
        """Make the model of the run with these tags a version, unless it is one already; give its number.

        `example` are a few rows of FEATURES, kept with the model. DataError if there is no such run, DiskFull if no room.
        """
        from flight_delays import model  # before MLflow, since skops looks into every module that is loaded

        fitted = model.load(model_path)
        self.create()
        same = [v for v in self.versions() if tags.items() <= v.tags.items() and v.model_file.is_file()]
        with self._room():
            return same[-1].number if same else self._add(fitted, tags, example)

    def roll_back(self, number: int) -> None:
        """Give the alias champion to an earlier version."""
        self._client().set_registered_model_alias(self.model_name, CHAMPION, str(number))

    def create(self) -> None:
        """Make the registry's database, without a model in it, unless there is one."""
        if self.database.exists():
            return
        with artifacts.replacing(self.database) as partial:  # MLflow would never open a file again in which tables are missing
            fresh = self._open(partial)
            fresh.search_experiments()
            fresh.search_registered_models()

    def _client(self) -> "MlflowClient":
        """MLflow, asked once whether it can use the database; DataError if its tables are those of another version."""
        if self._opened is None:  # MLflow looks for plugins in all packages each time
            self._check(self.database)
            from mlflow.exceptions import MlflowException

            try:
                client = self._open(self.database)
                client.search_experiments(max_results=1)
                client.search_registered_models(max_results=1)
            except MlflowException as error:
                raise DataError(
                    f"{self.database}: cannot be used by MLflow {version('mlflow')}: {_first_sentence(error)}."
                    f" Keep a copy and run `mlflow db upgrade sqlite:///{self.database}`, which helps an older one,"
                    f" or move {self.folder} away: the pipeline then begins a new registry"
                ) from None
            self._opened = client
        return self._opened

    def _open(self, database: Path) -> "MlflowClient":
        self._check(database)
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        from mlflow import MlflowClient

        logging.getLogger("mlflow").setLevel(logging.ERROR)  # it tells of every table it creates

        uri = _url(database)
        return MlflowClient(tracking_uri=uri, registry_uri=uri)

    @staticmethod
    def _check(database: Path) -> None:
        try:
            with closing(sqlite3.connect(database)) as connection:
                connection.execute("PRAGMA schema_version")
        except sqlite3.Error as error:
            raise DataError(f"{database}: cannot be read as the registry's database: {error}") from None

    def _run(self, tags: Mapping[str, str]) -> "Run | None":
        """MLflow's run with these tags, or None."""
        wanted = " and ".join(f"tags.{name} = '{value}'" for name, value in tags.items())
        found = self._client().search_runs([self._experiment()], wanted, max_results=1)
        return found[0] if found else None

    def _add(self, fitted: "Pipeline", tags: Mapping[str, str], example: pd.DataFrame) -> int:
        import mlflow.sklearn
        from mlflow.models import infer_signature

        from flight_delays import model

        run = self._run(tags)
        if run is None:
            raise DataError(f"{self.database}: no run of this model; run gate again")
        mlflow.set_tracking_uri(_url(self.database))
        with mlflow.start_run(run_id=run.info.run_id):
            logged = mlflow.sklearn.log_model(
                fitted,
                name="model",
                serialization_format="skops",
                skops_trusted_types=model.TRUSTED_TYPES,
                # MLflow's own commands then answer with probabilities; all columns must be given, though values may be missing
                pyfunc_predict_fn="predict_proba",
                signature=infer_signature(example.fillna(0.0), fitted.predict_proba(example)),
                input_example=example,
                pip_requirements=[f"{package}=={version(package)}" for package in REQUIREMENTS],
            )
        client = self._client()
        if not client.search_registered_models(f"name = '{self.model_name}'"):
            client.create_registered_model(self.model_name)
        added = client.create_model_version(
            self.model_name, source=logged.model_uri, run_id=run.info.run_id, tags=dict(tags), model_id=logged.model_id
        )
        return int(added.version)

    def _experiment(self) -> str:
        client = self._client()
        location = (self.folder / "artifacts").as_uri()  # without one it would write to ./mlruns
        # An experiment writes to its first location for good, so a project that was moved needs another.
        for name in (self.model_name, f"{self.model_name} in {self.folder}"):
            found = client.get_experiment_by_name(name)
            if found is None:
                return client.create_experiment(name, artifact_location=location)
            experiment_id = found.experiment_id
            if found.artifact_location == location:
                break
        return experiment_id

    def _version(self, found: "ModelVersion") -> Version:
        assert found.source  # for `_add` gives every version one
        model_id = found.source.removeprefix("models:/")
        # found by its id below our folder, so that a project that was moved still finds its models
        file = self.folder / "artifacts/models" / model_id / "artifacts/model.skops"
        return Version(int(found.version), dict(found.tags), file)


def _first_sentence(error: Exception) -> str:
    """What an error says first, on one line: MLflow and SQLAlchemy go on with advice, statements and links."""
    return " ".join(str(error).split("\n")[0].split(". ")[0].split())
