"""Where things are in the kit."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_PROJECT = ROOT / "sample_project"
LESSONS = ROOT / "lessons"
RUNS = ROOT / "runs"
WORK = ROOT / "work"
BIN = Path(sys.executable).parent  # not resolved: the environment's own folder, with the engines' commands


def environment(**extra: str) -> dict[str, str]:
    """The environment for the processes we start: our commands first, and no tool phones home."""
    return {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "DO_NOT_TRACK": "1",
        "DVC_NO_ANALYTICS": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "false",
        "SCARF_ANALYTICS": "false",
        **extra,
    }
