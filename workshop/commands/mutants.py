"""Make mutants of the solutions and try them on the checks: a mutant that passes shows what a check does not ask.

The verdicts go to tests/mutants/NN_name.yaml. A task is tried again only if its text, cells, messages or answers have
changed since. A mutant that passes becomes a case of the check, or a reason is written beside it in that file, why it may
pass; reasons stay as long as the mutant is the same.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from workshop.commands import Commands, whole
from workshop.places import ROOT

if TYPE_CHECKING:
    from workshop.mutants.verdicts import Kit


_WHAT_TO_DO = """\
{} to mend. What passed becomes a case of the check, or a right answer in tests/answers/, or gets its reason in tests/mutants/:
see docs/authoring.md, Mutants."""


def add_parser(commands: Commands) -> None:
    """Describe `mutants` to the command line."""
    parser = commands.add_parser("mutants", help="try mutants of the solutions on the checks", description=__doc__)
    parser.add_argument("--lesson", nargs="+", metavar="NN", help="of these lessons only, by name or number (default: all)")
    parser.add_argument("--task", nargs="+", type=whole(1), metavar="N", help="of these tasks only")
    parser.add_argument("--all", action="store_true", help="also the tasks that have not changed since they were tried")
    parser.add_argument("--show", action="store_true", help="try nothing; print the mutants")
    parser.add_argument("--root", type=Path, default=ROOT, help="another folder with lessons/ (default: the kit)")
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Try them; 0 if every mutant is refused or has a reason, 1 with a line for each that has none."""
    from workshop.builder.format import BuildError
    from workshop.mutants.verdicts import Kit

    kit = Kit(options.root.resolve())
    asked = options.lesson or [""]
    lessons = [name for name in kit.lessons if any(name == one or name.startswith(f"{one}_") or not one for one in asked)]
    unknown = [one for one in asked if not any(name == one or name.startswith(f"{one}_") or not one for name in lessons)]
    if unknown:
        print(f"mutants: --lesson: no exercises of {', '.join(unknown)}", file=sys.stderr)
        return 2
    try:
        if options.show:
            _show(kit, lessons, options.task)
            return 0
        results = [_try(kit, lesson, options.task, everything=options.all) for lesson in lessons]
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "\nInterrupted. The tasks that came to their end are kept; the same command goes on with the rest.", file=sys.stderr
        )
        return 130
    open_ends = [line for lines in results for line in lines]
    if not open_ends:
        print("every mutant is refused, or has its reason")
        return 0
    print(*open_ends, _WHAT_TO_DO.format(len(open_ends)), sep="\n", file=sys.stderr)
    return 1


def _show(kit: "Kit", lessons: list[str], tasks: list[int] | None) -> None:
    from workshop.builder.tasks import read_exercise
    from workshop.mutants import verdicts

    for lesson in lessons:
        answers = verdicts.read(kit.answers(lesson))
        for task in read_exercise(kit.exercise(lesson)).tasks:
            if tasks is None or task.number in tasks:
                found = verdicts.mutants_of(task, answers.get(task.number))
                print(f"{lesson} task {task.number}: {len(found)} mutants", *(f"  {one.name}" for one in found), sep="\n")


def _try(kit: "Kit", lesson: str, tasks: list[int] | None, *, everything: bool) -> list[str]:
    """Try what is to be tried of a lesson, and keep it; a line for each survivor without a reason and for what went wrong."""
    from workshop.builder.tasks import read_exercise
    from workshop.mutants import verdicts
    from workshop.mutants.trying import NotTried, try_mutants

    file, exercise, answers = kit.verdicts(lesson), read_exercise(kit.exercise(lesson)), verdicts.read(kit.answers(lesson))
    kept = verdicts.read(file)
    if gone := set(kept) - {task.number for task in exercise.tasks}:
        kept = {number: entry for number, entry in kept.items() if number not in gone}
        verdicts.write(file, kept)
    wanted = {task.number: task for task in exercise.tasks if tasks is None or task.number in tasks}
    keys = {number: verdicts.key(kit.exercise(lesson), exercise, task, answers.get(number)) for number, task in wanted.items()}
    found = {number: verdicts.mutants_of(task, answers.get(number)) for number, task in wanted.items()}
    waiting = [
        number for number in wanted if everything or not verdicts.is_current(kept.get(number), keys[number], found[number])
    ]
    started = time.perf_counter()
    wrong = []
    try:
        for tried in try_mutants(kit, lesson, waiting):
            number, before = tried.task, kept.get(tried.task, {})
            kept[number] = verdicts.entry(keys[number], tried.slow, found[number], tried.verdicts, before)
            verdicts.write(file, kept)
            seconds, started = time.perf_counter() - started, time.perf_counter()
            print(f"{lesson} task {tried.task}: {verdicts.summary(kept[tried.task])}, {seconds:.0f} s", flush=True)
    except NotTried as error:
        wrong.append(f"{lesson}: its solution fails where mutants were tried before it:\n{error}")
    for number in sorted(set(wanted) - set(waiting)):
        print(f"{lesson} task {number}: {verdicts.summary(kept[number])}, tried before")
    return wrong + [line for number in wanted if number in kept for line in verdicts.unexplained(lesson, number, kept[number])]
