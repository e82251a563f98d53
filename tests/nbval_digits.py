"""A plugin for nbval that executes nothing: its comparison must see every digit of the outputs that it compares.

For each stored output each digit is changed alone; the cell fails if nbval takes the two for the same.
"""

import copy
import re
from collections import Counter

from nbval.plugin import IPyNbCell, IPyNbFile

NOT_COMPARED = ("image/png", "image/jpeg", "application/vnd.jupyter.widget-view+json")
seen: Counter[str] = Counter()  # digits, by notebook


def changed(outputs):
    """The outputs with one digit changed, for each digit of their texts."""
    for number, output in enumerate(outputs):
        texts = output.get("data", output)
        for kind, text in texts.items():
            if kind in ("output_type", "name", "metadata", "execution_count", *NOT_COMPARED):
                continue
            for digit in re.finditer(r"\d", text):
                other = copy.deepcopy(outputs)
                place = other[number].get("data", other[number])
                place[kind] = f"{text[: digit.start()]}{(int(digit[0]) + 1) % 10}{text[digit.end() :]}"
                yield f"{number} {kind} {digit.start()} {text[max(0, digit.start() - 20) : digit.end()]}", other


def runtest(cell):
    if cell.options["check"]:
        outputs = cell.cell.outputs
        alike = {where: cell.compare_outputs(other, outputs) for where, other in changed(outputs)}
        assert not any(alike.values()), alike
        seen[cell.path.stem] += len(alike)


def pytest_configure():
    IPyNbFile.setup = IPyNbFile.setup_sanitize_files  # and no kernel
    IPyNbCell.runtest = runtest
    IPyNbCell.format_output_compare = lambda *_: None  # how they differ is not asked, and takes long


def pytest_terminal_summary(terminalreporter):
    for name, digits in seen.items():
        terminalreporter.write_line(f"{name}: {digits} digits")
