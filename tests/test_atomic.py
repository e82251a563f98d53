"""A stage that is killed leaves the old artefact or the new one, never a part of one; the next run puts all in order."""

import functools
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flight_delays import artifacts, model
from flight_delays.pipeline import Project
from flight_delays.registry import Registry
from tests.killed_stage import child
from workshop.engines.servers import wait_for

KILLED_STAGE = Path(__file__).with_name("killed_stage.py")
KILLED_PUBLISH = Path(__file__).with_name("killed_publish.py")
RENAMES = "os.rename"
ALL = "os.rename,os.remove,os.rmdir,os.mkdir,open"


def leftovers(root: Path) -> list[str]:
    return [path.name for path in root.rglob("*") if path.name.endswith((".partial", ".previous"))]


@pytest.mark.parametrize(
    ("stage", "item", "events", "made", "at_least"),
    [
        ("ingest", "2013-01", ALL, ["data/raw/2013-01"], 10),
        ("validate", "2013-01", ALL, ["data/validated/2013-01.json", "data/validated/2013-01.rejected.csv"], 4),
        ("prepare", "2013-01", ALL, ["data/prepared/train/2013-01.parquet"], 1),
        ("train", "logistic", RENAMES, ["models/logistic.skops", "models/logistic.json"], 2),
        (
            "evaluate",
            "",
            RENAMES,
            [f"reports/{name}" for name in ("metrics.json", "training.json", "predictions.parquet", "plots")],
            5,
        ),
    ],
)
def test_killed_before_each_change_it_makes(sandbox, stage, item, events, made, at_least):
    done = sandbox.run(["python", str(KILLED_STAGE), stage, item, events, *made])
    *kills, end = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(kills) >= at_least
    assert end["code"] == 0
    assert "old" not in end["killed"]
    new = end["after"]
    for kill in kills:
        assert kill["code"] == -signal.SIGKILL
        for path, found, complete in zip(made, kill["killed"], new, strict=True):
            # no portable call swaps two folders: for a moment there is none, and the old one waits beside
            assert found in ("old", complete) or (found == "gone" and not Path(path).suffix), (path, kill)
        assert (kill["again"], kill["after"], kill["left"]) == (0, new, [])


def test_results_of_a_run_that_is_killed_while_it_publishes_are_all_old_or_all_new(sandbox):
    done = sandbox.run(["python", str(KILLED_PUBLISH)])
    *kills, end = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(kills) > 30
    assert [kill["code"] for kill in kills] == [-signal.SIGKILL] * len(kills)
    assert [kill["found"] for kill in kills if kill["found"] not in (["old"], ["new"])] == []
    for kill in kills:
        assert (kill["look"], kill["left"]) == (0, []), kill
    assert max(kill["looks"] for kill in kills) > 10  # who looked was killed too
    assert {kill["found"][0] for kill in kills} == {"old", "new"}
    assert (end["code"], end["looks"], end["found"], end["left"]) == (0, 1, ["new"], [])


def published(folder, *names):
    """Targets in a folder with old contents, sources with new ones, and a place for the note."""
    for name in names:
        (folder / name).write_text("old")
        (folder / f"new_{name}").write_text("new")
    return {folder / name: folder / f"new_{name}" for name in names}, folder / "note.json"


def killed_after_the_note(sources, note):
    """Publish until everything is ready to be renamed, and be killed there."""
    third_rename = 2  # the first two put the note in its place, before the copies and after them
    publish = functools.partial(artifacts.replace_together, sources, note)
    assert child(publish, {"os.rename"}, killed_before=third_rename) == -signal.SIGKILL
    assert [target.read_text() for target in sources] == ["old"] * len(sources)


def test_what_was_written_after_a_kill_is_newer_and_stays(tmp_path):
    sources, note = published(tmp_path, "a", "b")
    killed_after_the_note(sources, note)
    with artifacts.replacing(tmp_path / "b") as newer:
        newer.write_text("newer")
    artifacts.finish_replacing(note)
    assert [target.read_text() for target in sources] == ["old", "newer"]
    assert leftovers(tmp_path) == []


def test_the_next_to_publish_ends_what_was_begun_first(tmp_path):
    sources, note = published(tmp_path, "a", "b")
    killed_after_the_note(sources, note)
    artifacts.replace_together({tmp_path / "a": tmp_path / "new_a"}, note)
    assert [target.read_text() for target in sources] == ["new", "new"]
    assert leftovers(tmp_path) == []


def test_an_exception_while_publishing_leaves_the_old_artefacts(tmp_path):
    sources, note = published(tmp_path, "a", "b")
    (tmp_path / "new_b").unlink()
    with pytest.raises(FileNotFoundError):
        artifacts.replace_together(sources, note)
    assert [target.read_text() for target in sources] == ["old", "old"]
    assert not note.exists()
    assert leftovers(tmp_path) == []


def test_a_project_that_was_moved_ends_what_was_begun(tmp_path):
    (tmp_path / "here").mkdir()
    sources, note = published(tmp_path / "here", "a", "b")
    killed_after_the_note(sources, note)
    (tmp_path / "here").rename(tmp_path / "there")
    artifacts.finish_replacing(tmp_path / "there/note.json")
    assert [(tmp_path / "there" / name).read_text() for name in "ab"] == ["new", "new"]


FINISH = """
import sys
from pathlib import Path
from flight_delays import artifacts
artifacts.finish_replacing(Path(sys.argv[1]))
"""


def test_two_that_look_at_once(sandbox):
    names = [f"file{number}" for number in range(300)]
    sources, note = published(sandbox.root, *names)
    killed_after_the_note(sources, note)
    both = [_start(sandbox, "-c", FINISH, str(note)) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    assert {target.read_text() for target in sources} == {"new"}
    assert leftovers(sandbox.root) == []


def test_the_old_folder_comes_back_when_a_kill_took_it_away(tmp_path):
    aside = tmp_path / ".raw.previous"
    aside.mkdir()
    (aside / "good").write_text("good")
    (tmp_path / ".raw.partial").mkdir()
    with pytest.raises(ZeroDivisionError), artifacts.replacing(tmp_path / "raw") as partial:
        partial.mkdir()
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["raw"]
    assert (tmp_path / "raw/good").read_text() == "good"


@pytest.mark.parametrize("folder", [False, True])
def test_an_exception_leaves_the_old_artefact_and_nothing_else(tmp_path, folder):
    target = tmp_path / "target"
    if folder:
        target.mkdir()
    (target / "file" if folder else target).write_text("old")
    before = artifacts.sha256(target)
    with pytest.raises(ZeroDivisionError), artifacts.replacing(target) as partial:
        if folder:
            partial.mkdir()
        (partial / "file" if folder else partial).write_text("half of the ne")
        raise ZeroDivisionError
    assert artifacts.sha256(target) == before
    assert list(tmp_path.iterdir()) == [target]


def _start(sandbox, *command: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=sandbox.root,
        env=sandbox.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _kill_when(process: subprocess.Popen, condition) -> None:
    """Kill the process as soon as the condition holds; it must still be at work then."""
    try:
        wait_for(lambda: condition() or process.poll() is not None, every=0.002)
    finally:
        process.kill()
        code = process.wait()
    assert code == -signal.SIGKILL


def test_gate_killed_while_it_makes_the_registry(sandbox):
    project = Project.load(sandbox.root)
    shutil.rmtree(project.registry)
    _kill_when(_start(sandbox, "-m", "flight_delays", "gate"), (project.registry / ".mlflow.db.partial").exists)
    assert not project.registry.exists() or [file.name for file in project.registry.iterdir()] == [".mlflow.db.partial"]
    for stage in ("gate", "register"):
        sandbox.run(["python", "-m", "flight_delays", stage])
    registry = Registry(project.registry, "flight-delays")
    assert registry.champion() == registry.versions()[-1]
    model.load(registry.champion().model_file)
    assert leftovers(sandbox.root) == []


@pytest.mark.parametrize("done", [1, 5, 10])  # stages, of 14: while months come in, are prepared, candidates are trained
def test_the_script_killed_on_its_way_goes_through_the_next_time(finished, sandbox, done):
    metrics = (finished.root / "reports/metrics.json").read_bytes()
    predictions = (finished.root / "reports/predictions.parquet").read_bytes()
    sandbox.journal_file.unlink(missing_ok=True)
    _kill_when(_start(sandbox, "run_pipeline.py"), lambda: len(sandbox.records()) >= done)
    for file in [*sandbox.root.glob("data/**/*.parquet"), *sandbox.root.glob("reports/*.parquet")]:
        if not any(part.startswith(".") for part in file.relative_to(sandbox.root).parts):
            artifacts.read_parquet(file)
    for file in [*sandbox.root.glob("data/**/*.json"), *sandbox.root.glob("reports/*.json")]:
        artifacts.read_json(file)
    for file in sandbox.root.glob("models/*.skops"):
        model.load(file)
    sandbox.run(["python", "run_pipeline.py"])
    assert leftovers(sandbox.root) == []
    assert (sandbox.root / "reports/metrics.json").read_bytes() == metrics
    assert (sandbox.root / "reports/predictions.parquet").read_bytes() == predictions
