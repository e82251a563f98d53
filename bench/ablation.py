"""What each group of features is worth: ROC AUC with it and without it, and the seconds it costs.

    PYTHONPATH=sample_project .venv/bin/python bench/ablation.py

Both candidates learn from January to September 2013 and are tested on October to December, with the parameters of
sample_project/params.yaml: first with the schedule alone, then with one more group of columns.GROUPS at each step, then
with all groups but one. Carrier, origin and destination are always there. The seconds are those of the processor, for
training both candidates. Writes ablation.json, ablation.ru.svg and ablation.en.svg beside this file. With
--draw it trains nothing and draws what ablation.json says.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from flight_delays import model
from flight_delays.columns import CATEGORIES, GROUPS, NUMBERS, TARGET
from flight_delays.pipeline import Project
from workshop import figures
from workshop.ground import colours
from workshop.ground.months import PROFILES, split
from workshop.places import LANGUAGES
from workshop.sandbox import Sandbox

HERE = Path(__file__).parent
COMMAND = "PYTHONPATH=sample_project .venv/bin/python bench/ablation.py"
MONTHS = split(**PROFILES["full"])
CANDIDATES = {"boosting": colours.BLUE, "logistic": colours.ORANGE}
TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "added": "groups added one after another",
        "left out": "all groups but one",
        "logistic": "logistic regression",
        "boosting": "boosting",
        "axis": "ROC AUC, October to December",
        "label": "{} features, {:.0f} s",
    },
    "ru": {
        "added": "группы добавляются по одной",
        "left out": "все группы, кроме одной",
        "logistic": "логистическая регрессия",
        "boosting": "бустинг",
        "axis": "ROC AUC, октябрь–декабрь",
        "label": "признаков: {}, {:.0f} с",
        "schedule": "расписание",
        "weather": "погода",
        "aircraft": "самолёт",
        "departures": "вылеты",
        "behind schedule": "отставание от расписания",
        "arrivals": "прилёты",
        "month so far": "с начала месяца",
    },
}


def variants() -> list[tuple[str, str, list[str]]]:
    """Kind ("added" or "left out"), group and columns of each row."""
    groups = list(GROUPS)
    added = [("added", group, [c for name in groups[: at + 1] for c in GROUPS[name]]) for at, group in enumerate(groups)]
    return added + [("left out", group, [c for c in NUMBERS if c not in GROUPS[group]]) for group in groups]


def tables() -> tuple[Project, pd.DataFrame, pd.DataFrame]:
    """The project, its training flights and its test flights, as its own stages make them."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project.load(Sandbox.create(Path(folder) / "project", params={"months": MONTHS}).root)
        for month in project.months:
            for stage in ("ingest", "validate", "prepare"):
                project.run(stage, month)
            print(f"{month} is prepared", flush=True)
        learn, test = (model.read_features(list(project.prepared(part).values())) for part in ("train", "test"))
    return project, learn, test


def measure(project: Project, learn: pd.DataFrame, test: pd.DataFrame, columns: list[str]) -> dict[str, float]:
    """ROC AUC of both candidates that know these columns only, and the seconds of their training."""
    known = learn.assign(**{name: np.nan for name in NUMBERS if name not in columns})  # `fit` leaves these out
    found, seconds = {}, 0.0
    for candidate in CANDIDATES:
        start = time.process_time()
        fitted = model.fit(known, **project.options("train", candidate))
        seconds += time.process_time() - start
        probability = model.predict(fitted, test)
        found[candidate] = round(model.score(test[TARGET].to_numpy(), probability)["roc_auc"], 4)
    return {"features": len(CATEGORIES) + len(columns), **found, "seconds": round(seconds, 1)}


def results() -> dict[str, Any]:
    """Everything that goes into ablation.json; a line for each row on the way."""
    project, learn, test = tables()
    rows: list[dict[str, Any]] = []
    print(f"\n{'':30}{'features':>9}{'boosting':>10}{'logistic':>10}{'seconds':>9}")
    for kind, group, columns in variants():
        row = measure(project, learn, test, columns)
        rows.append({"kind": kind, "group": group, **row})
        sign = "-" if kind == "left out" else "+" if len(rows) > 1 else " "
        print(
            f"{sign} {group:28}{row['features']:>9}{row['boosting']:>10.4f}{row['logistic']:>10.4f}{row['seconds']:>9.1f}",
            flush=True,
        )
    return {
        "command": COMMAND,
        "machine": {"cpu": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "months": MONTHS,
        "flights": {"train": len(learn), "test": len(test)},
        "rows": rows,
    }


def picture(found: dict[str, Any], lang: str) -> str:
    """The rows as bars, one panel for each kind: an SVG, the same for the same figures."""
    texts = TEXTS[lang]
    kinds = {kind: [row for row in found["rows"] if row["kind"] == kind] for kind in ("added", "left out")}
    figure = Figure(figsize=(8, 7), layout="constrained")
    for axes, (kind, rows) in zip(figure.subplots(2, sharex=True), kinds.items(), strict=True):
        for at, (candidate, colour) in enumerate(CANDIDATES.items()):
            places = [row + (at - 0.5) * 0.4 for row in range(len(rows))]
            widths = [row[candidate] - 0.5 for row in rows]
            bars = axes.barh(places, widths, 0.36, left=0.5, color=colour, label=texts[candidate])
            axes.bar_label(bars, [f"{row[candidate]:.3f}" for row in rows], padding=3, fontsize=8, color=colours.SOFT)
        signs = ["−" if kind == "left out" else "+" if row else "" for row in range(len(rows))]
        names = [f"{sign} {texts.get(row['group'], row['group'])}" for sign, row in zip(signs, rows, strict=True)]
        counts = [texts["label"].format(row["features"], row["seconds"]) for row in rows]
        labels = [f"{name}\n{count}" for name, count in zip(names, counts, strict=True)]
        axes.set_yticks(range(len(rows)), labels, fontsize=8)
        axes.invert_yaxis()
        axes.set_title(texts[kind], loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", color=colours.GRID)
        axes.set_axisbelow(True)
    axes.set(xlabel=texts["axis"], xlim=(0.5, 0.8))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", ncols=2, frameon=False, fontsize=9)
    return figures.svg(figure)


def main() -> None:
    """Measure, print a table, write the results and draw them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draw", action="store_true", help="draw ablation.json anew, train nothing")
    file = HERE / "ablation.json"
    if not parser.parse_args().draw:
        file.write_text(json.dumps(results(), indent=2) + "\n", encoding="utf-8")
    found = json.loads(file.read_text(encoding="utf-8"))
    for lang in LANGUAGES:
        (HERE / f"ablation.{lang}.svg").write_text(picture(found, lang), encoding="utf-8")


if __name__ == "__main__":
    main()
