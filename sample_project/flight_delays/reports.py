"""What the JSON files hold that stages leave for each other, checked when they are read: a hand may have been at them."""

import os
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from flight_delays import artifacts
from flight_delays.errors import DataError, named, wrong_fields

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Month = Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
Name = Annotated[str, Field(pattern=r"^\w+$")]  # of a candidate
Point = Annotated[list[float], Field(min_length=2, max_length=2)]


class Report(BaseModel):
    """A JSON object with at least these keys; others are let through as they are."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class Validated(Report):
    """What `validate` writes."""

    month: Month
    raw_sha256: Sha256
    rejected_sha256: Sha256


class Training(Report):
    """What `train` writes beside a model."""

    params: dict[str, bool | int | float | str | None]
    months: Annotated[list[Month], Field(min_length=1)]
    flights: Count
    data_hash: Sha256
    model_hash: Sha256
    learning_curve: list[Point]


class Scores(Report):
    """The scores of a candidate."""

    roc_auc: Share
    average_precision: Share
    brier: Share
    log_loss: Annotated[float, Field(ge=0)]
    calibration_error: Share


class Metrics(Report):
    """What `evaluate` writes."""

    best: Name
    flights: Count
    late_share: Share
    candidates: dict[Name, Scores]

    @model_validator(mode="after")
    def _the_best_is_one_of_them(self) -> Self:
        if self.best not in self.candidates:
            raise ValueError(f"best: {self.best!r} is not one of the candidates, {', '.join(self.candidates) or 'none'}")
        return self


class Tags(Report):
    """What a model is known by in the registry."""

    git_commit: str
    params_hash: Sha256
    prepared_with: str
    metrics_hash: Sha256
    candidate: Name
    train_months: str
    data_hash: Sha256
    model_hash: Sha256


class Decision(Report):
    """What `gate` writes."""

    candidate: Name
    passed: bool
    reasons: list[str]
    judged_by: list[str]
    test_months: list[Month]
    thresholds: dict[str, float]
    tags: Tags


class Receipt(Report):
    """What `register` writes."""

    version: Annotated[int, Field(ge=1)]
    alias: str | None


def read(path: str | os.PathLike[str], kind: type[Report]) -> dict[str, Any]:
    """A JSON file that a stage wrote; DataError, in one line, if it is missing or broken or its values cannot be."""
    content = artifacts.read_json(path)
    check(path, content, kind)
    return content


def read_training(path: str | os.PathLike[str], *candidates: str) -> dict[str, Any]:
    """The training records of the candidates, as `evaluate` gathers them; DataError as `read` has it."""
    content = artifacts.read_json(path, *candidates)
    for candidate in candidates:
        check(path, content[candidate], Training)
    return content


def check(path: str | os.PathLike[str], content: Any, kind: type[Report]) -> None:
    """DataError, in one line, if the content of a file is not what `kind` says."""
    try:
        kind.model_validate(content)
    except ValidationError as error:
        problems = error.errors()
        missing = [".".join(map(str, p["loc"])) for p in problems if p["type"] == "missing"]
        wrong = wrong_fields(p for p in problems if p["type"] != "missing")
        said = "; ".join([f"missing key {', '.join(missing)}"] * bool(missing) + wrong)
        raise DataError(f"{named(os.fspath(path))}: {said}; run the stage that writes it again") from None
