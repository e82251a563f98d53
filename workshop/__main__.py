"""The kit's command line: python -m workshop --help."""

import argparse
import sys
from importlib import import_module

# each is a module of workshop.commands
COMMANDS = ("build", "run", "bench", "grade", "lab", "quiz", "slides", "site", "ui", "databases")


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks and give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m workshop", description="The workshop's own tool.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    try:
        for name in COMMANDS:
            import_module(f"workshop.commands.{name}").add_parser(commands)
        options = parser.parse_args(arguments)
        return options.main(options)
    except KeyboardInterrupt:  # a command that keeps something for later says so itself
        print("\nInterrupted.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
