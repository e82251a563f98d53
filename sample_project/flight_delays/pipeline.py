"""The graph of the pipeline, and where each stage finds and leaves its artefacts.

One name per stage everywhere: module, section of params.yaml, DVC stage, Airflow task_id, Prefect
task, KFP component.
"""

import importlib
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from flight_delays import params as parameters
from flight_delays.errors import ParamsError


@dataclass(frozen=True)
class Stage:
    """A kind of work: the stages whose artefacts it takes, and what it is repeated for, if anything."""

    name: str
    needs: tuple[str, ...]
    each: Literal["month", "candidate"] | None = None


STAGES = {
    stage.name: stage
    for stage in (
        Stage("ingest", (), each="month"),
        Stage("validate", ("ingest",), each="month"),
        Stage("prepare", ("ingest", "validate"), each="month"),
        Stage("train", ("prepare",), each="candidate"),
        Stage("evaluate", ("prepare", "train")),
        Stage("gate", ("prepare", "evaluate")),
        Stage("register", ("prepare", "train", "evaluate", "gate")),
    )
}


def edges() -> set[tuple[str, str]]:
    """Pairs (stage, stage that takes its artefacts)."""
    return {(need, stage.name) for stage in STAGES.values() for need in stage.needs}


class Project:
    """A folder with a params.yaml: the paths of its artefacts and the arguments of its stages.

    `backfill` says that the run is about the past: what would we have had then?
    """

    def __init__(self, root: str | os.PathLike[str], params: parameters.Params, *, backfill: bool = False):
        self.root = Path(root)
        self.params = params
        self.backfill = backfill
        self.metrics = self.root / "reports/metrics.json"
        self.predictions = self.root / "reports/predictions.parquet"
        self.plots = self.root / "reports/plots"
        self.training = self.root / "reports/training.json"
        self.decision = self.root / "reports/decision.json"
        self.receipt = self.root / "reports/registered.json"
        self.card = self.root / "reports/model_card.md"
        self.registry = self.root / "registry"
        self._publishing = self.root / ".engines/publishing.json"

    @classmethod
    def load(cls, root: str | os.PathLike[str] = ".", params_file: str | os.PathLike[str] | None = None) -> "Project":
        """Read and check params.yaml in `root`, or another file; ParamsError if it is wrong.

        Where a run was killed while it published its results, that is brought to its end first.
        """
        project = cls(root, parameters.load(Path(root) / "params.yaml" if params_file is None else params_file))
        if any(project.root.glob(".engines/*publishing.json*")):  # the note, or half of one
            from flight_delays import artifacts  # hardly ever needed, and pandas takes its time

            artifacts.finish_replacing(project._publishing)
        return project

    def publish(self, sources: Mapping[Path, str | os.PathLike[str]]) -> None:
        """Copy what a run made elsewhere, given as artefact of this project -> file or folder: all of it, or nothing.

        For engines that keep the files of their tasks in places of their own. Whoever is killed half-way
        leaves the rest to the next `load`.
        """
        from flight_delays import artifacts

        artifacts.replace_together(sources, self._publishing)

    @property
    def months(self) -> list[str]:
        """All months, in order of time."""
        return sorted(self.params.months)

    def months_of(self, part: Literal["train", "test"]) -> list[str]:
        """The months of one part of the split."""
        return [month for month in self.months if self.params.months[month] == part]

    @property
    def candidates(self) -> list[str]:
        """The candidates that params.yaml describes, in order of name."""
        described = self.params.section("train")["candidates"]
        return sorted(name for name, hyperparameters in described.items() if hyperparameters is not None)

    def items(self, stage: str) -> Sequence[str | None]:
        """What a stage is repeated for: months, candidates, or just [None]."""
        match STAGES[stage].each:
            case "month":
                return self.months
            case "candidate":
                return self.candidates
            case None:
                return [None]

    def raw(self, month: str) -> Path:
        """Folder with the raw tables of a month."""
        return self.root / "data/raw" / month

    def report(self, month: str) -> Path:
        """What validation found in a month."""
        return self.root / f"data/validated/{month}.json"

    def rejected(self, month: str) -> Path:
        """The rows of a month that validation set aside."""
        return self.root / f"data/validated/{month}.rejected.csv"

    def features(self, month: str) -> Path:
        """The prepared month, in the folder of its part of the split."""
        return self.root / f"data/prepared/{self.params.months[month]}/{month}.parquet"

    def prepared(self, part: Literal["train", "test"]) -> dict[str, Path]:
        """The prepared months of one part by name."""
        return {month: self.features(month) for month in self.months_of(part)}

    def features_of(self, part: Literal["train", "test"]) -> list[Path]:
        """The prepared months of one part."""
        return list(self.prepared(part).values())

    def model(self, candidate: str) -> Path:
        """The trained candidate."""
        return self.root / f"models/{candidate}.skops"

    @property
    def models(self) -> dict[str, Path]:
        """All trained candidates by name."""
        return {candidate: self.model(candidate) for candidate in self.candidates}

    def record(self, candidate: str) -> Path:
        """What is worth logging about the training of a candidate."""
        return self.root / f"models/{candidate}.json"

    @property
    def records(self) -> dict[str, Path]:
        """The training records of all candidates by name."""
        return {candidate: self.record(candidate) for candidate in self.candidates}

    def predicted(self, month: str) -> Path:
        """What the champion said about a month."""
        return self.root / f"data/predicted/{month}.parquet"

    def options(self, stage: str, item: str | None = None) -> dict[str, Any]:
        """The keyword arguments of a stage: what params.yaml decides, and its month or candidate."""
        options = self.params.section(stage)
        if stage == "ingest" and options["path"]:
            options["path"] = str(self.root / options["path"])
        if stage == "train":
            options["hyperparameters"] = options.pop("candidates")[item]
        if stage == "gate":
            options |= self.params.section("register") | {"prepared_with": self._prepared_with}
            options |= {"git_commit": git_commit(self.root), "params_hash": self.params.sha256()}
        if stage in ("gate", "register"):
            options["backfill"] = self.backfill
        each = STAGES[stage].each
        return options | ({each: item} if each else {})

    def paths(self, stage: str, item: str | None = None) -> tuple:
        """The positional arguments of a stage: what it reads, then what it writes."""
        train, test = self.prepared("train"), self.prepared("test")
        match stage, item:
            case "ingest", str(month):
                return (self.raw(month),)
            case "validate", str(month):
                return self.raw(month), self.report(month), self.rejected(month)
            case "prepare", str(month):
                return self.raw(month), self.report(month), self.rejected(month), self.features(month)
            case "train", str(candidate):
                return train, self.model(candidate), self.record(candidate)
            case "evaluate", _:
                return self.models, self.records, list(test.values()), self.metrics, self.predictions, self.plots, self.training
            case "gate", _:
                return self.metrics, self.training, test, self.registry, self.decision
            case "register", _:
                return self.models, train, self.metrics, self.decision, self.registry, self.receipt
        raise ValueError(f"{stage} {item}")

    def run(self, stage: str, item: str | None = None) -> None:
        """Run one stage, for one month or candidate where it has any."""
        if item not in self.items(stage):
            raise ParamsError(f"{stage}: {item!r} is not in params.yaml, which has {', '.join(map(str, self.items(stage)))}")
        # imported late: a stage must not wait for the libraries of the others
        function = getattr(importlib.import_module(f"flight_delays.stages.{stage}"), stage)
        function(*self.paths(stage, item), **self.options(stage, item))

    def predict(self, month: str) -> Path:
        """Ask the champion about a month, which need not stand in params.yaml; give the file with its answers."""
        if not re.fullmatch(parameters.MONTH, month):
            raise ParamsError(f"{month!r} is not a month such as 2013-01")
        from flight_delays.predict import predict

        options = self.options("ingest", month) | self.params.section("prepare")
        predict(
            self.registry,
            self.predicted(month),
            **options,
            prepared_with=self._prepared_with,
            model_name=self.params.section("register")["model_name"],
        )
        return self.predicted(month)

    def write_card(self) -> Path:
        """Write the model card of the last run; give its file."""
        from flight_delays.card import card

        source, name = self.params.section("ingest")["source"], self.params.section("register")["model_name"]
        card(self.metrics, self.decision, self.training, self.receipt, self.card, source=source, model_name=name)
        return self.card

    @property
    def _prepared_with(self) -> str:
        """The parameters of `prepare` in one line: a model is asked about features that were made in the same way."""
        return " ".join(f"{name}={value}" for name, value in sorted(self.params.section("prepare").items()))


# the variables of git that say which settings count and where no repository is looked for; others say which repository it is
_WHICH_SETTINGS = (
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_ATTR_NOSYSTEM",
    "GIT_CEILING_DIRECTORIES",
)

# what decides a result, if the data are the same; what a run writes, such as metrics.json and dvc.lock, is not here
_DECIDES = ("flight_delays", "params.yaml", "run_pipeline.py", "MLproject", "dvc.yaml", "dags", "flows", "kubeflow_pipeline")


def git_commit(root: Path) -> str:
    """The commit that is checked out in `root`, with "-dirty" if code, adapters or params.yaml differ from it.

    "unknown" outside of a git repository.
    """
    # a hook of another repository tells every git, by variables, to look there
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _WHICH_SETTINGS}

    def git(*command: str) -> str | None:
        done = subprocess.run(["git", *command], cwd=root, env=env, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    try:
        commit = git("rev-parse", "HEAD")
    except FileNotFoundError:
        return "unknown"
    if commit is None:
        return "unknown"
    # the lock of the index belongs to whoever works in the repository
    changed = git("--no-optional-locks", "status", "--porcelain", "--untracked-files=normal", "--", *_DECIDES)
    return f"{commit}-dirty" if changed else commit


def as_text(project: Project) -> str:
    """The graph for a terminal: a line a stage, with what it takes and how often it runs."""
    lines = []
    for stage in STAGES.values():
        items = ", ".join(item for item in project.items(stage.name) if item)
        needs = " + ".join(stage.needs) or "source"
        lines.append(f"{stage.name:<9} <- {needs}" + (f"   for each {stage.each}: {items}" if items else ""))
    return "\n".join(lines)


def as_mermaid() -> str:
    """The graph in the language of Mermaid, which GitHub and JupyterLab draw."""
    labels = [f'    {s.name}["{s.name}<br/>each {s.each}"]' if s.each else f"    {s.name}" for s in STAGES.values()]
    order = list(STAGES)
    arrows = [f"    {a} --> {b}" for a, b in sorted(edges(), key=lambda e: (order.index(e[1]), order.index(e[0])))]
    return "\n".join(["flowchart LR", *labels, *arrows])
