"""What all commands of `python -m workshop` have in common."""

import resource
import subprocess
import sys

import pytest

from workshop.__main__ import COMMANDS, main
from workshop.places import environment


@pytest.mark.parametrize("command", [(), *((command,) for command in COMMANDS)])
def test_help_takes_less_than_a_second_of_the_processor(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "workshop", *command, "--help"], env=environment(), capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stdout.startswith("usage: python -m workshop")
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1


def test_an_interrupt_while_a_command_still_imports_is_no_traceback(monkeypatch, capfd):
    class Interrupted:
        def find_spec(self, name, path=None, target=None):
            if name == "workshop.quiz.moodle":
                raise KeyboardInterrupt

    monkeypatch.delattr("workshop.quiz.moodle", raising=False)  # where another test has imported it
    for name in [name for name in sys.modules if name.startswith("workshop.quiz.moodle")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    assert main(["quiz", "export"]) == 130
    assert capfd.readouterr() == ("", "\nInterrupted.\n")
