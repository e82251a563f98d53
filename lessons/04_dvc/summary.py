"""Put the counts of all airports into one table: python summary.py FOLDER TARGET.csv."""

import json
import sys
from pathlib import Path

folder, target = Path(sys.argv[1]), Path(sys.argv[2])
lines = ["airport,flights,late"]
for file in sorted(folder.glob("*.json")):
    counted = json.loads(file.read_text(encoding="utf-8"))
    lines.append(f"{file.stem},{counted['flights']},{counted['late']}")
target.write_text("\n".join(lines) + "\n", encoding="utf-8")
