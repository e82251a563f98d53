"""GNU make: the plain script's result, nothing twice, and the project's exit codes."""

import pytest

from flight_delays.pipeline import Project
from workshop.engines import load


def results(sandbox):
    """The bytes of what every engine must leave alike."""
    project = Project.load(sandbox.root)
    return project.metrics.read_bytes(), project.predictions.read_bytes()


@pytest.mark.engine
def test_the_plain_scripts_result_and_nothing_twice(new_sandbox, finished, tmp_path):
    """A run from nothing, and one when nothing has changed."""
    sandbox = new_sandbox(tmp_path / "project")
    with load("make").session(sandbox) as session:
        first, second = session.run(), session.run()
    assert first.exit_code == second.exit_code == 0, first.log
    assert len(first.records) == 3 * 3 + 2 + 3
    assert second.records == []
    assert results(sandbox) == results(finished)


@pytest.mark.engine
def test_a_closed_gate_ends_with_3(sandbox):
    """No model is that good: the gate says no, and make's own code 2 does not hide it."""
    sandbox.set_param("gate.min_roc_auc", 0.99)
    with load("make").session(sandbox) as session:
        assert session.run().exit_code == 3
