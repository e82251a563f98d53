"""Where things are in the kit, in which languages, what of it a copy leaves out, and the environment of what we start."""

import os
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

from workshop.surroundings import ROOT, passing

SAMPLE_PROJECT = ROOT / "sample_project"
LESSONS = ROOT / "lessons"
RUNS = ROOT / "runs"
WORK = Path(os.environ.get("WORKSHOP_WORK", ROOT / "work"))  # sandboxes; `make run` has its own
BIN = Path(sys.executable).parent  # not resolved: the environment's own folder, with the engines' commands
LANGUAGES = ("ru", "en")  # of everything that is read; folders bear these names
TWIN = {"ru": "en", "en": "ru"}  # the language in which the same is said
CYRILLIC = re.compile(r"[\u0400-\u04ff]")  # a letter that has no business in English and in code

# What runs, tests and tools leave: in any folder, and at places in the kit.
CACHES = ("__pycache__", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache")
_LEFT = (*CACHES, "*.egg-info", "*.partial", "*.previous")
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


def settings(home: Path | None = None) -> dict[str, str]:
    """What the kit sets for all that it starts: its commands first, a home folder of its own, no phoning home.

    In that home there is nothing but what our own tools leave there, so no configuration and no cache of the user's is
    read or written. What a machine's administrator has set for everybody is turned off tool by tool.
    """
    home = home or Path(os.environ.get("WORKSHOP_HOME", WORK / "home"))
    folders = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder != str(BIN)]
    return {
        "PATH": os.pathsep.join([str(BIN), *folders]),
        "WORKSHOP_HOME": str(home),
        "HOME": str(home),
        "XDG_CONFIG_DIRS": str(home / "etc"),  # not /etc/xdg
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TEMPLATE_DIR": "",  # no hooks and excludes for new repositories
        "DVC_SITE_CACHE_DIR": str(home / ".cache" / "dvc-states"),  # not the machine's /var/tmp/dvc
        "DASK_ROOT_CONFIG": str(home / "etc" / "dask"),
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel is ours, whatever else is installed
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "PYTHONPATH": str(ROOT),  # notebooks anywhere in the kit can import its tool
        "PYTHONNOUSERSITE": "1",  # packages in the user's home do not shadow the locked ones
        # no proxy is passed on; on macOS that of the system would be asked for loopback, too
        **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost,::1"),
        "DO_NOT_TRACK": "1",
        "DVC_NO_ANALYTICS": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "false",
        "SCARF_ANALYTICS": "false",
    }


def environment(purpose: str = "run", **extra: str) -> dict[str, str]:
    """The environment for the processes we start: what passes of the user's for a purpose, what we set, and `extra`.

    For JupyterLab the home folder stays the user's, whose browser it opens, but Jupyter's folders are in ours.
    """
    passes, ours = passing(os.environ, purpose), settings()
    if purpose == "lab":
        home = Path(ours.pop("HOME"))
        ours |= {
            "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
            "JUPYTER_DATA_DIR": str(home / ".local/share/jupyter"),
            "JUPYTER_RUNTIME_DIR": str(home / ".local/share/jupyter/runtime"),
            "IPYTHONDIR": str(home / ".ipython"),
        }
        ours.pop("XDG_CONFIG_DIRS")
    return {**passes, **ours, **extra}
