"""What all commands of `python -m workshop` have in common."""

import argparse
import resource
import subprocess
import sys
from importlib import import_module

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


WRONG = {
    "": "the following arguments are required: COMMAND",
    "frobnicate": "invalid choice: 'frobnicate'",
    "run --rows abc": "--rows: expected a whole number of 1 or more, got 'abc'",
    "run --lang de": "--lang: invalid choice: 'de'",
    "run -p rows": "-p: expected 2 arguments",
    "run --nonsense": "unrecognized arguments: --nonsense",
    "lab --port 65536": "--port: expected a whole number from 1 to 65535, got '65536'",
    "grade x --seconds 0": "--seconds: expected a whole number of 1 or more, got '0'",
    "grade x --cell-seconds 1.5": "--cell-seconds: expected a whole number of 1 or more, got '1.5'",
    "grade x --jobs 0": "--jobs: expected a whole number of 1 or more, got '0'",
    "grade x --disk 0": "--disk: expected a whole number of 1 or more, got '0'",
    "grade x --processes many": "--processes: expected a whole number of 1 or more, got 'many'",
    "grade /tmp --out /tmp": "--out /tmp: a folder there would be taken for a student's",
    "grade /tmp --out /tmp/anna/graded": "--out /tmp/anna/graded: a folder there would be taken for a student's",
    "grade x --memory -1": "--memory: expected a whole number of 200 or more, got '-1'",
    "bench --part nothing": "--part: invalid choice: 'nothing'",
    "bench --engines dvc,luigi": "--engines: unknown engine 'luigi'",
    "bench --engines=": "--engines: unknown engine ''",
    "mutants --task 0": "--task: expected a whole number of 1 or more, got '0'",
    "mutants --lesson 42": "--lesson: no exercises of 42",
    "quiz export --lang de": "--lang: invalid choice: 'de'",
    "quiz check --file /nowhere": "nowhere: no such file",
    "slides --run /nowhere": "/nowhere/results.json: no such file",
    "site --to /etc/passwd": "/etc/passwd: not a site made by this command",
    "site --lessons /nowhere": "/nowhere: not a run of the lessons",
    "ui luigi": "argument engine: invalid choice: 'luigi'",
    "ui airflow --project /nowhere": "/nowhere has no dags/flight_delays_dag.py",
    "build --execute some": "--execute: invalid choice: 'some'",
}


@pytest.mark.parametrize("line", WRONG)
def test_what_is_wrong_with_a_command_line_is_said_in_one_line(line, capsys):
    try:
        code = main(line.split())
    except SystemExit as refused:  # as argparse ends
        code = refused.code
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert WRONG[line] in said.err
    assert len(said.err.splitlines()) == 1


def test_every_option_with_a_value_has_a_type_or_a_choice():
    """A new option must be checked too: by its type, its choices, or where it stands in this list."""
    checked_elsewhere = {"engines", "train_months", "test_months", "p", "lesson", "part"}
    commands = argparse.ArgumentParser().add_subparsers()
    for name in COMMANDS:
        import_module(f"workshop.commands.{name}").add_parser(commands)
    parsers = list(commands.choices.values())
    parsers += [inner for action in commands.choices["quiz"]._actions for inner in (action.choices or {}).values()]
    for parser in parsers:
        for action in parser._actions:
            if action.nargs != 0 and not isinstance(action, argparse._SubParsersAction):
                known = action.type or action.choices or action.dest in checked_elsewhere
                assert known, f"{parser.prog}: {action.dest}"
