"""DVC: `dvc repro` in a Git repository, which runs what changed and what depends on it."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workshop.engines.base import Session
from workshop.sandbox import Sandbox

# What a team commits with the project: no telemetry, no look-up of newer versions, and the remote that
# `dvc push` goes to, here a folder (the path is relative to .dvc).
_CONFIG = """\
[core]
    analytics = false
    check_update = false
    remote = storage
['remote "storage"']
    url = ../.engines/dvc-remote
"""


class Dvc(Session):
    """Runs `dvc repro`, also to go on after a failure: stages that were done are up to date."""

    def _run(self) -> tuple[int, str]:
        done = self.sandbox.run(["dvc", "repro"], log="dvc.log", check=False)
        return exit_code(done.returncode, done.stdout), done.stdout


def exit_code(returncode: int, log: str) -> int:
    """The project's exit code for what `dvc repro` returned and printed; DVC has its own, whatever the stage's was."""
    if returncode == 0:
        return 0
    of_stages = re.findall(r"failed to run: .*, exited with (-?\d+)", log)
    return int(of_stages[-1]) if of_stages and int(of_stages[-1]) > 0 else 1


def graph(project_root: str | os.PathLike[str]) -> tuple[set[str], set[tuple[str, str]]]:
    """The stages that DVC finds in `project_root` and its edges (stage, stage that takes its artefacts).

    Months and candidates are folded into their stage. It need not be a DVC repository yet. DVC's own
    exceptions tell what is wrong with dvc.yaml.
    """
    from dvc.repo import Repo  # late: it takes a while, and a run does not need it

    # DVC leaves a database of file states somewhere for everyone; for a look at the graph, nowhere
    with (
        tempfile.TemporaryDirectory() as states,
        Repo(os.fspath(Path(project_root).resolve()), uninitialized=True, config={"core": {"site_cache_dir": states}}) as repo,
    ):
        found = repo.index.graph
        stages = {_folded(stage) for stage in found}
        edges = {(_folded(need), _folded(stage)) for stage, need in found.edges}
    return stages, edges


def _folded(stage: Any) -> str:
    return stage.name.partition("@")[0]


@contextmanager
def session(sandbox: Sandbox) -> Iterator[Dvc]:
    """Make the sandbox a Git and DVC repository, unless it is one; no server to start or stop."""
    if not (sandbox.root / ".git").exists():
        sandbox.git_init()
    if not (sandbox.root / ".dvc").exists():
        sandbox.run(["dvc", "init", "--quiet"])
        (sandbox.root / ".dvc/config").write_text(_CONFIG, encoding="utf-8")
        sandbox.git_commit("Start with DVC")
    yield Dvc(sandbox)
