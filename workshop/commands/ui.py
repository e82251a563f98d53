"""`make ui-airflow`, `make ui-prefect`: an engine with its pages for the browser, on this machine only, until Ctrl-C."""

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from workshop.commands import Commands

if TYPE_CHECKING:
    from workshop.sandbox import Sandbox


def add_parser(commands: Commands) -> None:
    """Describe `ui` to the command line."""
    parser = commands.add_parser("ui", help="keep an engine up for the browser until Ctrl-C", description=__doc__)
    parser.add_argument("engine", choices=("airflow", "prefect"))
    parser.add_argument("--project", type=Path, metavar="DIR", help="a copy of sample_project to work in (default: a new one)")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Keep the engine up; 0 when it was stopped, 1 if it does not come up, 2 for a folder that is no project."""
    from workshop.engines import airflow, prefect
    from workshop.places import WORK
    from workshop.sandbox import CommandFailed, Sandbox

    file, show = {"airflow": (airflow.DAG_FILE, _show_airflow), "prefect": (prefect.FLOW, _show_prefect)}[options.engine]
    if options.project and not (options.project / file).is_file():
        print(f"ui: {options.project} has no {file}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to stop the servers then, too
    try:
        show(Sandbox(options.project.resolve()) if options.project else Sandbox.create(WORK / f"ui-{options.engine}"))
    except CommandFailed as error:
        print(f"ui: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped")
    return 0


def _show_airflow(sandbox: "Sandbox") -> None:
    from workshop.engines.airflow import DAG_FILE, DAG_ID, session

    print("Airflow is starting ...", flush=True)
    with session(sandbox, ui=True) as airflow:
        print(f"Airflow is at {airflow.url}/dags/{DAG_ID} (only this machine reaches it)")
        print(f"user {airflow.user}, password {airflow.password}")
        print(f"It runs the DAG in {sandbox.root / DAG_FILE}. Ctrl-C stops.", flush=True)
        signal.pause()


def _show_prefect(sandbox: "Sandbox") -> None:
    from workshop.engines.prefect import session

    print("Prefect is starting ...", flush=True)
    with session(sandbox, ui=True) as prefect:
        print(f"Prefect is at {prefect.url} (only this machine reaches it)")
        print(f"Log in with {prefect.credential} in one piece; until then the page says that authentication failed.")
        print("The flow runs ...", flush=True)
        outcome = prefect.run()
        print(f"The flow ended with exit code {outcome.exit_code} after {outcome.seconds:.0f} s. Ctrl-C stops.", flush=True)
        signal.pause()
