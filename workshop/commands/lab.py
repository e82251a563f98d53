"""`make lab`: JupyterLab for the workshop, on this machine only, at a page that links everything."""

import argparse
import os
import sys

from workshop.commands import Commands, whole
from workshop.places import LANGUAGES, ROOT


def add_parser(commands: Commands) -> None:
    """Describe `lab` to the command line."""
    parser = commands.add_parser("lab", help="open JupyterLab at the start page", description=__doc__)
    parser.add_argument("--lang", choices=LANGUAGES, default="ru", help="language of the start page (default: %(default)s)")
    parser.add_argument(
        "--port", type=whole(1, 65535), default=8888, help="another one is taken if it is in use (default: %(default)s)"
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    own = parser.add_mutually_exclusive_group()
    own.add_argument(
        "--update",
        action="store_const",
        dest="action",
        const="update",
        help="take your answers to a newer issue of the tasks",
    )
    own.add_argument(
        "--undo", action="store_const", dest="action", const="undo", help="bring back the notebooks that --update has replaced"
    )
    parser.set_defaults(main=main, surroundings="lab")


def main(options: argparse.Namespace) -> int:
    """Serve JupyterLab until it is asked to end; 1 if the student's own exercises cannot be written."""
    from flight_delays.errors import PipelineError
    from workshop.lab.server import serve
    from workshop.lab.settings import set_defaults
    from workshop.lab.start import prepare

    set_defaults()
    try:
        page, said = prepare(options.lang, options.action)
    except PipelineError as error:  # a full disk, a folder that nobody may write into
        print(error, file=sys.stderr)
        return 1
    print(*said, sep="\n", end="\n" if said else "", flush=True)
    command = [
        *(f"--ServerApp.root_dir={ROOT}", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={options.port}"),
        f"--LabApp.default_url=/lab/tree/{page.relative_to(ROOT).as_posix()}",
        "--ServerApp.kernel_manager_class=workshop.lab.kernels.Kernels",
        "--LabApp.news_url=None",  # no look for news on the network
        "--LanguageServerManager.autodetect=False",  # it looks by npm, which leaves its logs in the home folder
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if options.no_browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    serve(command)
    return 0
