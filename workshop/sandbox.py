"""A copy of sample_project to work in: every lesson, run and test has its own."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workshop.ground.household import make_home
from workshop.ground.params_file import set_value
from workshop.ground.processes import guarded
from workshop.ground.records import Record
from workshop.places import SAMPLE_PROJECT, environment, not_copied


class CommandFailed(RuntimeError):
    """A command ended with another exit code than 0; the message ends with what it printed last."""


class Sandbox:
    """A project folder of its own, with its parameters and its journal of stages."""

    def __init__(self, root: Path):
        self.root = Path(root).resolve()
        self.journal_file = self.root / "logs" / "journal.jsonl"

    @classmethod
    def create(cls, root: Path, *, params: dict[str, Any] | None = None) -> "Sandbox":
        """Copy sample_project to `root`, which is emptied first, and set parameters by dotted key."""
        root = Path(root)
        if root.exists():
            if not (root / "params.yaml").exists() and any(root.iterdir()):
                raise FileExistsError(f"{root} is not a copy of sample_project; remove it yourself if it may go")
            shutil.rmtree(root)
        shutil.copytree(SAMPLE_PROJECT, root, ignore=not_copied)
        make_home()
        sandbox = cls(root)
        sandbox.journal_file.parent.mkdir()
        for key, value in (params or {}).items():
            sandbox.set_param(key, value)
        return sandbox

    def set_param(self, key: str, value: Any) -> None:
        """Set a parameter by its dotted key, such as `train.candidates.boosting.max_iter`; KeyError if there is none."""
        set_value(self.root / "params.yaml", key, value)

    def environment(self, **extra: str) -> dict[str, str]:
        """The environment of a process that works in this sandbox."""
        return environment(
            FLIGHT_DELAYS_JOURNAL=str(self.journal_file),
            PYTHONPATH=str(self.root),
            DVC_SITE_CACHE_DIR=str(self.root / ".engines" / "dvc-states"),
            GIT_CEILING_DIRECTORIES=str(self.root.parent),  # the repository around us is not ours
            **extra,
        )

    def run(
        self, command: Sequence[str], *, log: str | None = None, check: bool = True, timeout: float = 900, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the sandbox, in a session of its own and without a terminal.

        `python` is the kit's own. Output goes to logs/`log` too if given. CommandFailed if it ends with another
        code than 0 and `check` is set; TimeoutExpired after `timeout` seconds. Then, and when it is interrupted or the
        process that runs it is killed, the command and all that it started are ended.
        """
        arguments = [sys.executable if part == "python" and n == 0 else str(part) for n, part in enumerate(command)]
        with guarded(
            arguments,
            cwd=self.root,
            env=self.environment(**env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            output, _ = process.communicate(timeout=timeout)
        done = subprocess.CompletedProcess(arguments, process.returncode, output)
        if log:
            (self.root / "logs" / log).write_text(done.stdout, encoding="utf-8")
        if check and done.returncode != 0:
            last = "\n".join(done.stdout.strip().splitlines()[-15:])
            raise CommandFailed(f"{' '.join(map(str, command))} ended with exit code {done.returncode}:\n{last}")
        return done

    def records(self, since: float = 0) -> list[Record]:
        """The stages that started at `since` (Unix seconds) or later, by start."""
        if not self.journal_file.exists():
            return []
        lines = self.journal_file.read_text(encoding="utf-8").splitlines()
        found = [Record(**json.loads(line)) for line in lines]
        return sorted((record for record in found if record.start >= since), key=lambda record: record.start)

    def git_init(self) -> None:
        """Make the sandbox a git repository with everything committed."""
        self.run(["git", "init", "-q", "-b", "main"])
        self.git_commit("The project as given")

    def git_commit(self, message: str) -> None:
        """Commit everything that .gitignore does not leave out; also if nothing has changed, as when a cell is run again."""
        settings = ["user.name=student", "user.email=student@localhost", "commit.gpgsign=false"]
        options = [part for setting in settings for part in ("-c", setting)]
        self.run(["git", "add", "-A"])
        self.run(["git", *options, "commit", "-q", "--allow-empty", "-m", message])
