"""Make the empty databases of the engines that are not there yet, as the set-up does: no run is charged for them."""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from workshop.commands import Commands


def add_parser(commands: Commands) -> None:
    """Describe `databases` to the command line."""
    parser = commands.add_parser("databases", help="make the engines' empty databases, as the set-up does", description=__doc__)
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Make them."""
    from workshop.engines import airflow_home, prefect

    with TemporaryDirectory() as folder:
        airflow_home.empty_database(Path(folder, "airflow.db"))
        prefect.empty_database(Path(folder, "prefect.db"))
    return 0
