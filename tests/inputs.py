"""What a lesson's proof depends on, and the folder in which it is proved: that holds this and nothing else of the kit.

Inputs are contents by path. What is hashed is what is written into the folder: copies, not links, so that a lesson that
writes into one of its inputs changes no file of the kit.
"""

import hashlib
import json
import os
import platform
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import yaml

from tests.kit_imports import front_room, modules, needed
from workshop.places import ROOT, not_copied

Inputs = dict[str, bytes]
QUESTIONS = "quiz/questions.yaml"


# --- of a lesson


def walk_through(kit: Path, name: str) -> Inputs:
    """What the walk-through notebook of a lesson may read."""
    inputs = _notebook(kit, f"notebooks/ru/{name}", without="exercise.py")
    if asked := _questions((kit / QUESTIONS).read_bytes()).get(name):
        inputs[QUESTIONS] = asked  # its own: another lesson's question is no reason to run this one again
    return inputs


def solution(kit: Path, name: str) -> Inputs:
    """What a stored solution may read, the answers and the mutants tried with it, and how its outputs are compared."""
    tried = [f"tests/answers/{name}.yaml", f"tests/mutants/{name}.yaml", "tests/nbval_sanitize.cfg"]
    tried = [path for path in tried if (kit / path).exists()]  # test_mutants.py names what is missing
    return _notebook(kit, f"solutions/en/{name}", without="lesson.py") | _read(kit, tried)


def _notebook(kit: Path, notebook: str, *, without: str) -> Inputs:
    folder, name = notebook.split("/")[0], notebook.split("/")[-1]
    lesson = [path for path in _files(kit, f"lessons/{name}") if not path.endswith(f"/{without}")]
    known = modules(kit)
    room = _with_data(kit, needed(front_room(known), known), known)
    more = yaml.safe_load((kit / "tests/inputs.yaml").read_text(encoding="utf-8")).get(f"{folder}/{name}", {})
    names = [path.relative_to(kit).as_posix() for pattern in more.get("names", []) for path in kit.glob(pattern)]
    named: Inputs = dict.fromkeys(names, b"")
    return named | _read(kit, [f"{notebook}.ipynb", *lesson, *room, *_files(kit, "sample_project"), *more.get("files", [])])


def _files(kit: Path, folder: str) -> list[str]:
    """The files of a folder of the kit, without what runs leave there."""
    found = []
    for parent, folders, names in os.walk(kit / folder):
        left = not_copied(parent, [*folders, *names])
        folders[:] = [name for name in folders if name not in left]
        found += [Path(parent, name).relative_to(kit).as_posix() for name in names if name not in left]
    return found


def _with_data(kit: Path, names: set[str], known: dict[str, Path]) -> list[str]:
    """Modules, and what lies beside them: texts, templates."""
    files = {known[name] for name in names}
    beside = {file for parent in {file.parent for file in files} for file in parent.iterdir() if file.is_file()}
    return [file.relative_to(kit).as_posix() for file in files | {file for file in beside if file.suffix != ".py"}]


@cache  # by the content
def _questions(content: bytes) -> dict[str, bytes]:
    """The questions of each lesson as a file of their own; JSON is YAML too."""
    found: dict[str, list[dict]] = {}
    for question in yaml.load(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        found.setdefault(question["lesson"], []).append(question)
    return {lesson: json.dumps(questions, ensure_ascii=False).encode() for lesson, questions in found.items()}


def _read(kit: Path, paths: Iterable[str]) -> Inputs:
    return {path: (kit / path).read_bytes() for path in paths}


# --- of its proof


def key(kit: Path, test: str, inputs: Inputs) -> str:
    """The name of the proof that a test passed with these inputs: a hash of all that it depends on."""
    content = hashlib.sha256(test.encode())
    for path, read in sorted({**inputs, **_proving(kit, test.split("::")[0]), **_surroundings(kit)}.items()):
        content.update(f"\n{path} {len(read)}\n".encode() + read)
    return content.hexdigest()


def _proving(kit: Path, module: str) -> Inputs:
    """The code that proves: the module of the test, conftest.py, and what they import of the kit."""
    known = modules(kit)
    for file in (kit / "tests").glob("*.py"):
        known |= {file.stem: file, f"tests.{file.stem}": file}  # both are in use
    names = needed({"tests.conftest", Path(module).stem}, known)
    ours = {name for name in names if name.startswith("workshop")}
    tests = [known[name].relative_to(kit).as_posix() for name in names - ours]
    return _read(kit, [*_with_data(kit, ours, known), *tests])


def _surroundings(kit: Path) -> Inputs:
    """The packages, the Python, the kind of machine, and how pytest is set."""
    settings = tomllib.loads((kit / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]
    machine = [platform.python_implementation(), *sys.version_info[:2], sys.platform, platform.machine()]
    return {
        "requirements.lock": (kit / "requirements.lock").read_bytes(),
        "pytest": json.dumps(settings, sort_keys=True).encode(),
        "machine": json.dumps(machine).encode(),
    }


# --- the folder


def lay_out(inputs: Inputs, folder: Path) -> Path:
    """Write the inputs into a folder, which a notebook takes for the kit if it gets the variables of `alone`."""
    for path, content in inputs.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def alone(folder: Path) -> dict[str, str]:
    """The variables for a kernel that is to import from this folder and nothing from the kit."""
    return {"PYTHONPATH": str(folder), "WORKSHOP_WITHOUT": str(ROOT)}  # where kit.pth of the environment would import from


def touched(inputs: Inputs, folder: Path) -> list[str]:
    """What is no longer as it was laid out: changed, removed, or added beside what Python compiles."""
    there = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    now = {path.as_posix(): (folder / path).read_bytes() for path in there}
    return sorted(path for path in inputs.keys() | now.keys() if inputs.get(path) != now.get(path))
