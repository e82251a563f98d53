"""What an adapter adds: real stages beside empty ones, which an engine cannot tell from them."""

import shutil
import sys
from contextlib import AbstractContextManager, ExitStack

from workshop import engines
from workshop.engines.base import Outcome, Session
from workshop.ground.results import BENCH
from workshop.sandbox import Sandbox

_REPEATS = 5  # for differences smaller than the machine's noise
_FEW_ROWS = 2_000  # of each month, where only the engine's own time counts
# Which arguments an empty stage of each kind writes to:
_OUTPUTS = {
    "ingest": [0],
    "validate": [1, 2],
    "prepare": [3],
    "train": [1, 2],
    "evaluate": [3, 4, 5, 6],
    "gate": [4],
    "register": [5],
}
_FOLDERS = {"ingest": [0], "evaluate": [5]}
_EMPTY_STAGE = '''

@recorded
def {stage}(*paths, **options):
    """Nothing but the outputs that the next stage looks for."""
    import json
    from pathlib import Path

    scores = dict.fromkeys(["roc_auc", "average_precision", "brier", "log_loss", "calibration_error"], 0.5)
    text = json.dumps({{"best": "boosting", "candidates": {{"boosting": scores, "logistic": scores}}, "passed": True,
                       "candidate": "boosting", "reasons": [], "flights": 0, "late_share": 0.5, "version": 1}})
    for number in {outputs}:
        target = Path(paths[number])
        folder = number in {folders}
        (target if folder else target.parent).mkdir(parents=True, exist_ok=True)
        (target / "empty.json" if folder else target).write_text(text)
'''


def make_stages_empty(box: Sandbox) -> None:
    """Override every stage of a sandbox by one that does nothing and leaves small files."""
    for stage, outputs in _OUTPUTS.items():
        with (box.root / f"flight_delays/stages/{stage}.py").open("a", encoding="utf-8") as module:
            module.write(
                _EMPTY_STAGE.format(
                    stage=stage,
                    outputs=outputs,
                    folders=_FOLDERS.get(stage, []),
                )
            )


def plain_seconds() -> float:
    """Seconds of the plain scripts, from nothing and with all rows."""
    with engines.load("scripts").session(Sandbox.create(BENCH / "work" / "scripts")) as session:
        return session.run().seconds


def measure_adapter(name: str, plain: float) -> dict[str, float]:
    """What `compared` says of several runs from nothing, real and empty by turns; `plain` is the plain run of all rows.

    The runs are of few rows: what an adapter does, it does by task, not by row.
    """
    runs: dict[str, list[Outcome]] = {"real": [], "empty": []}
    with ExitStack() as stack:
        sessions = {kind: stack.enter_context(_adapter_session(name, empty=kind == "empty")) for kind in runs}
        for _ in range(_REPEATS):
            for kind, session in sessions.items():  # by turns, since the machine may slow down in between
                runs[kind].append(run_from_nothing(session))
    measured = compared(runs, plain)
    print(f"{name}, adapter: {measured}", file=sys.stderr, flush=True)
    return measured


def compared(runs: dict[str, list[Outcome]], plain: float) -> dict[str, float]:
    """What the adapter adds to real stages beyond what the engine needs for the same graph of empty ones.

    In seconds and as a share of `plain`, the seconds of the plain run of all rows. What else a machine does can only add
    to a run (as the documentation of Python's timeit says), so the least counts: of every pause between two stages where
    all runs have the stages in the same order, else of the whole.
    """
    orders = {tuple(record.name for record in outcome.records) for kind in runs.values() for outcome in kind}
    found = {kind: [pauses(outcome) for outcome in outcomes] for kind, outcomes in runs.items()}
    least = {
        kind: sum(map(min, zip(*those, strict=True))) if len(orders) == 1 else min(map(sum, those))
        for kind, those in found.items()
    }
    added = least["real"] - least["empty"]
    return {
        "own_seconds_real": round(least["real"], 2),
        "own_seconds_empty": round(least["empty"], 2),
        "added_seconds": round(added, 2),
        "spread_seconds": round(max(max(map(sum, those)) - min(map(sum, those)) for those in found.values()), 2),
        "share_of_plain": round(added / plain, 3),
    }


def pauses(outcome: Outcome) -> list[float]:
    """Seconds in which no stage was at work: before the first, between one and the next, after the last."""
    found, until = [], outcome.started
    for record in outcome.records:
        found.append(max(0.0, record.start - until))
        until = max(until, record.end)
    return [*found, outcome.started + outcome.seconds - until]


def _adapter_session(name: str, *, empty: bool) -> AbstractContextManager[Session]:
    box = Sandbox.create(BENCH / "work" / f"{name}-{'empty' if empty else 'real'}", params={"ingest.rows": _FEW_ROWS})
    if empty:
        make_stages_empty(box)
    return engines.load(name).session(box)


def run_from_nothing(session: Session) -> Outcome:
    """A run that finds nothing of an earlier one; RuntimeError if it fails."""
    forget(session.sandbox)
    outcome = session.run()
    if outcome.exit_code:
        raise RuntimeError(f"exit code {outcome.exit_code}\n{outcome.log[-2000:]}")
    return outcome


def forget(box: Sandbox) -> None:
    """Remove all that runs have left, engines' memories of results too, so that the next one begins from nothing."""
    for name in ("data", "models", "reports", "registry", ".engines/prefect/results", ".dvc/cache", "dvc.lock"):
        path = box.root / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
