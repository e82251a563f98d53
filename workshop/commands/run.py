"""`make run`: papermill executes the notebooks of the pipeline, one engine each, and then the comparison."""

import argparse
import sys

from workshop.commands import Commands, whole
from workshop.engines import NAMES
from workshop.ground.months import PROFILES
from workshop.places import LANGUAGES


def add_parser(commands: Commands) -> None:
    """Describe `run` to the command line."""
    parser = commands.add_parser(
        "run", help="execute the notebooks as a pipeline and compare the engines, or all lessons", description=__doc__
    )
    parser.add_argument(
        "--lessons",
        action="store_true",
        help="execute the notebooks of all lessons instead; a parameter goes to those that declare it, "
        "and is refused if none does",
    )
    parser.add_argument("--lang", choices=LANGUAGES, help="language of the notebooks (default: ru)")
    parser.add_argument("--resume", action="store_true", help="go on with the last run: only what failed or did not run")
    parser.add_argument("--profile", choices=PROFILES, help="quick: three months (the default); full: the whole year")
    parser.add_argument("--engines", help=f"comma-separated, of {','.join(NAMES)} (default: all)")
    parser.add_argument("--train-months", help="comma-separated, such as 2013-01,2013-02")
    parser.add_argument("--test-months", help="comma-separated, all later than the train months")
    parser.add_argument("--rows", type=whole(1), help="at most so many flights of each month (default: all)")
    parser.add_argument("--seed", type=whole(0, 2**32 - 1), help="of the training's random numbers (default: 42)")
    parser.add_argument(
        "-p",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="another notebook parameter, its value as JSON or as text; may be repeated",
    )
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Run, or go on with the last run; 0 only if every notebook succeeded and all engines left the same."""
    from workshop.run import RunError
    from workshop.runner import lessons, pipeline
    from workshop.runner.execution import Run
    from workshop.runner.options import check_options, given_parameters, parameters

    lang = options.lang or "ru"
    try:
        check_options(options)
        if options.lessons:
            return lessons.run_all(given_parameters(options), lang, resume=options.resume)
        run = Run.last(pipeline.LINK, "make run") if options.resume else pipeline.start(parameters(options), lang)
        return pipeline.go_on(run)
    except RunError as error:
        print(f"run: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted. What succeeded is kept; --resume goes on with the rest.", file=sys.stderr)
        return 130
