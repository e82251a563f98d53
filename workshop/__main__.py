"""The kit's command line: python -m workshop --help."""

import io
import sys
from importlib import import_module

from workshop.commands import Parser
from workshop.places import ROOT
from workshop.surroundings import wrong_in

# each is a module of workshop.commands
COMMANDS = ("build", "run", "bench", "grade", "mutants", "lab", "quiz", "slides", "site", "ui", "databases")


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks and give the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # not every terminal has all letters of a path
    parser = Parser(prog="python -m workshop", description="The workshop's own tool.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    if wrong := wrong_in(str(ROOT)):
        print(f"The kit lies in {ROOT}, and no tool takes a {wrong} there: rename the folder.", file=sys.stderr)
        return 2
    try:
        for name in COMMANDS:
            import_module(f"workshop.commands.{name}").add_parser(commands)
        options = parser.parse_args(arguments)
        from workshop.ground.household import household

        with household(getattr(options, "surroundings", "run")):
            return options.main(options)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}" if error.filename else error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # a command that keeps something for later says so itself
        print("\nInterrupted.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
