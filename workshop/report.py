"""report.html of a run: one file that opens offline."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flight_delays import artifacts
from workshop import figures
from workshop.compare import table
from workshop.engine_run import stored
from workshop.engines import NAMES
from workshop.ground import measured
from workshop.ground.months import split
from workshop.ground.rendering import render
from workshop.ground.results import in_order
from workshop.ground.texts import by_language
from workshop.places import ROOT

_PACKAGES = ("dvc", "apache-airflow", "prefect", "kfp", "mlflow", "pandas", "scikit-learn")


def write_report(run_dir: str | Path, *, train_months: Sequence[str], test_months: Sequence[str], lang: str = "ru") -> Path:
    """Write report.html from results.json and what the engines left in `run_dir`; give its path."""
    run_dir = Path(run_dir)
    results = artifacts.read_json(run_dir / "results.json")
    results["engines"] = in_order(results["engines"], NAMES)
    engines = {name: stored(run_dir, name) for name in results["engines"]}
    months = split(train_months, test_months)
    page = render(
        Path(__file__).with_suffix(".html.j2"),
        lang=lang,
        t=by_language(Path(__file__).with_suffix(".yaml"))[lang],
        name=run_dir.resolve().name,
        results=results,
        train=", ".join(train_months),
        test=", ".join(test_months),
        rows=table(results).reset_index().to_dict("records"),
        machine=_machine(),
        flatters=_flatters(lang),
        notebooks=sorted(path.name for path in (run_dir / "notebooks").glob("*.ipynb")),
        **_figures(run_dir, results, engines, months, lang),
    )
    with artifacts.replacing(run_dir / "report.html") as partial:
        partial.write_text(page, encoding="utf-8")
    return run_dir / "report.html"


def _figures(
    run_dir: Path, results: dict[str, Any], engines: dict[str, Any], months: dict[str, str], lang: str
) -> dict[str, Any]:
    first = next(iter(engines), None)
    if first is None:
        return {"graph": "", "bars": "", "gantts": {}, "curves": {}}
    candidates = sorted(results["engines"][first]["metrics"]["candidates"])
    return {
        "graph": figures.svg(figures.graph(months, candidates)),
        "bars": figures.svg(figures.overhead_bars(results["engines"], lang=lang)),
        "gantts": {
            name: figures.svg(figures.gantt(records, start=entry["started"], seconds=entry["seconds"], lang=lang))
            for name, (entry, records) in engines.items()
        },
        "curves": {
            kind: figures.svg(figure)
            for kind, figure in figures.curves_of(run_dir / "results" / first / "plots", lang=lang).items()
        },
    }


def _flatters(lang: str) -> dict[str, str]:
    """What choosing adds to the best candidate's ROC AUC, by the number of flights; nothing where it was never measured."""
    known = measured.read(ROOT)
    if not known.of("choice"):
        return {}
    return {by: known.shown(f"choice.{by}.roc_auc_excess", lang) for by in ("by_500", "by_4000")}


def _machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} CPU; {packages}"
