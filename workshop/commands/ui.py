"""`make ui-airflow`, `make ui-prefect`: an engine with its pages for the browser, on this machine only, until Ctrl-C."""

import argparse
import signal
import sys
from pathlib import Path

from workshop.commands import Commands


def add_parser(commands: Commands) -> None:
    """Describe `ui` to the command line."""
    parser = commands.add_parser("ui", help="keep an engine up for the browser until Ctrl-C", description=__doc__)
    parser.add_argument("engine", choices=("airflow", "prefect"))
    parser.add_argument("--project", type=Path, metavar="DIR", help="a copy of sample_project to work in (default: a new one)")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Keep the engine up; 0 when it was stopped, 1 if it does not come up, 2 for a folder that is no project."""
    from filelock import FileLock, Timeout

    from workshop import engines
    from workshop.places import WORK
    from workshop.sandbox import CommandFailed, Sandbox

    engine = engines.load(options.engine)
    file = engine.DAG_FILE if options.engine == "airflow" else engine.FLOW
    if options.project and not (options.project / file).is_file():
        print(f"ui: {options.project} has no {file}", file=sys.stderr)
        return 2
    place = options.project.resolve() if options.project else WORK / f"ui-{options.engine}"
    locks = place / ".engines" if options.project else WORK
    locks.mkdir(parents=True, exist_ok=True)
    lock = FileLock(locks / f".ui-{options.engine}.lock", timeout=0)
    try:
        lock.acquire()  # until this process ends
        sandbox = Sandbox(place) if options.project else Sandbox.create(place)
        print(f"{options.engine.capitalize()} is starting ...", flush=True)
        with engine.session(sandbox, ui=True) as session:
            if options.engine == "airflow":
                print(f"Airflow is at {session.url}/dags/{engine.DAG_ID} (only this machine reaches it)")
                print(f"user {session.user}, password {session.password}")
                print(f"It runs the DAG in {sandbox.root / file}. Ctrl-C stops.", flush=True)
            else:
                print(f"Prefect is at {session.url} (only this machine reaches it)")
                print(f"Log in with {session.credential} in one piece; until then the page says that authentication failed.")
                print("The flow runs ...", flush=True)
                outcome = session.run()
                print(
                    f"The flow ended with exit code {outcome.exit_code} after {outcome.seconds:.0f} s. Ctrl-C stops.",
                    flush=True,
                )
            signal.pause()
    except Timeout:
        print(f"ui: another {options.engine.capitalize()} is at work in {place}; stop that one first", file=sys.stderr)
        return 2
    except (CommandFailed, FileExistsError, TimeoutError) as error:
        print(f"ui: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped")
    return 0
