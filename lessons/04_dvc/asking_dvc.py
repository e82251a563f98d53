"""What the checks of the tasks on DVC need: edits that last as long as one asks, and what DVC says to them."""

import argparse
import copy
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from dvc.repo import Repo
from dvc.stage.serialize import to_pipeline_file

from workshop.sandbox import Sandbox

_NEVER_EDITED = ("logs", "registry", "mlruns", "night", "__pycache__", "dvc.yaml", "dvc.lock", "params.yaml")
_WORDS = ("cmd", "deps", "params", "desc", "meta")  # of a stage, besides its outputs and how it is run


# --- what DVC says


def open_repo(root: Path) -> Repo:
    """DVC's view of a project; what it notes about files goes into the project's own folder."""
    return Repo(str(root), config={"core": {"site_cache_dir": str(root / ".engines" / "dvc-states")}})


def changes(root: Path, stage: str) -> list[str]:
    """What has changed for a stage by `dvc status`: files, keys of params.yaml; empty if it would not run again."""
    with open_repo(root) as repo:
        told = [part for parts in repo.status(targets=f"{root / 'dvc.yaml'}:{stage}").values() for part in parts]
    found = []
    for part in told:
        for files in part.values() if isinstance(part, dict) else ():
            for file, what in files.items():
                found += list(what) if isinstance(what, dict) else [file]
    return found or [str(part) for part in told]


def reached(root: Path, change: str) -> set[str]:
    """The stages that have a change among their inputs, and all that follow them."""
    with edited(root, change), open_repo(root) as repo:
        found = {name.rpartition(":")[2] for name in repo.status()}
        edges = [(need.name, stage.name) for stage, need in repo.index.graph.edges]
    while more := {after for before, after in edges if before in found} - found:
        found |= more
    return found


def complaint(root: Path) -> str:
    """What DVC has against dvc.yaml, as one line; empty if nothing."""
    try:
        with open_repo(root) as repo:
            repo.index.check_graph()
    except Exception as error:  # besides its own errors DVC stumbles over what it does not expect, such as an empty value
        return " ".join(f"{error} {getattr(error, 'exc', '')}".split()) or type(error).__name__
    return ""


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """The last thing that a command printed."""
    return "".join(done.stdout.strip().splitlines()[-1:])


# --- edits


@contextmanager
def edited(root: Path, *changes: str) -> Iterator[None]:
    """Files with one line more and parameters with another value, for as long as the block lasts."""
    files = [change for change in changes if (root / change).is_file()]
    with ExitStack() as stack:
        for file in {*files, *(["params.yaml"] if len(files) < len(changes) else [])}:
            stack.callback((root / file).write_bytes, (root / file).read_bytes())
        for file in files:
            with (root / file).open("ab") as stream:
                stream.write(b"\n# edited\n")
        for change in set(changes) - set(files):
            _set_other(root / "params.yaml", change)
        yield


def _set_other(file: Path, change: str) -> None:
    content = place = yaml.safe_load(file.read_text(encoding="utf-8"))
    *sections, key = change.split(".")
    for section in sections:
        place = place[section]
    place[key] = f"other than {place[key]}" if isinstance(place[key], str | None) else place[key] + 7
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


@contextmanager
def with_stages(root: Path, **stages: Any) -> Iterator[None]:
    """dvc.yaml with more stages, for as long as the block lasts; dvc.lock is put back too."""
    with ExitStack() as stack:
        for name in ("dvc.yaml", "dvc.lock"):
            stack.callback((root / name).write_bytes, (root / name).read_bytes())
        content = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))
        content["stages"] |= stages
        (root / "dvc.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        yield


def commit(sandbox: Sandbox, message: str) -> None:
    """Commit what has changed, if anything has: a cell that is run again changes nothing."""
    sandbox.run(["git", "add", "-A"])
    if sandbox.run(["git", "diff", "--cached", "--quiet"], check=False).returncode:
        sandbox.git_commit(message)


def copied(source: Path, target: Path) -> Sandbox:
    """A copy of a project, with DVC's cache and Git's history; what was at `target` goes."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(".engines", "night", "tools"))
    return Sandbox(target)


# --- answers


def plain(answer: Any) -> Any:
    """An answer as YAML would hold it: no tuples; None if it is made of something else than dictionaries, lists and scalars."""
    try:
        return json.loads(json.dumps(answer))
    except (TypeError, ValueError):
        return None


# --- the card of the model


def card_inputs(what: str) -> list[str]:
    """What card.py reads: its "code", its "figures", and the "limits" that it prints."""
    return {
        "code": ["tools/card.py", "tools/card_style.py"],
        "figures": ["reports/metrics.json"],
        "limits": ["gate.min_roc_auc", "gate.max_brier"],
    }[what]


def foreign_to_card(root: Path) -> list[str]:
    """All other files of the project and all other parameters."""
    read = {change for what in ("code", "figures", "limits") for change in card_inputs(what)}
    files = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _NEVER_EDITED and not name.startswith(".")]
        kept = (name for name in names if name not in _NEVER_EDITED and not name.startswith("."))
        files += [Path(folder, name).relative_to(root).as_posix() for name in kept]
    parameters = _leaves(yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8")))
    return sorted({*files, *parameters} - read - {"reports/card.md"})


def _leaves(section: dict[str, Any], above: str = "") -> Iterator[str]:
    for key, value in section.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"


def kinds(root: Path, stage: str) -> set[str]:
    """As what a stage names its outputs: out, metric, plot."""
    with open_repo(root) as repo:
        outs = next(found for found in repo.index.stages if found.name == stage).outs
    return {"plot" if out.plot else "metric" if out.metric else "out" for out in outs}


# --- the reports of the airports


def made(root: Path, **stages: Any) -> dict[str, dict[str, Any]]:
    """The stages that DVC makes of descriptions, each in the form in which DVC itself writes one."""
    with with_stages(root, **stages), open_repo(root) as repo:
        found = [stage for stage in repo.index.stages if stage.name.partition("@")[0] in stages]
        return {name: dict(words) for stage in found for name, words in to_pipeline_file(stage).items()}


def same_command(first: str | list[str], second: str) -> bool:
    """Whether two commands of desk.py mean the same, whatever the order of the options and however they are written."""
    return _meaning(first if isinstance(first, str) else " ; ".join(first)) == _meaning(second)


def _meaning(command: str) -> Any:
    options = argparse.ArgumentParser(exit_on_error=False, add_help=False, allow_abbrev=False)
    for name in ("--airport", "--late"):
        options.add_argument(name, action="append")
    try:
        program, script, *rest = shlex.split(command)
        return program, script, options.parse_known_args(rest)
    except (ValueError, argparse.ArgumentError):
        return command


def outputs(stage: dict[str, Any]) -> dict[str, Any]:
    """What a stage says of its outputs, and how it is run."""
    return {word: value for word, value in stage.items() if word not in _WORDS}


# --- the project of the night


AIRPORTS = ("EWR", "JFK", "LGA")


def replace_pipeline(root: Path, pipeline: str) -> None:
    """A new dvc.yaml, and nothing left of what the one before has made."""
    for name in ("dvc.lock", "summary.csv"):
        (root / name).unlink(missing_ok=True)
    shutil.rmtree(root / "out", ignore_errors=True)
    (root / "dvc.yaml").write_text(pipeline, encoding="utf-8")


def expected(root: Path, late: int) -> dict[str, Any]:
    """What the night must leave, counted by pandas."""
    counted, lines = {}, ["airport,flights,late"]
    for airport in AIRPORTS:
        delays = pd.read_csv(root / f"source/{airport}.csv")["arr_delay"]
        counts = {"flights": len(delays), "late": int((delays >= late).sum())}
        counted[f"out/{airport}.json"] = counts
        lines.append(f"{airport},{counts['flights']},{counts['late']}")
    return counted | {"summary.csv": "\n".join(lines) + "\n"}


def left(root: Path) -> dict[str, Any]:
    """What the night has left: the counts of the airports and the summary, as far as they are there."""
    counts = {f"out/{airport}.json": root / f"out/{airport}.json" for airport in AIRPORTS}
    found = {name: json.loads(file.read_text(encoding="utf-8")) for name, file in counts.items() if file.exists()}
    summary = root / "summary.csv"
    return found | ({"summary.csv": summary.read_text(encoding="utf-8")} if summary.exists() else {})


def makers(root: Path) -> dict[str, str]:
    """The stage that has a file among its outputs, by file; a file that none has is left out."""
    wanted = [*(f"out/{airport}.json" for airport in AIRPORTS), "summary.csv"]
    with open_repo(root) as repo:
        outs = [(Path(out.fs_path), stage.name) for stage in repo.index.stages for out in stage.outs]
    return {file: name for file in wanted for path, name in outs if (root / file).is_relative_to(path)}
