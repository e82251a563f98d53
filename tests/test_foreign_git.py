"""The user's own Git repository: what Git sets for its hooks and worktrees leads no command of ours there."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from workshop.engines import load
from workshop.places import ROOT, environment, settings
from workshop.sandbox import Sandbox


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def foreign(tmp_path, monkeypatch) -> Path:
    """A repository with one commit, to which the environment points as Git does it for a hook."""
    repository = tmp_path / "their work"
    repository.mkdir()
    (repository / "thesis.txt").write_text("years of work\n")
    identity = ["-c", "user.name=they", "-c", "user.email=they@localhost"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "All of it"]):
        subprocess.run(["git", *command], cwd=repository, check=True)
    for name, value in {
        "GIT_DIR": ".git",
        "GIT_WORK_TREE": "",
        "GIT_INDEX_FILE": ".git/index",
        "GIT_OBJECT_DIRECTORY": ".git/objects",
    }.items():
        monkeypatch.setenv(name, str(repository / value))
    (tmp_path / "first.sh").write_text(f"export GIT_DIR='{repository / '.git'}'\n")
    monkeypatch.setenv("BASH_ENV", str(tmp_path / "first.sh"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.hooksPath")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(repository / "hooks"))
    return repository


def test_a_sandbox_has_a_repository_of_its_own(foreign, tmp_path):
    before = content(foreign)
    sandbox = Sandbox.create(tmp_path / "sandbox")
    with load("dvc").session(sandbox):
        pass
    assert sandbox.run(["git", "log", "--format=%s"]).stdout == "Start with DVC\nThe project as given\n"
    assert sandbox.run(["bash", "-c", "git rev-parse --absolute-git-dir"]).stdout == f"{sandbox.root}/.git\n"
    assert (sandbox.root / ".git").is_dir()
    assert content(foreign) == before


def test_the_pipeline_names_the_commit_of_its_own_folder(foreign, tmp_path):
    code = "from pathlib import Path; from flight_delays.pipeline import git_commit; print(git_commit(Path()))"
    sandbox = Sandbox.create(tmp_path / "sandbox")
    command = [sys.executable, "-c", code]
    # as a student runs it, without the kit, from a hook
    said = subprocess.run(command, cwd=sandbox.root, capture_output=True, text=True, check=True).stdout
    assert said == "unknown\n"


def test_the_shell_of_a_lesson_works_in_its_sandbox(foreign, tmp_path):
    cells = nbformat.read(ROOT / "notebooks/en/04_dvc.ipynb", as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    until = next(n for n, source in enumerate(code) if "\nshell(" in source)
    program = "\n".join([*code[: until + 1], "shell('git commit --allow-empty -q -m mine')"])
    program = program.replace("git commit", "git -c user.name=i -c user.email=i@localhost commit")
    before = content(foreign)
    # as in a kernel that something else than the kit has started
    env = {**os.environ, "PYTHONPATH": str(ROOT), "WORKSHOP_WORK": str(tmp_path / "work"), "PATH": environment()["PATH"]}
    done = subprocess.run([sys.executable, "-c", program], env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "$ git ls-files .dvc\n.dvc/.gitignore\n" in done.stdout
    assert content(foreign) == before


def test_no_variable_of_git_reaches_a_test():
    assert not [name for name in os.environ if name.startswith("GIT_") and name not in settings()]


def test_no_variable_of_a_hook_reaches_a_test(foreign):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    asked = f"{Path(__file__).relative_to(ROOT)}::{test_no_variable_of_git_reaches_a_test.__name__}"
    done = subprocess.run([*command, asked], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
