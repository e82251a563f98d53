"""Count the late flights of one airport: python count.py SOURCE.csv TARGET.json --late MINUTES."""

import argparse
import csv
import json
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("source", type=Path)
parser.add_argument("target", type=Path)
parser.add_argument("--late", type=int, required=True, help="minutes")
options = parser.parse_args()

with options.source.open(newline="", encoding="utf-8") as rows:
    delays = [float(row["arr_delay"]) for row in csv.DictReader(rows)]
counted = {"flights": len(delays), "late": sum(delay >= options.late for delay in delays)}
options.target.parent.mkdir(exist_ok=True)
options.target.write_text(json.dumps(counted) + "\n", encoding="utf-8")
