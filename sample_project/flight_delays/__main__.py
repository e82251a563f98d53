"""Run one stage, ask the champion about a month, write a model card, or print the graph: python -m flight_delays --help."""

import argparse
import logging
import sys
from collections.abc import Sequence

from flight_delays import place
from flight_delays.errors import ParamsError, PipelineError
from flight_delays.pipeline import STAGES, Project, as_mermaid, as_text

EXIT_CODES = "exit codes: 0 done, 1 a stage failed, 2 wrong use, 3 the gate said no"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flight_delays", description=__doc__, epilog=EXIT_CODES)
    names = f"{', '.join(STAGES)}; predict, which asks the champion about any month; card, of the last run; or graph"
    parser.add_argument("stage", choices=[*STAGES, "predict", "card", "graph"], metavar="STAGE", help=names)
    parser.add_argument("--month", help="for ingest, validate, prepare: such as 2013-01; all months if left out; for predict")
    parser.add_argument("--candidate", help="for train: such as boosting; all candidates if left out")
    parser.add_argument("--params", metavar="FILE", help="another file than params.yaml")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks and give the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("flight_delays").setLevel(logging.INFO)
    logging.captureWarnings(True)
    try:
        place.check(".")
        project = Project.load(params_file=options.params)
        if options.stage == "graph":
            print(as_text(project), as_mermaid(), sep="\n\n")
            return 0
        if options.stage == "predict":
            if options.candidate is not None or not options.month:
                raise ParamsError("needs a --month, such as 2013-01, and nothing else")
            print(project.predict(options.month))
            return 0
        if options.stage == "card":
            if options.candidate is not None or options.month is not None:
                raise ParamsError("needs no --month and no --candidate: it is about the last run")
            print(project.write_card())
            return 0
        for item in _items(project, options):
            project.run(options.stage, item)
            print(f"{options.stage} {item or ''}".strip(), "done")
    except PipelineError as error:
        print(f"{options.stage}: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _items(project: Project, options: argparse.Namespace) -> Sequence[str | None]:
    given = {"month": options.month, "candidate": options.candidate}
    each = STAGES[options.stage].each
    for name, value in given.items():
        if value is not None and name != each:
            raise ParamsError(f"--{name} does not go with this stage")
    return project.items(options.stage) if each is None or given[each] is None else [given[each]]


if __name__ == "__main__":
    sys.exit(main())
