"""Check the questions of quiz/questions.yaml, or export them for Moodle."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from workshop.commands import Commands
from workshop.places import LANGUAGES, ROOT

FOLDER = ROOT / "build" / "quiz"


def add_parser(commands: Commands) -> None:
    """Describe `quiz` to the command line."""
    parser = commands.add_parser(
        "quiz",
        help="check the questions, export them for Moodle",
        description="Check the questions, or export them for Moodle. Exit code 2: the file is wrong, or the command.",
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION", dest="action")
    check = actions.add_parser("check", help="check the file of questions and count them")
    export = actions.add_parser(
        "export",
        help="write Moodle XML",
        description="Write moodle_ru.xml and moodle_en.xml: in Moodle, Question bank, Import, Moodle XML format.",
    )
    export.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER", help="default: build/quiz")
    export.add_argument("--lang", choices=LANGUAGES, action="append", help="one language only")
    for action in (check, export):
        action.add_argument("--file", type=Path, help="another file of questions; default: quiz/questions.yaml")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Do what the command line asks and give the exit code."""
    from workshop.quiz import moodle
    from workshop.quiz.questions import FILE, QuizError, load

    try:
        questions = load(options.file or FILE)
        if options.action == "export":
            for file in moodle.export(questions, options.to, tuple(options.lang or LANGUAGES)):
                print(file)
    except QuizError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    kinds, lessons = (Counter(getattr(question, name) for question in questions) for name in ("type", "lesson"))
    print(f"{len(questions)} questions:", ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    print(*(f"  {lesson}: {count}" for lesson, count in sorted(lessons.items())), sep="\n")
    if options.action == "export":
        print("Polls and open questions are essays in Moodle: polls give no marks, open ones are graded by a teacher.")
    return 0
