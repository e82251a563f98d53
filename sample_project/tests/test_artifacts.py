"""What stages leave for each other, spoilt: one line says which file it is and what is wrong; results of before stay."""
# ruff: noqa: E501 - a case of a table is one line

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flight_delays import artifacts, reports
from flight_delays.errors import DataError, DiskFull, PipelineError
from flight_delays.pipeline import Project

PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A finished project that a test may spoil."""
    shutil.copytree(finished.root, tmp_path / "project")
    return Project.load(tmp_path / "project")


def spoil(*keys, value):
    """A function that sets a value below these keys of a JSON file."""

    def change(file: Path) -> None:
        content = artifacts.read_json(file)
        place = content
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value
        file.write_text(json.dumps(content), encoding="utf-8")

    return change


def holding(text: str):
    return lambda file: file.write_text(text, encoding="utf-8")


def becoming_a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def becoming_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


BEST = ("candidates", "boosting")
AGAIN = "; run the stage that writes it again"
SPOILT = [  # what it is, which file, what is done to it, which stage reads it, what that says
    ("a score above 1", "metrics", spoil(*BEST, "roc_auc", value=17), "gate", "candidates.boosting.roc_auc: Input should be less than or equal to 1, got 17"),
    ("a score in words", "metrics", spoil(*BEST, "brier", value="good"), "gate", "candidates.boosting.brier: Input should be a valid number, got 'good'"),
    ("no score", "metrics", spoil(*BEST, "brier", value=None), "gate", "candidates.boosting.brier: Input should be a valid number, got None"),
    ("scores that are none", "metrics", spoil("candidates", value="all"), "gate", "candidates: Input should be a valid dictionary, got 'all'"),
    ("a best that is nobody", "metrics", spoil("best", value="forest"), "gate", "best: 'forest' is not one of the candidates, boosting, logistic"),
    ("a best that is a list", "metrics", spoil("best", value=["boosting"]), "gate", "best: Input should be a valid string, got ['boosting']"),
    ("a quotation mark in a name", "metrics", spoil("candidates", "it's", value={}), "gate", "candidates.it's: String should match"),
    ("not a number", "metrics", holding('{"best": NaN}'), "gate", "not JSON: NaN is no number"),
    ("too deep", "metrics", holding("[" * 100_000), "gate", "not JSON: nested too deeply"),
    ("too many digits", "metrics", holding('{"best": ' + "9" * 5000 + "}"), "gate", "not JSON: Exceeds the limit"),
    ("another encoding", "metrics", lambda file: file.write_bytes(b"\xff\xfe{}"), "gate", "not JSON: 'utf-8' codec can't decode"),
    ("a pipe", "metrics", becoming_a_pipe, "gate", "cannot be read: it is a pipe, a socket or a device, not a file"),
    ("a folder", "metrics", becoming_a_folder, "gate", "cannot be read: it is a folder, not a file"),
    ("a hash that is none", "training", spoil("boosting", "data_hash", value="x' OR 1"), "gate", "data_hash: String should match pattern"),
    ("a month that is none", "training", spoil("boosting", "months", value=["January"]), "gate", "months.0: String should match pattern"),
    ("a curve of words", "training", spoil("boosting", "learning_curve", value=[["a", 1]]), "gate", "learning_curve.0.0: Input should be a valid number, got 'a'"),
    ("parameters that are a list", "training", spoil("boosting", "params", value=[1]), "gate", "params: Input should be a valid dictionary, got [1]"),
    ("a candidate without a record", "training", holding("{}"), "gate", "missing key boosting, logistic"),
    ("a decision that is a word", "decision", spoil("passed", value="yes"), "register", "passed: Input should be a valid boolean, got 'yes'"),
    ("a decision on nobody", "decision", spoil("candidate", value="forest"), "register", "forest is none of the candidates, boosting, logistic; run gate again"),
    ("tags that are none", "decision", spoil("tags", value=[]), "register", "tags: Input should be a valid dictionary or instance of Tags, got []"),
    ("a report on nothing", "report", holding("{}"), "prepare", "missing key month, raw_sha256, rejected_sha256"),
    ("a hash that is a number", "report", spoil("raw_sha256", value=1e308), "prepare", "raw_sha256: Input should be a valid string, got 1e+308"),
    ("rows taken off the list", "rejected", holding("file,line,column,value,reason\nx.csv,3,a,,b\n"), "prepare", "changed since"),
    ("a list that is gone", "rejected", lambda file: file.unlink(), "prepare", "no such file or folder"),
    ("a list that is a pipe", "rejected", becoming_a_pipe, "prepare", "cannot be read: it is a pipe, a socket or a device"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "change", "stage", "said"), [pytest.param(*case[1:], id=case[0]) for case in SPOILT])
def test_a_spoilt_file_is_one_line(project, what, change, stage, said):
    month = project.months[0]
    file = {"report": project.report(month), "rejected": project.rejected(month)}.get(what) or getattr(project, what)
    made = {"gate": project.decision, "register": project.receipt, "prepare": project.features(month)}[stage]
    before = artifacts.sha256(made)
    change(file)
    with pytest.raises(DataError) as error:
        project.run(stage, month if stage == "prepare" else None)
    assert str(error.value).startswith(f"{file}: ")
    assert said in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 800
    if made != file:
        assert artifacts.sha256(made) == before


@pytest.mark.parametrize("folder", ["data", "data/raw", "data/validated"])
def test_a_file_where_a_folder_should_be(finished, tmp_path, folder):
    project = Project(tmp_path, Project.load(finished.root).params)
    (tmp_path / folder).parent.mkdir(exist_ok=True)
    (tmp_path / folder).write_text("a note")
    source = Project.load(finished.root)
    paths = project.paths("validate", "2013-01")[1:] if folder != "data/raw" else None
    with pytest.raises(DataError, match=rf"{folder}: is a file where a folder is needed, for .*; move it away$"):
        if paths is None:
            artifacts.write_json(project.raw("2013-01") / "x.json", {})
        else:
            from flight_delays.stages.validate import validate

            validate(source.raw("2013-01"), *paths, **source.options("validate", "2013-01"))
    assert (tmp_path / folder).read_text() == "a note"


def test_a_folder_where_a_file_should_be(tmp_path):
    (tmp_path / "metrics.json").mkdir()
    with pytest.raises(DataError, match=r"metrics\.json: cannot be written: Is a directory; the one of before was kept$"):
        artifacts.write_json(tmp_path / "metrics.json", {})


def test_a_name_that_is_too_long(tmp_path):
    with pytest.raises(DataError, match=r"cannot be written: File name too long; there was none before$"):
        artifacts.write_json(tmp_path / ("x" * 300), {})


def test_other_errors_of_the_system_are_not_put_into_our_words(tmp_path):
    with pytest.raises(OSError, match="unplugged"), artifacts.replacing(tmp_path / "a") as partial:
        partial.write_text("half")
        raise OSError(errno.EIO, "unplugged")
    assert list(tmp_path.iterdir()) == []


# --- a full disk ---

FULL_DISK = """
import sys
from pathlib import Path
from flight_delays import artifacts
from flight_delays.errors import PipelineError
import numpy as np, pandas as pd

disk, how = Path(sys.argv[1]), sys.argv[2]
artifacts.write_json(disk / "kept.json", {"of": "before"})
artifacts.write_parquet(disk / "kept.parquet", pd.DataFrame({"a": [1]}))
before = {file.name: file.read_bytes() for file in disk.iterdir()}
much = np.random.default_rng(1).random(3_000_000)

def json(): artifacts.write_json(disk / "kept.json", much.tolist())
def parquet(): artifacts.write_parquet(disk / "kept.parquet", pd.DataFrame({"a": much}))
def rows(): artifacts.write_rows(disk / "kept.parquet", pd.DataFrame({"a": much}), np.arange(len(much)))
def csv(): artifacts.write_csv(disk / "new.csv", pd.DataFrame({"a": much}))
def together():
    there = Path(sys.argv[3])
    (there / "file").write_bytes(much.tobytes())
    artifacts.replace_together({disk / "kept.json": there / "file"}, disk / "note.json")
def together_folder():
    there = Path(sys.argv[3])
    (there / "folder").mkdir()
    (there / "folder/file").write_bytes(much.tobytes())
    artifacts.replace_together({disk / "kept.json": there / "folder"}, disk / "note.json")

try:
    globals()[how]()
except PipelineError as error:
    print(type(error).__name__, error)
after = {file.name: file.read_bytes() for file in disk.iterdir() if file.suffix != ".lock"}
print(after == before)
"""


def _on_a_small_disk(tmp_path: Path, code: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run code whose first argument is a disk of 4 MB, in a namespace of our own, as any user may make one where that is allowed."""
    disk = tmp_path / "диск"
    disk.mkdir()
    script = f'mount -t tmpfs -o size=4m none "$1" && exec "{sys.executable}" -c "$2" "$1" "$3" "$4"'
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(disk), code, *arguments]
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1"}
    try:
        done = subprocess.run(inside, env=environment, capture_output=True, text=True, timeout=300, check=False)
    except FileNotFoundError:
        pytest.skip("this system has no unshare")
    if "unshare:" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"this system lets nobody mount a disk: {done.stderr}")
    return done


@pytest.mark.parametrize("how", ["json", "parquet", "rows", "csv", "together", "together_folder"])
def test_a_full_disk_is_one_line_and_nothing_is_lost(tmp_path, how):
    done = _on_a_small_disk(tmp_path, FULL_DISK, how, str(tmp_path))
    disk = tmp_path / "диск"
    said, untouched = done.stdout.splitlines() or [done.stderr, ""]
    name = {"json": "kept.json", "csv": "new.csv"}.get(how, "kept.json" if how.startswith("together") else "kept.parquet")
    kept = "there was none before" if how == "csv" else "the one of before was kept"
    assert said.startswith(f"DiskFull {disk / name}: no room on the disk of {disk} (")
    assert said.endswith(f" MB free); {kept}")
    assert untouched == "True"


FULL_REGISTRY = """
import sys
from pathlib import Path
from flight_delays.errors import PipelineError
from flight_delays.registry import Registry

disk = Path(sys.argv[1])
registry = Registry(disk / "registry", "flights")

def record(number, curve):
    tags = {"candidate": "boosting", "data_hash": str(number)}
    registry.record(tags, params={"seed": 1}, scores={"roc_auc": 0.5}, curve=curve)

record(1, [(1, 0.5)])
with open(disk / "filler", "wb", buffering=0) as filler:
    try:
        while filler.write(bytes(4096)):
            pass
    except OSError:
        pass
try:
    record(2, [(step, 0.5) for step in range(20_000)])
except PipelineError as error:
    print(type(error).__name__, error)
(disk / "filler").unlink()
client = Registry(disk / "registry", "flights")._client()
runs = client.search_runs([client.get_experiment_by_name("flights").experiment_id], "tags.data_hash = '1'")
print([run.data.metrics["roc_auc"] for run in runs])
"""


def test_a_full_disk_under_the_registry(tmp_path):
    done = _on_a_small_disk(tmp_path, FULL_REGISTRY)
    said, kept = done.stdout.splitlines() or [done.stderr, ""]
    registry = tmp_path / "диск/registry"
    assert said.startswith(f"DiskFull {registry}: no room on the disk of {registry.parent} (")
    assert said.endswith("; what was in the registry before was kept")
    assert kept == "[0.5]"


def test_a_full_disk_is_a_failure_of_the_stage():
    assert issubclass(DiskFull, PipelineError)
    assert DiskFull.exit_code == 1


def test_rows_are_written_in_slices_as_in_one(tmp_path, monkeypatch):
    frame = pd.DataFrame({"a": np.arange(1000.0), "b": [None] * 600 + ["x"] * 400, "c": pd.Timestamp("2013-01-01")})
    frame["c"] = frame["c"].astype("datetime64[us]")
    rows = np.random.default_rng(1).permutation(1000)
    monkeypatch.setattr(artifacts, "_SLICE", 64)
    artifacts.write_rows(tmp_path / "a.parquet", frame, rows)
    pd.testing.assert_frame_equal(artifacts.read_parquet(tmp_path / "a.parquet"), frame.iloc[rows].reset_index(drop=True))
    artifacts.write_rows(tmp_path / "a.parquet", frame, rows[:0])
    assert len(artifacts.read_parquet(tmp_path / "a.parquet")) == 0


def test_every_report_of_a_run_is_what_the_reader_expects(finished):
    project = Project.load(finished.root)
    reports.read(project.metrics, reports.Metrics)
    reports.read(project.decision, reports.Decision)
    reports.read(project.receipt, reports.Receipt)
    reports.read_training(project.training, *project.candidates)
    for month in project.months:
        assert reports.read(project.report(month), reports.Validated)["rejected"]["rows"] == 0
