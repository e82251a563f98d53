"""An engine is started here, and driven from outside: run, resume, stop; may import sandbox, places and ground.

Every module has `session(sandbox)`, a context manager that gives a `base.Session`.
"""

from importlib import import_module
from types import ModuleType

NAMES = ("scripts", "dvc", "airflow", "prefect", "kubeflow")


def listed(text: str | None) -> list[str]:
    """The engines of a comma-separated list, all where there is none; ValueError if one is unknown or named twice."""
    names = list(NAMES) if text is None else text.split(",")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name!r} is named twice")
        if name not in NAMES:
            raise ValueError(f"unknown engine {name!r}; there are {', '.join(NAMES)}")
    return names


def load(name: str) -> ModuleType:
    """The module of an engine; ValueError if there is none of that name."""
    if name not in NAMES:
        raise ValueError(f"unknown engine {name!r}: choose from {', '.join(NAMES)}")
    return import_module(f"workshop.engines.{name}")
