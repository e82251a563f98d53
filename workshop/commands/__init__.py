"""The command line: a module for each command, which no room imports; may import every room.

A module has `add_parser(commands)`, which describes the command and sets the parser's default `main`. Whatever takes
time to import is imported in `main`, once: `--help` loads all of these modules.
"""

import argparse
from typing import TypeAlias

# what `add_subparsers` of argparse gives, for which it has no public name
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
