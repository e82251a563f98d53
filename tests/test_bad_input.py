"""Bad input: one clear message, the right exit code, and the artefacts of the last good run as they were."""

import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io

from flight_delays import artifacts
from workshop.sandbox import Sandbox

MADE = ("data", "models", "reports", "registry")


def hashes(root: Path) -> dict[str, str]:
    """The hash of every artefact by its path, also of anything left half-way."""
    files = (file for folder in MADE for file in (root / folder).rglob("*") if file.is_file())
    return {file.relative_to(root).as_posix(): artifacts.sha256(file) for file in files}


def refused(sandbox: Sandbox, command: list[str], exit_code: int, *said: str) -> None:
    """Run a command that must fail with this code, saying all of `said` (patterns), and change nothing."""
    before = hashes(sandbox.root)
    done = sandbox.run(["python", *command], check=False)
    assert done.returncode == exit_code, done.stdout
    assert "Traceback" not in done.stdout
    for pattern in said:
        assert re.search(pattern, done.stdout), f"{pattern!r} is not in:\n{done.stdout}"
    assert hashes(sandbox.root) == before


def stage(*arguments: str) -> list[str]:
    return ["-m", "flight_delays", *arguments]


# --- the source's files ---

FLIGHTS = "source/flights.csv.zip"


def _csv(root: Path) -> pd.DataFrame:
    return pd.read_csv(root / FLIGHTS, dtype=str, keep_default_na=False)


def _zip(root: Path, *members: tuple[str, bytes | str]) -> None:
    with zipfile.ZipFile(root / FLIGHTS, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)


def _write(root: Path, table: pd.DataFrame, **options) -> None:
    _zip(root, ("flights.csv", table.to_csv(index=False, **options)))


def missing_column(root):
    _write(root, _csv(root).drop(columns="carrier"))


def text_among_numbers(root):
    table = _csv(root)
    table.loc[[3, 8], "distance"] = ["far", "2.475 mi"]
    _write(root, table)


def no_date(root):
    table = _csv(root)
    table.loc[5, "time_hour"] = "yesterday"
    _write(root, table)


def half_a_flight_number(root):
    table = _csv(root)
    table.loc[5, "flight"] = "15.5"
    _write(root, table)


def empty_file(root):
    (root / FLIGHTS).write_bytes(b"")


def empty_csv(root):
    _zip(root, ("flights.csv", ""))


def header_only(root):
    _write(root, _csv(root).head(0))


def truncated_zip(root):
    content = (root / FLIGHTS).read_bytes()
    (root / FLIGHTS).write_bytes(content[: len(content) // 2])


def damaged_zip(root):
    content = bytearray((root / FLIGHTS).read_bytes())
    content[len(content) // 2] ^= 0xFF
    (root / FLIGHTS).write_bytes(content)


def not_a_zip(root):
    (root / FLIGHTS).write_text("year,month\n2013,1\n")


def zip_without_csv(root):
    _zip(root, ("readme.html", "<html></html>"))


def zip_with_two_csv(root):
    _zip(root, ("a.csv", "x\n1\n"), ("b.csv", "x\n1\n"))


def truncated_csv(root):
    _zip(root, ("flights.csv", _csv(root).to_csv(index=False)[:5000]))


def semicolons(root):
    _write(root, _csv(root), sep=";")


def utf16(root):
    _zip(root, ("flights.csv", _csv(root).to_csv(index=False).encode("utf-16")))


def cyrillic_in_another_encoding(root):
    _zip(root, ("flights.csv", _csv(root).replace("N14228", "Рейс").to_csv(index=False).encode("cp1251")))


def no_file(root):
    (root / FLIGHTS).unlink()


def weather_without_rows(root):
    (root / "source/weather.csv").write_text("")


def planes_without_seats(root):
    planes = pd.read_csv(root / "source/planes.csv")
    planes.drop(columns="seats").to_csv(root / "source/planes.csv", index=False)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (missing_column, r"flights\.csv\.zip: missing column carrier; the file has year, month"),
        (empty_file, r"flights\.csv\.zip: the file is empty"),
        (empty_csv, r"flights\.csv\.zip: the file is empty"),
        (header_only, r"flights\.csv\.zip: no rows below the header"),
        (truncated_zip, r"flights\.csv\.zip: not a zip archive, or a damaged one"),
        (damaged_zip, r"flights\.csv\.zip: not a zip archive, or a damaged one"),
        (not_a_zip, r"flights\.csv\.zip: not a zip archive, or a damaged one"),
        (zip_without_csv, r"flights\.csv\.zip: expected one CSV in the archive, found 0"),
        (zip_with_two_csv, r"flights\.csv\.zip: expected one CSV in the archive, found 2"),
        (truncated_csv, r"flights\.csv\.zip: breaks off in line \d+: \d+ values, not 19; is the file complete\?"),
        (semicolons, r"flights\.csv\.zip: missing column year, .*; the file has year;month;day"),
        (utf16, r"flights\.csv\.zip: not UTF-8 text"),
        (no_file, r"flights\.csv\.zip: no such file"),
        (weather_without_rows, r"weather\.csv: the file is empty"),
        (planes_without_seats, r"planes\.csv: missing column seats"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_source_that_cannot_be_read(sandbox, spoil, said):
    spoil(sandbox.root)
    refused(sandbox, stage("ingest", "--month", "2013-01"), 1, "^ingest: .*source/", said)


def test_month_that_is_not_there(sandbox):
    sandbox.set_param("months", {"2013-01": "train", "2013-12": "test"})
    refused(
        sandbox,
        stage("ingest", "--month", "2013-12"),
        1,
        r"flights\.csv\.zip: no flights in 2013-12; it has 2013-01 to 2013-03",
    )


def test_the_whole_script_stops_at_the_first_bad_file(sandbox):
    truncated_zip(sandbox.root)
    refused(sandbox, ["run_pipeline.py"], 1, r"flights\.csv\.zip: not a zip archive")


# --- raw data that validation must stop ---


def _raw(root: Path, name: str = "flights") -> Path:
    return root / f"data/raw/2013-01/{name}.parquet"


def _change(root: Path, change, name: str = "flights") -> None:
    file = _raw(root, name)
    change(pd.read_parquet(file)).to_parquet(file, index=False)


def _setting(table: pd.DataFrame, column: str, values: dict) -> pd.DataFrame:
    table.loc[list(values), column] = list(values.values())
    return table


def wrong_columns(t):
    text = t["distance"].astype(str).mask(t.index == 2, "far")
    return t.drop(columns="dest").assign(price=1.0, distance=text)


def impossible_values(t):
    t = _setting(t, "sched_dep_time", {1: 2561, 3: 1275})
    t = _setting(t, "arr_delay", {6: 99999})
    return _setting(t, "distance", {2: np.nan})


def impossible_flights(t):
    t = _setting(t, "dep_delay", {2: np.nan})
    t = _setting(t, "dest", {3: t.at[3, "origin"]})
    return pd.concat([t, t.iloc[[4]].assign(line=10**6)], ignore_index=True)


def no_rows(t):
    return t.head(0)


def nothing_arrived(t):
    return t.assign(arr_delay=np.nan, air_time=np.nan)


RAW = r"data/raw/2013-01/flights\.parquet: "


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            wrong_columns,
            [
                RAW + r"missing column dest",
                RAW + r"unknown column price",
                RAW + r"column distance is of type object, not float64",
            ],
        ),
        (
            impossible_values,
            [
                r"validate: flights\.csv\.zip: \d\.\d% of the rows of 2013-01 cannot be, at most 0\.0% expected",
                r"\(validate\.max_rejected_share\): flights\.csv\.zip line \d+: ",
                r"; 2 of sched_dep_time, 1 of \w+, 1 of \w+$",
            ],
        ),
        (
            impossible_flights,
            [
                r"flights\.csv\.zip line \d+: dep_delay: empty, though the flight left",
                r"flights\.csv\.zip line \d+: dest '\w+': the airport that the flight left from",
                r"flights\.csv\.zip line \d+: flight '\d+': the same flight as in line \d+",
            ],
        ),
        (no_rows, [RAW + r"0 flights, at least 100 expected \(validate\.min_rows\)"]),
        (
            nothing_arrived,
            [RAW + r"arr_delay: 100\.0% of the flights have none, at most 10\.0% expected \(validate\.max_missing_share\)"],
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_flights_that_validation_stops(sandbox, change, said):
    sandbox.set_param("validate.max_rejected_share", 0.0)
    _change(sandbox.root, change)
    refused(sandbox, stage("validate", "--month", "2013-01"), 1, *said)


@pytest.mark.parametrize(
    ("spoil", "noted"),
    [
        (text_among_numbers, ["5,distance,far,not a number", "10,distance,2.475 mi,not a number"]),
        (no_date, ["7,time_hour,yesterday,'not a time, such as 2013-01-01T10:00:00Z'"]),
        (half_a_flight_number, ["7,flight,15.5,not a whole number"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_rows_that_are_set_aside(sandbox, spoil, noted):
    spoil(sandbox.root)
    for name in ("ingest", "validate", "prepare"):
        sandbox.run(["python", *stage(name, "--month", "2013-01")])
    rejected = (sandbox.root / "data/validated/2013-01.rejected.csv").read_text(encoding="utf-8").splitlines()
    assert rejected == ["file,line,column,value,reason", *(f"flights.csv.zip,{row}".replace("'", '"') for row in noted)]


def test_another_encoding_is_read_and_said(sandbox):
    cyrillic_in_another_encoding(sandbox.root)
    done = sandbox.run(["python", *stage("ingest", "--month", "2013-01")])
    assert "flights.csv.zip, cp1252" in done.stdout


def test_weather_that_validation_stops(sandbox):
    _change(sandbox.root, lambda t: pd.concat([_setting(t, "temp", {0: 999}), t.tail(1)]), "weather")
    refused(
        sandbox,
        stage("validate", "--month", "2013-01"),
        1,
        r"weather\.parquet: weather\.csv line \d+: temp '999': not between -80 and 140 degrees Fahrenheit",
        r"weather\.csv line \d+: time_hour '[\d :-]+': there twice",
    )


@pytest.mark.parametrize("content", [b"", b"PAR1 but not really"], ids=["empty", "broken"])
def test_broken_parquet(sandbox, content):
    _raw(sandbox.root).write_bytes(content)
    refused(
        sandbox,
        stage("validate", "--month", "2013-01"),
        1,
        r"data/raw/2013-01/flights\.parquet: cannot be read as a Parquet table",
    )


def test_raw_data_that_changed_after_validation(sandbox):
    _change(sandbox.root, lambda t: _setting(t, "dep_delay", {0: 1.0}))
    refused(
        sandbox,
        stage("prepare", "--month", "2013-01"),
        1,
        r"data/raw/2013-01: changed since data/validated/2013-01\.json was written; run validate again",
    )


def test_raw_data_that_went_away_after_validation(sandbox):
    for file in (sandbox.root / "data/raw/2013-01").iterdir():
        file.unlink()
    (sandbox.root / "data/raw/2013-01").rmdir()
    refused(sandbox, stage("prepare", "--month", "2013-01"), 1, r"data/raw/2013-01: no such file or folder")


# --- what the later stages take ---


def test_target_with_nan(sandbox):
    file = sandbox.root / "data/prepared/train/2013-01.parquet"
    _setting(pd.read_parquet(file).astype({"late": float}), "late", {2: np.nan}).to_parquet(file, index=False)
    refused(
        sandbox,
        stage("train", "--candidate", "logistic"),
        1,
        r"2013-01\.parquet: column late: 1 values are neither 0 nor 1 \(row 2: nan\)",
    )


@pytest.mark.parametrize(("command", "part"), [(["train", "--candidate", "logistic"], "train"), (["evaluate"], "test")])
def test_target_of_one_class(sandbox, command, part):
    for file in (sandbox.root / "data/prepared" / part).iterdir():
        pd.read_parquet(file).assign(late=0).to_parquet(file, index=False)
    refused(sandbox, stage(*command), 1, rf"prepared/{part}/.*\.parquet: column late: all \d+ flights are of one class, 0")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.write_bytes(file.read_bytes()[:1000]),
        lambda file: skops.io.dump({"a": 1}, file),
    ],
    ids=["truncated", "something else"],
)
def test_broken_model(sandbox, spoil):
    spoil(sandbox.root / "models/boosting.skops")
    refused(
        sandbox, stage("evaluate"), 1, r"^evaluate: models/boosting\.skops: (cannot be loaded as|holds a dict, not) a model"
    )


@pytest.mark.parametrize(
    ("command", "file", "content", "said"),
    [
        ("gate", "reports/metrics.json", "{", "not JSON"),
        ("gate", "reports/metrics.json", "{}", "missing key best, flights, late_share, candidates; run the stage"),
        ("register", "reports/decision.json", "[]", "expected keys with values, got list"),
        ("gate", "registry/mlflow.db", "not a database", "cannot be read as the registry's database"),
    ],
)
def test_broken_record(sandbox, command, file, content, said):
    (sandbox.root / file).write_text(content)
    refused(sandbox, stage(command), 1, f"{file}: {said}")


# --- params.yaml ---


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("months: [", "not YAML"),
        ("", "expected sections with keys"),
        ("months: {2013-01: train, 2013-02: test}\n", "ingest: Field required"),
    ],
    ids=["not YAML", "empty", "missing sections"],
)
@pytest.mark.parametrize("command", [stage("ingest"), ["run_pipeline.py"]], ids=["stage", "script"])
def test_broken_params(sandbox, command, text, said):
    (sandbox.root / "params.yaml").write_text(text)
    refused(sandbox, command, 2, f"params.yaml: {said}")
