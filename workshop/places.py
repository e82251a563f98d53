"""Where things are in the kit, in which languages, what of it a copy leaves out, and the environment of what we start."""

import os
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_PROJECT = ROOT / "sample_project"
LESSONS = ROOT / "lessons"
RUNS = ROOT / "runs"
WORK = Path(os.environ.get("WORKSHOP_WORK", ROOT / "work"))  # sandboxes; `make run` has its own
BIN = Path(sys.executable).parent  # not resolved: the environment's own folder, with the engines' commands
LANGUAGES = ("ru", "en")  # of everything that is read; folders bear these names
TWIN = {"ru": "en", "en": "ru"}  # the language in which the same is said
CYRILLIC = re.compile(r"[\u0400-\u04ff]")  # a letter that has no business in English and in code

# What runs, tests and tools leave: in any folder, and at places in the kit.
_CACHES = ("__pycache__", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache")
_LEFT = (*_CACHES, "*.egg-info", "*.partial", "*.previous")
_BUILT = ("build", "bench/work", "site/build", "site/.build.*", "slides/build")
_LEFT_IN_KIT = (".git", ".venv", ".proved", "runs", "work", *_BUILT)
_MADE_BY_STAGES = ("data", "models", "reports", "registry", "logs", "dvc_plots", "mlruns", "mlflow.db", "dvc.lock")
_LEFT_IN_PROJECT = (*_MADE_BY_STAGES, ".engines", ".dvc", ".git", ".env", ".venv", "build")
_LEFT_AT = (*_LEFT_IN_KIT, *(f"sample_project/{name}" for name in _LEFT_IN_PROJECT))


def not_copied(folder: str, names: list[str]) -> set[str]:
    """Which files of a folder of the kit a copy leaves out; `ignore` of shutil.copytree."""
    places = {name: Path(folder, name) for name in names}
    at = {name: place.relative_to(ROOT).as_posix() for name, place in places.items() if place.is_relative_to(ROOT)}
    return {
        name
        for name in names
        if any(fnmatchcase(name, left) for left in _LEFT) or any(fnmatchcase(at.get(name, ""), left) for left in _LEFT_AT)
    }


AS_DOCUMENTED = "WORKSHOP_AS_DOCUMENTED"  # an environment variable; startup.pth looks for it too


def as_documented() -> bool:
    """Whether engines are to be started as their documentation does it, without what the kit does to save seconds."""
    return AS_DOCUMENTED in os.environ


# Settings of the user's own installations, which would send our runs there.
_FOREIGN = ("AIRFLOW_", "PREFECT_", "MLFLOW_", "DVC_", "KFP_", "DASK_", "GIT_", "JUPYTER_", "PYTHON")
_OF_SHELLS = ("BASH_ENV", "BASH_FUNC_")  # what a shell runs first, and could set all of that again


def environment(**extra: str) -> dict[str, str]:
    """The environment for the processes we start: our commands first, nothing of other installations, no phoning home."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith((*_FOREIGN, *_OF_SHELLS))}
    return {
        **inherited,
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "PYTHONPATH": str(ROOT),  # notebooks anywhere in the kit can import its tool
        "PYTHONNOUSERSITE": "1",  # packages in the user's home do not shadow the locked ones
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel is ours, whatever else is installed
        "DO_NOT_TRACK": "1",
        "DVC_NO_ANALYTICS": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "false",
        "SCARF_ANALYTICS": "false",
        **extra,
    }
