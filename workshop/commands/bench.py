"""`make bench`: what each engine costs, in five situations, and what the pipeline itself needs as data grow.

Every figure comes from this run, the plain scripts' too, so that ratios can be compared on a noisy machine.
Results go to bench/: results.json, a table (table.md) and a chart (chart.svg).
"""

import argparse
import os
import platform
import sys
from typing import Any

from workshop.commands import Commands
from workshop.engines import NAMES, listed
from workshop.ground.results import BENCH

PARTS = ("situations", "documented", "adapters", "growth")


def add_parser(commands: Commands) -> None:
    """Describe `bench` to the command line."""
    parser = commands.add_parser("bench", help="measure engines, memory and growth", description=__doc__)
    parser.add_argument("--engines", help=f"comma-separated, of {','.join(NAMES)} (default: all)")
    parser.add_argument(
        "--part",
        action="append",
        choices=PARTS,
        help="this part only, into the results that are there; may be repeated",
    )
    parser.set_defaults(main=main)


def main(options: argparse.Namespace) -> int:
    """Measure and write bench/."""
    from flight_delays import artifacts
    from workshop.bench.adapters import measure_adapter, plain_seconds
    from workshop.bench.documented import measure_documented
    from workshop.bench.growth import measure_growth
    from workshop.bench.report import as_read, write_chart, write_table
    from workshop.bench.situations import measure_engine, seconds_of_plain

    parts = options.part or PARTS
    try:
        names = ["scripts", *(name for name in listed(options.engines) if name != "scripts")]
    except ValueError as error:
        print(f"bench: --engines: {error}", file=sys.stderr)
        return 2
    file = BENCH / "results.json"
    if "situations" not in parts and not file.exists():
        print(f"{file} is not there yet: measure the situations first, with `make bench`", file=sys.stderr)
        return 2
    results: dict[str, Any] = artifacts.read_json(file) if options.part and file.exists() else {"engines": {}}
    results["machine"] = {"cpu": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
    if "situations" in parts:
        for name in names:
            beside = seconds_of_plain(results) if name != "scripts" else {}  # those of an earlier bench are no measure
            results["engines"].setdefault(name, {}).update(measure_engine(name, beside))
            artifacts.write_json(file, results)
    if "documented" in parts:
        for name in names:
            results["engines"].setdefault(name, {})["from_nothing"] = measure_documented(name)
            artifacts.write_json(file, results)
    if "adapters" in parts:
        plain = plain_seconds()
        for name in names[1:]:
            results["engines"].setdefault(name, {})["adapter"] = measure_adapter(name, plain)
            artifacts.write_json(file, results)
    if "growth" in parts:
        results["growth"] = measure_growth()
        artifacts.write_json(file, results)
    results = as_read(results)
    print(write_table(results, BENCH / "table.md"))
    write_chart(results, BENCH / "chart.svg")
    return 0
