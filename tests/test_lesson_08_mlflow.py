"""What lesson 08 says of the gate: how it judges a champion that has never learned from such features."""

import json
import re
from pathlib import Path

import pytest

from workshop.places import LESSONS
from workshop.sandbox import Sandbox

LESSON = (LESSONS / "08_mlflow/lesson.py").read_text(encoding="utf-8")
GATE_CLOSED = 3


def in_lesson(pattern: str) -> str:
    """The one thing that the lesson says in all places where it says it."""
    found = set(re.findall(pattern, LESSON, re.MULTILINE))
    assert len(found) == 1, found
    return found.pop()


def decide(sandbox: Sandbox) -> int:
    """Train few trees and ask the gate, but register nothing: how that ended."""
    few = int(in_lesson(r'"train\.candidates\.boosting\.max_iter", (\d+)\)$'))
    sandbox.set_param("train.candidates.boosting.max_iter", few)
    for stage in ("train", "evaluate"):
        sandbox.run(["python", "-m", "flight_delays", stage])
    return sandbox.run(["python", "-m", "flight_delays", "gate"], check=False).returncode


def judged(sandbox: Sandbox) -> dict:
    return json.loads((sandbox.root / "reports/decision.json").read_text(encoding="utf-8"))


@pytest.mark.engine
def test_a_weaker_model_passes_once_the_champion_is_asked_with_features_that_are_new_to_it(tmp_path: Path):
    params = {"months": {"2013-01": "train", "2013-02": "train", "2013-03": "test"}, "ingest.rows": 3000}
    params |= {"train.candidates.logistic": None, "train.candidates.boosting.max_iter": 30}  # as the lesson tunes it
    sandbox = Sandbox.create(tmp_path / "project", params=params)
    sandbox.run(["python", "run_pipeline.py"])

    assert decide(sandbox) == GATE_CLOSED
    assert "below the champion's" in judged(sandbox)["reasons"][0]

    names: dict[str, str] = {}
    exec(in_lesson(r"^local, utc = .+$"), names)
    module = sandbox.root / "flight_delays/features.py"
    code = module.read_text(encoding="utf-8")
    module.write_text(code.replace(names["local"], names["utc"]), encoding="utf-8")
    assert module.read_text(encoding="utf-8") != code
    sandbox.run(["python", "-m", "flight_delays", "prepare"])

    assert decide(sandbox) == 0
    assert judged(sandbox)["judged_by"] == ["thresholds", "champion"]
