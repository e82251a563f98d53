"""The command line: a module for each command, which no room imports; may import every room.

A module has `add_parser(commands)`, which describes the command and sets the parser's default `main`. Whatever takes
time to import is imported in `main`, once: `--help` loads all of these modules.
"""

import argparse
from collections.abc import Callable
from typing import NoReturn, TypeAlias

# what `add_subparsers` of argparse gives, for which it has no public name
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong with a command line; --help has the rest."""

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        self.exit(2, f"{self.prog}: {message}; see --help\n")


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """The type of an option that is a whole number of `least` or more, and of `most` at most."""
    called = f"a whole number of {least} or more" if most is None else f"a whole number from {least} to {most}"

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f"expected {called}, got {text[:60]!r}")
        return number

    return read
