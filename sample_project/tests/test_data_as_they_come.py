"""What people put in, and what they are told: a month of the Bureau with something odd in it, a line of the table for each.

The good month has 200 flights from New York to Los Angeles, in the lines 2 to 201 of its file. What is refused leaves the
last good result as it was, and says why in one line; what is set aside is in rejected.csv, and the rest goes on.
"""
# ruff: noqa: E501 - a case of a table is one line

import csv
import functools
import io
import os
import shutil
import zipfile
from pathlib import Path

import pytest
import yaml

from flight_delays import artifacts, params
from flight_delays.errors import DataError
from flight_delays.pipeline import Project
from flight_delays.stages.ingest import ingest

PROJECT = Path(__file__).resolve().parent.parent
MONTH, FLIGHTS = "2024-01", 200
PREZIPPED = {
    "FlightDate": "2024-01-{day:02}",
    "Reporting_Airline": "AA",
    "Tail_Number": "N{n}AA",
    "Flight_Number_Reporting_Airline": "{n}",
    "Origin": "JFK",
    "OriginCityName": "New York",  # which nobody reads
    "Dest": "LAX",
    "CRSDepTime": "0900",
    "DepTime": "0905",
    "DepDelay": "5.00",
    "CRSArrTime": "1200",
    "ArrTime": "1210",
    "ArrDelay": "10.00",
    "CRSElapsedTime": "360.00",
    "ActualElapsedTime": "365.00",
    "AirTime": "300.00",
    "Distance": "2475.00",
}
FORM = {
    "FlightDate": "FL_DATE",
    "Reporting_Airline": "OP_UNIQUE_CARRIER",
    "Tail_Number": "TAIL_NUM",
    "Flight_Number_Reporting_Airline": "OP_CARRIER_FL_NUM",
    "Origin": "ORIGIN",
    "OriginCityName": "ORIGIN_CITY_NAME",
    "Dest": "DEST",
    "CRSDepTime": "CRS_DEP_TIME",
    "DepTime": "DEP_TIME",
    "DepDelay": "DEP_DELAY",
    "CRSArrTime": "CRS_ARR_TIME",
    "ArrTime": "ARR_TIME",
    "ArrDelay": "ARR_DELAY",
    "CRSElapsedTime": "CRS_ELAPSED_TIME",
    "ActualElapsedTime": "ACTUAL_ELAPSED_TIME",
    "AirTime": "AIR_TIME",
    "Distance": "DISTANCE",
}


# --- the good month, and ways to spoil it ---------------------------------------------------------------


def good_month() -> list[str]:
    rows = [[text.format(n=n, day=1 + n % 31) for text in PREZIPPED.values()] for n in range(1, FLIGHTS + 1)]
    return [",".join(PREZIPPED), *(",".join(row) for row in rows)]


def text(lines: list[str], encoding: str = "utf-8") -> bytes:
    return "".join(f"{line}\n" for line in lines).encode(encoding)


def as_it_is(lines):
    return text(lines)


def cells(column, **values):
    """Values for a column: cells("ArrTime", line7="2505")."""

    def change(lines):
        for line, value in values.items():
            number = int(line.removeprefix("line")) - 1
            row = lines[number].split(",")
            row[list(PREZIPPED).index(column)] = value
            lines[number] = ",".join(row)
        return text(lines)

    return change


def every(column, value):
    """The same value in all rows of a column."""
    return cells(column, **{f"line{number}": value for number in range(2, FLIGHTS + 2)})


def line(number, new):
    """Another text in place of a line, or what a function makes of it."""

    def change(lines):
        lines[number - 1] = new(lines[number - 1]) if callable(new) else new
        return text(lines)

    return change


def extra(new, after=100):
    """One more line."""
    return lambda lines: text([*lines[:after], new(lines[after - 1]) if callable(new) else new, *lines[after:]])


def without(*columns):
    def change(lines):
        rows = [dict(zip(PREZIPPED, row.split(","), strict=True)) for row in lines]
        return text([",".join(value for name, value in row.items() if name not in columns) for row in rows])

    return change


def form(lines):
    """The other download: other names, another form of dates, and a comma at the end of each line."""
    names, *rows = (row.split(",") for row in lines)
    dates = (row[0].split("-") for row in rows)
    rows = [
        [f"{int(month)}/{int(day)}/{year} 12:00:00 AM", *row[1:]] for (year, month, day), row in zip(dates, rows, strict=True)
    ]
    return text([",".join([*row, ""]) for row in ([FORM[name] for name in names], *rows)])


def encoded(encoding):
    return lambda lines: text(lines, encoding)


def replaced(old, new):
    return lambda lines: text(lines).replace(old, new)


def only(content):
    return lambda _: content


def zipped(method=zipfile.ZIP_DEFLATED, *, names=("flights.csv",), spoil=None):
    """A zip archive with the month under each of the names; `spoil` changes the archive's bytes."""

    def change(lines):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive:
            for name in names:
                archive.writestr(name, text(lines))
        content = stream.getvalue()
        return spoil(content) if spoil else content

    change.suffix = ".zip"
    return change


def damaged(content):
    return content[:200] + bytes(256 - byte if byte else 1 for byte in content[200:260]) + content[260:]


def half(content):
    return content[: len(content) // 2]


def asking_for_a_password(content):
    changed = bytearray(content)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        changed[content.index(mark) + place] |= 1
    return bytes(changed)


def unclosed(row):
    return row.replace("New York", '"New York')


def folder(path):
    path.unlink()
    path.mkdir()


def pipe(path):
    path.unlink()
    os.mkfifo(path)


def gone(path):
    path.unlink()


def twice(path):
    shutil.copyfile(path, path.with_name("other_2024_1.csv"))


# --- refused --------------------------------------------------------------------------------------------

DATES = "is neither YYYY-MM-DD nor M/D/YYYY 12:00:00 AM"
REFUSED = [  # what is done to the file, the stage that refuses, what it says
    ("days before months", every("FlightDate", "02.01.2024"), "ingest", rf"line 2: FlightDate '02\.01\.2024' {DATES}; so are 200 "),
    ("slashes without a time", every("FlightDate", "1/2/2024"), "ingest", rf"line 2: FlightDate '1/2/2024' {DATES}"),
    ("one such date", cells("FlightDate", line90="02.01.2024"), "ingest", rf"line 90: FlightDate '02\.01\.2024' {DATES}; so are 1 "),
    ("a date with a time zone", cells("FlightDate", line3="2024-01-31T23:30:00-05:00"), "ingest", r"line 3: .*, and no time zone"),
    ("a date with a time", cells("FlightDate", line3="2024-01-31 00:00:00"), "ingest", rf"line 3: FlightDate '2024-01-31 .*{DATES}"),
    ("an afternoon", cells("FlightDate", line3="1/2/2024 12:00:00 PM"), "ingest", rf"line 3: FlightDate .*{DATES}"),
    ("a year of two digits", cells("FlightDate", line3="24-01-02"), "ingest", rf"line 3: FlightDate '24-01-02' {DATES}"),
    ("no date", cells("FlightDate", line3=""), "ingest", rf"line 3: FlightDate '' {DATES}"),
    ("a number of days", every("FlightDate", "45292"), "ingest", rf"line 2: FlightDate '45292' {DATES}"),
    ("an endless date", cells("FlightDate", line3="1" * 10_000), "ingest", r"line 3: FlightDate '1{30,40}\.\.\.1{30,40}' is neither"),
    ("another month", every("FlightDate", "2024-02-03"), "ingest", r"no flights in 2024-01; it has 2024-02 to 2024-02$"),
    ("a column is missing", without("Origin"), "ingest", r"missing column Origin, as the Bureau's prezipped month calls it; the file has"),
    ("two are missing", without("Dest", "Distance"), "ingest", r"missing column Dest, Distance, as"),
    ("a column of the form", lambda ls: form(ls).replace(b"CRS_DEP_TIME", b"X"), "ingest", r"missing column CRS_DEP_TIME, as the Bureau's form"),
    ("neither download", line(1, "a,b,c"), "ingest", r"missing column FlightDate, .*; the file has a, b, c$"),
    ("columns that a terminal would obey", line(1, "\x1b[2J,b\u2028c"), "ingest", r"the file has \\x1b\[2J, b\\u2028c$"),
    ("semicolons", replaced(b",", b";"), "ingest", r"missing column FlightDate, .*; the file has FlightDate;Reporting_Airline;"),
    ("tabs", replaced(b",", b"\t"), "ingest", r"missing column FlightDate, "),
    ("a column twice", line(1, lambda row: row.replace("OriginCityName", "Dest")), "ingest", r"column Dest is there twice$"),
    ("no header", lambda ls: text(ls[1:]), "ingest", r"missing column FlightDate, .*the file has 2024-01-02, AA"),
    ("empty", only(b""), "ingest", r"the file is empty$"),
    ("blank lines", only(b"\n\n  \n"), "ingest", r"the file is empty$"),
    ("a header alone", lambda ls: text(ls[:1]), "ingest", r"no rows below the header$"),
    ("UTF-16", encoded("utf-16"), "ingest", r"not UTF-8 text, but UTF-16 or no text at all; save it as UTF-8$"),
    ("a picture", only(b"\x89PNG\r\n\x1a\n\0\0\0"), "ingest", r"(not UTF-8 text|missing column)"),
    ("old line ends", replaced(b"\n", b"\r"), "ingest", r"lines end in a carriage return alone; save it with line feeds$"),
    ("it breaks off", lambda ls: text(ls)[:-40], "ingest", r"breaks off in line 201: \d+ values, not 17; is the file complete\?$"),
    ("it breaks off in quotation marks", lambda ls: line(201, unclosed)(ls)[:-60], "ingest", r"breaks off in line 201: a quotation mark"),
    ("a line without an end", only(text(good_month()) + b"x" * (3 << 20)), "ingest", r"a line is longer than 1 MB, which is no CSV"),
    ("half a zip", zipped(spoil=half), "ingest", r"not a zip archive, or a damaged one: "),
    ("a damaged zip", zipped(spoil=damaged), "ingest", r"not a zip archive, or a damaged one: "),
    ("a damaged bzip2", zipped(zipfile.ZIP_BZIP2, spoil=damaged), "ingest", r"cannot be read: a damaged archive: "),
    ("a damaged lzma", zipped(zipfile.ZIP_LZMA, spoil=damaged), "ingest", r"not a zip archive, or a damaged one: "),
    ("a zip with a password", zipped(spoil=asking_for_a_password), "ingest", r"cannot be unpacked: .*password"),
    ("a zip without a CSV", zipped(names=("readme.html",)), "ingest", r"expected one CSV in the archive, found 0$"),
    ("a zip with two", zipped(names=("a.csv", "b.csv")), "ingest", r"expected one CSV in the archive, found 2$"),
    ("an empty zip", zipped(spoil=lambda content: b""), "ingest", r"the file is empty$"),
    ("half of the rows", every("ArrTime", "2505"), "validate", r"100\.0% of the rows of 2024-01 cannot be, at most 1\.0% expected \(validate\.max_rejected_share\)"),
    ("three of two hundred", cells("AirTime", line3="4", line4="3", line5="2"), "validate", r"1\.5% of the rows .*: bad_2024_1\.csv line 3: AirTime '4': not between 5 and 1500 minutes in the air; .* line 4: .* line 5: "),
    ("four, which are counted", cells("ArrTime", line3="2505", line4="x", line5="1299", line6="9999"), "validate", r"2\.0% of the rows .* line 5: .*; 4 of ArrTime$"),
    ("airports of another country", every("Origin", "SVO"), "validate", r"100\.0% of the rows .* line 2: Origin 'SVO': not in the table of flight_delays/sources/airports\.py"),
    ("a carrier that is a number", every("Reporting_Airline", "9.5"), "validate", r"Reporting_Airline '9\.5': not the code of a carrier"),
    ("departures in the far future", every("CRSDepTime", "1e18"), "validate", r"CRSDepTime '1e\+18': not a time of day"),
    ("nothing arrived", every("ArrDelay", ""), "validate", r"100\.0% of the rows of 2024-01 cannot be.*ArrDelay: empty, though the flight was in the air and landed"),
    ("few flights", lambda ls: text(ls[:40]), "validate", r"39 flights, at least 100 expected \(validate\.min_rows\)$"),
]  # fmt: skip

FILES = [  # what is done to the path, what is said
    ("a folder of that name", folder, r"bad_2024_1\.csv: cannot be read: it is a folder, not a file$"),
    ("a pipe", pipe, r"bad_2024_1\.csv: cannot be read: it is a pipe, a socket or a device, not a file$"),
    ("no file", gone, r"expected one file ending in _2024_1\.csv or \.zip for 2024-01, found none$"),
    ("two files", twice, r"for 2024-01, found bad_2024_1\.csv, other_2024_1\.csv$"),
]

# --- set aside ------------------------------------------------------------------------------------------

TIME = "not a time of day: HHMM, from 0000 to 2400"
QUOTES = "a quotation mark without its partner, or a line break in a value"
SET_ASIDE = [  # what is done to the file; line, column, value and reason in rejected.csv
    ("an arrival at 25:05", cells("ArrTime", line3="2505"), (3, "ArrTime", "2505", TIME)),
    ("sixty minutes", cells("DepTime", line3="1260"), (3, "DepTime", "1260", TIME)),
    ("half a minute", cells("DepTime", line3="905.5"), (3, "DepTime", "905.5", TIME)),
    ("four minutes in the air", cells("AirTime", line3="4.00"), (3, "AirTime", "4", "not between 5 and 1500 minutes in the air")),
    ("six days late", cells("ArrDelay", line3="9999"), (3, "ArrDelay", "9999", "not between -1440 and 7200 minutes")),
    ("a delay in words", cells("DepDelay", line3="late"), (3, "DepDelay", "late", "not a number")),
    ("a decimal comma", line(3, lambda row: row.replace("2475.00", '"2475,00"')), (3, "Distance", "2475,00", "not a number")),
    ("no distance", cells("Distance", line3=""), (3, "Distance", "", "empty")),
    ("nowhere far", cells("Distance", line3="1e300"), (3, "Distance", "1e+300", "not between 10 and 10000 miles")),
    ("five thousand digits", cells("Distance", line3="9" * 5000), (3, "Distance", "9" * 80, "a number too large")),
    ("infinity", cells("AirTime", line3="inf"), (3, "AirTime", "inf", "not a number")),
    ("a departure at no time", cells("CRSDepTime", line3="2561"), (3, "CRSDepTime", "2561", TIME)),
    ("a departure in words", cells("CRSDepTime", line3="noon"), (3, "CRSDepTime", "noon", "not a number")),
    ("no departure", cells("CRSDepTime", line3=""), (3, "CRSDepTime", "", "empty")),
    ("no number", cells("Flight_Number_Reporting_Airline", line3=""), (3, "Flight_Number_Reporting_Airline", "", "empty")),
    ("half a number", cells("Flight_Number_Reporting_Airline", line3="15.5"), (3, "Flight_Number_Reporting_Airline", "15.5", "not a whole number")),
    ("a number with letters", cells("Flight_Number_Reporting_Airline", line3="15A"), (3, "Flight_Number_Reporting_Airline", "15A", "not a number")),
    ("flight 0", cells("Flight_Number_Reporting_Airline", line3="0"), (3, "Flight_Number_Reporting_Airline", "0", "not a flight number from 1 to 9999")),
    ("no carrier", cells("Reporting_Airline", line3=""), (3, "Reporting_Airline", "", "empty")),
    ("a carrier in words", cells("Reporting_Airline", line3="Delta"), (3, "Reporting_Airline", "Delta", "not the code of a carrier: two capital letters or digits")),
    ("an unknown airport", cells("Origin", line3="QQQ"), (3, "Origin", "QQQ", "not in the table of flight_delays/sources/airports.py, where its time zone belongs")),
    ("no destination", cells("Dest", line3=""), (3, "Dest", "", "empty")),
    ("a destination in small letters", cells("Dest", line3="lax"), (3, "Dest", "lax", "not the code of an airport: three capital letters or digits")),
    ("back to where it left from", cells("Dest", line3="JFK"), (3, "Dest", "JFK", "the airport that the flight left from")),
    ("left, but nobody knows how late", cells("DepDelay", line3=""), (3, "DepDelay", "", "empty, though the flight left")),
    ("arrived without leaving", cells("DepTime", line3=""), (3, "DepTime", "", "empty, though the flight arrived")),
    ("landed without a delay", cells("ArrDelay", line3=""), (3, "ArrDelay", "", "empty, though the flight was in the air and landed")),
    ("longer in the air than under way", cells("ActualElapsedTime", line3="200"), (3, "ActualElapsedTime", "200", "less than the time in the air")),
    ("planned for no time", cells("CRSElapsedTime", line3="0"), (3, "CRSElapsedTime", "0", "not between 10 and 1800 minutes from gate to gate")),
    ("30 February", cells("FlightDate", line3="2024-01-32"), (3, "FlightDate", "2024-01-32", "there is no such day")),
    ("a value too many", line(3, lambda row: row + ",0"), (3, "", good_month()[2][:80], "18 values, not 17")),
    ("a value too many, in another encoding", lambda ls: line(3, "M\x81" + ",0" * 17)(ls).replace("\x81".encode(), b"\xfc"), (3, "", "M�" + ",0" * 17, "18 values, not 17")),
    ("a value too few", line(3, "2024-01-03,AA"), (3, "", "2024-01-03,AA", "2 values, not 17")),
    ("a quotation mark", line(9, unclosed), (9, "", unclosed(good_month()[8])[:80], QUOTES)),
    ("a carriage return", line(9, lambda row: row.replace("New", "New\r")), (9, "", good_month()[8].replace("New", "New\r")[:80], QUOTES)),
    ("a line of something else", extra("-- 200 rows selected --"), (101, "", "-- 200 rows selected --", "1 values, not 17")),
    ("nothing but the day", line(3, "2024-01-03" + "," * 16), (3, "Dest", "", "empty")),
    ("the same flight again", extra(lambda row: row), (101, "Flight_Number_Reporting_Airline", "99", "the same flight as in line 100")),
    ("no letter of any encoding", lambda ls: cells("Tail_Number", line3="N\x81")(ls).replace("\x81".encode(), b"\x81"), (3, "Tail_Number", "N\\x81", "neither UTF-8 nor Windows-1252")),
]  # fmt: skip

# --- read -----------------------------------------------------------------------------------------------

FEW = {"encoding": "utf-8", "rows": FLIGHTS, "left_out": 0, "unread": 0}
READ = [  # what is done to the file, what differs in the report from FEW
    ("as it is", as_it_is, {}),
    ("the form's download", form, {}),
    ("zipped", zipped(), {}),
    ("zipped by bzip2", zipped(zipfile.ZIP_BZIP2), {}),
    ("zipped by lzma", zipped(zipfile.ZIP_LZMA), {}),
    ("zipped, not compressed", zipped(zipfile.ZIP_STORED), {}),
    ("zipped on a Mac", zipped(names=("flights.csv", "__MACOSX/._flights.csv")), {}),
    ("line ends of Windows", replaced(b"\n", b"\r\n"), {}),
    ("no line end at the end", lambda ls: text(ls)[:-1], {}),
    ("a byte order mark", encoded("utf-8-sig"), {}),
    ("blank lines below", lambda ls: text([*ls, "", ""]), {}),
    ("lines of commas below", lambda ls: text([*ls, "," * 16]), {}),
    ("blanks around values", cells("DepDelay", line3=" 5.00 "), {}),
    ("quotation marks", replaced(b"New York", b'"New York, NY"'), {}),
    ("columns in another order", lambda ls: text([",".join(reversed(row.split(","))) for row in ls]), {}),
    ("no elapsed times", without("CRSElapsedTime", "ActualElapsedTime", "AirTime"), {}),
    ("a column that is not read", without("OriginCityName"), {}),
    ("Windows-1252 in a column that is read", lambda ls: cells("Tail_Number", line150="NÄ")(ls).replace("Ä".encode(), b"\xc4"), {"encoding": "cp1252"}),
    ("Windows-1252 in one that is not", replaced(b"New York", b"M\xfcnchen"), {"encoding": "cp1252"}),
    ("no letter of any encoding in one that is not", replaced(b"New York", b"\x81\xff"), {"encoding": "cp1252"}),
    ("UTF-8", replaced(b"New York", "Нью-Йорк".encode()), {}),
    ("other months too", lambda ls: text([*ls, *(row.replace("2024-01-", "2024-02-") for row in ls[1:51])]), {"rows": 250, "left_out": 50}),
    ("diverted, as R writes it", line(3, lambda row: row.replace(",10.00,", ",NA,").replace(",300.00,", ",NA,")), {"never": 1}),
    ("an empty tail number", cells("Tail_Number", line3=""), {}),
]  # fmt: skip


@functools.cache
def good_params() -> params.Params:
    content = yaml.safe_load((PROJECT / "params.yaml").read_text(encoding="utf-8"))
    content["months"] = {MONTH: "train", "2024-02": "test"}
    content["ingest"] |= {"source": "bts", "path": "months"}
    return params.parse(content)


def run(project: Project) -> Project:
    for stage in ("ingest", "validate", "prepare"):
        project.run(stage, MONTH)
    return project


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Project:
    """A project in which the good month has come as far as its features."""
    root = tmp_path_factory.mktemp("done")
    (root / "months").mkdir()
    (root / "months/bad_2024_1.csv").write_bytes(text(good_month()))
    return run(Project(root, good_params()))


@pytest.fixture
def project(done, tmp_path) -> Project:
    """A copy of it, to be spoilt."""
    shutil.copytree(done.root, tmp_path / "project")
    return Project(tmp_path / "project", good_params())


def put(project: Project, change) -> None:
    (project.root / "months/bad_2024_1.csv").unlink()
    file = project.root / f"months/bad_2024_1{getattr(change, 'suffix', '.csv')}"
    file.write_bytes(change(good_month()))


def of(project: Project, stage: str) -> list[str]:
    """What a stage has left, by content; and no trace of a part of anything."""
    assert [path.name for path in project.root.rglob(".*")] == []
    made = {"ingest": [project.raw(MONTH)], "validate": [project.report(MONTH), project.rejected(MONTH)]}
    return [artifacts.sha256(path) for path in made[stage]]


def refused(project: Project, stage: str, said: str) -> None:
    before = of(project, stage)
    with pytest.raises(DataError, match=said) as error:
        run(project)
    assert error.value.exit_code == 1
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 1500
    assert of(project, stage) == before


def table(cases):
    return pytest.mark.parametrize(list("abcdef")[: len(cases[0]) - 1], [pytest.param(*case[1:], id=case[0]) for case in cases])


@table(REFUSED)
def test_refused_in_one_line(project, a, b, c):
    put(project, a)
    refused(project, b, c)


@table(FILES)
def test_no_file_to_read(project, a, b):
    a(project.root / "months/bad_2024_1.csv")
    refused(project, "ingest", b)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere", r"nowhere: no such file \(ingest\.path in params\.yaml\)$"),
        ("x" * 300, r"xxx\.\.\.xxx.*: cannot be read: File name too long \(ingest\.path in params\.yaml\)$"),
        ("/dev/zero", r"/dev/zero: cannot be read: it is a pipe, a socket or a device, not a file \(ingest\.path"),
        ("a\0b", r": cannot be read: embedded null byte \(ingest\.path in params\.yaml\)$"),
    ],
    ids=["nowhere", "too long", "a device", "a zero byte"],
)
def test_a_path_that_leads_to_no_file(done, path, said):
    before = of(done, "ingest")
    options = done.options("ingest", MONTH) | {"path": path}
    with pytest.raises(DataError, match=said):
        ingest(done.raw(MONTH), **options)
    assert of(done, "ingest") == before


@table(SET_ASIDE)
def test_set_aside_with_line_and_reason(project, a, b):
    put(project, a)
    run(project)
    with project.rejected(MONTH).open(encoding="utf-8", newline="") as stream:
        header, first, *more = csv.reader(stream)
    assert header == ["file", "line", "column", "value", "reason"]
    assert first == ["bad_2024_1.csv", *map(str, b)]
    assert {row[1] for row in more} <= {first[1]}  # one row of the file, which may have several faults
    report = artifacts.read_json(project.report(MONTH))
    assert report["rejected"]["rows"] == 1
    rows = report["source"]["rows"]
    assert report["rows"]["flights"] == rows - 1
    assert report["rejected"]["share"] == pytest.approx(1 / rows, abs=1e-6)
    features = artifacts.read_parquet(project.features(MONTH))
    assert len(features) == rows - 1  # and no other row has gone


def test_a_line_break_in_a_value_is_two_lines_that_cannot_be_split(project):
    put(project, line(9, lambda row: row.replace("New York", '"New\nYork"')))
    run(project)
    with project.rejected(MONTH).open(encoding="utf-8", newline="") as stream:
        rejected = list(csv.DictReader(stream))
    assert [(row["line"], row["reason"]) for row in rejected] == [("9", QUOTES), ("10", QUOTES)]
    assert artifacts.read_parquet(project.raw(MONTH) / "flights.parquet")["line"].max() == FLIGHTS + 2


@table(READ)
def test_read_without_a_word(project, a, b):
    put(project, a)
    run(project)
    report = artifacts.read_json(project.report(MONTH))
    expected = FEW | b
    never_arrived = expected.pop("never", 0)
    assert report["source"] == expected | {"file": report["source"]["file"]}
    assert report["rejected"]["rows"] == 0
    assert (report["rows"]["flights"], report["cancelled_or_diverted"]) == (FLIGHTS, never_arrived)
    assert len(artifacts.read_parquet(project.features(MONTH))) == FLIGHTS - never_arrived


def test_there_are_enough_of_them():
    assert len(REFUSED) + len(FILES) + len(SET_ASIDE) + len(READ) >= 60
