"""Files that go from one kernel of the grader to the other."""

import os
from pathlib import Path

import pytest

from workshop.grading.files import Folders
from workshop.ground.processes import remove


@pytest.fixture
def both(tmp_path) -> tuple[Path, Folders]:
    """A folder and what looks at it; to take what it sends, the folder is emptied and filled again."""
    (tmp_path / "work/a").mkdir(parents=True)
    (tmp_path / "work/a/one.txt").write_text("1")
    (tmp_path / "work/empty").mkdir()
    return tmp_path / "work", Folders((tmp_path / "work",))


def under(folder: Path) -> dict[str, str | None]:
    return {str(path.relative_to(folder)): path.read_text() if path.is_file() else None for path in folder.rglob("*")}


def test_what_has_changed_is_sent_once_and_made_again(both, tmp_path):
    work, folders = both
    first = folders.changed()
    assert folders.changed() == ({}, [])
    before = under(work)
    work.rename(tmp_path / "kept")
    Folders((work,)).take(*first)
    assert under(work) == before == {"a": None, "a/one.txt": "1", "empty": None}
    assert (work / "a/one.txt").stat().st_mtime_ns == (tmp_path / "kept/a/one.txt").stat().st_mtime_ns


def test_what_is_gone_goes(both):
    work, folders = both
    folders.note()
    (work / "a/one.txt").unlink()
    (work / "a").rmdir()
    new, gone = folders.changed()
    assert (new, sorted(gone)) == ({}, [f"{work}/a/", f"{work}/a/one.txt"])
    (work / "a").mkdir()
    (work / "a/one.txt").write_text("1")
    folders.take(new, gone)
    assert under(work) == {"empty": None}


@pytest.mark.parametrize("path", ["../out.txt", "../../etc/out.txt", "link/out.txt", "a/../../out.txt"])
def test_a_path_that_leads_out_is_refused(both, tmp_path, path):
    work, folders = both
    (work / "link").symlink_to(tmp_path)
    with pytest.raises(ValueError, match="lies elsewhere"):
        folders.take({f"{work}/{path}": (b"x", 1, 0o644)}, [])
    with pytest.raises(ValueError, match="lies elsewhere"):
        folders.take({}, [f"{work}/{path}"])
    assert not (tmp_path / "out.txt").exists()


def test_a_link_is_neither_sent_nor_written_through(both, tmp_path):
    work, folders = both
    (tmp_path / "secret").write_text("secret")
    (work / "link").symlink_to(tmp_path / "secret")
    assert f"{work}/link" not in folders.changed()[0]
    folders.take({f"{work}/link": (b"x", 1, 0o644)}, [])
    assert ((tmp_path / "secret").read_text(), (work / "link").read_text()) == ("secret", "x")


def test_folders_without_a_bottom_are_left_where_nobody_could_name_them(both, tmp_path, monkeypatch):
    work, folders = both
    monkeypatch.chdir(work)
    for _ in range(3000):
        Path("d").mkdir()
        os.chdir("d")
    os.chdir(tmp_path)
    new, gone = folders.changed()
    assert (max(map(len, new)) < 1100, gone) == (True, [])
    work.rename(tmp_path / "kept")
    Folders((work,)).take(new, gone)
    assert (work / "a/one.txt").read_text() == "1"
    remove(tmp_path / "kept")  # which Python's own could not


def test_of_too_much_the_smallest_files_are_sent(both):
    work, _ = both
    (work / "big").write_bytes(bytes(2000))
    new, _ = Folders((work,), most=1000).changed()
    assert set(new) == {f"{work}/a/", f"{work}/empty/", f"{work}/a/one.txt"}
