"""The command line, `python -m workshop COMMAND`: a module for each command; may import every room, and no room imports it.

A module has `add_parser(commands)`, which describes the command and sets the parser's default `main`. Whatever takes
time to import is imported in `main`, once: `--help` loads all of these modules.
"""
