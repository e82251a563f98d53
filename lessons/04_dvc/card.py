"""Write the card of the best model: what it reached, and what it had to reach."""

import json
from pathlib import Path

import yaml
from card_style import heading, line

metrics = json.loads(Path("reports/metrics.json").read_text(encoding="utf-8"))
limits = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))["gate"]
scores = metrics["candidates"][metrics["best"]]
card = [
    heading(metrics["best"]),
    line("ROC AUC", scores["roc_auc"], f"at least {limits['min_roc_auc']}"),
    line("Brier score", scores["brier"], f"at most {limits['max_brier']}"),
]
Path("reports/card.md").write_text("\n".join(card) + "\n", encoding="utf-8")
