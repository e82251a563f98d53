"""Gate and registry: who becomes champion, who stays, and the way back."""

import shutil

import pytest

from flight_delays import artifacts, model
from flight_delays.errors import DataError, GateClosed
from flight_delays.pipeline import Project
from flight_delays.registry import Registry
from flight_delays.stages.gate import reasons_against


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A project with its first champion that a test may change."""
    root = tmp_path / "moved"
    shutil.copytree(finished.root, root)
    return Project.load(root)


def _registry(project: Project) -> Registry:
    return Registry(project.registry, "flight-delays")


def _register(project: Project, **changed) -> int:
    from flight_delays.stages.register import register

    register(*project.paths("register"), **project.options("register") | changed)
    return artifacts.read_json(project.receipt)["version"]


def test_the_first_model_is_champion_with_its_tags(project):
    champion = _registry(project).champion()
    receipt = artifacts.read_json(project.receipt)
    assert champion.number == receipt["version"] == 1
    assert champion.tags == {
        name: receipt[name] for name in ("candidate", "git_commit", "data_hash", "params_hash", "metrics_hash")
    }
    assert champion.tags["params_hash"] == project.params.sha256()
    assert champion.tags["data_hash"] == artifacts.sha256_of_all(project.features_of("train"))
    assert champion.model_file.is_file()  # although the project was moved to another folder
    test = model.read_features(project.features_of("test"))
    best = model.load(project.model(champion.tags["candidate"]))
    assert (model.predict(model.load(champion.model_file), test) == model.predict(best, test)).all()


def test_registering_the_same_run_again_makes_no_second_version(project):
    before = project.receipt.read_bytes()
    assert _register(project) == 1
    assert project.receipt.read_bytes() == before
    assert [version.number for version in _registry(project).versions()] == [1]


def test_a_new_model_replaces_the_champion_which_stays_and_can_come_back(project):
    registry = _registry(project)
    first = registry.champion()
    assert _register(project, params_hash="other") == 2
    assert registry.champion().number == 2
    assert registry.champion().tags["params_hash"] == "other"
    assert [version.number for version in registry.versions()] == [1, 2]
    assert registry.versions()[0] == first
    assert first.model_file.is_file()
    registry.roll_back(1)
    assert registry.champion() == first
    assert _register(project, params_hash="other") == 2
    assert [version.number for version in registry.versions()] == [1, 2]


def test_no_champion_before_the_first_model(tmp_path):
    registry = Registry(tmp_path / "registry", "flight-delays")
    assert registry.champion() is None
    assert registry.versions() == []
    assert not (tmp_path / "registry").exists()  # looking makes nothing


def test_no_champion_under_another_name(project):
    assert Registry(project.registry, "other").champion() is None


def test_a_broken_database_is_named(project):
    (project.registry / "mlflow.db").write_bytes(b"not a database" * 100)
    with pytest.raises(DataError, match=r"mlflow\.db: cannot be read as the registry's database"):
        _registry(project).champion()


def test_the_gate_lets_a_model_as_good_as_the_champion_pass(project):
    project.run("gate")
    assert artifacts.read_json(project.decision)["passed"] is True


def test_the_gate_stops_a_model_that_is_worse_than_the_champion(project):
    metrics = artifacts.read_json(project.metrics)
    metrics["candidates"][metrics["best"]]["roc_auc"] -= 0.05
    artifacts.write_json(project.metrics, metrics)
    with pytest.raises(GateClosed, match=r"more than gate\.max_roc_auc_drop 0\.01 below the champion's"):
        project.run("gate")
    decision = artifacts.read_json(project.decision)
    assert decision["passed"] is False
    assert len(decision["reasons"]) == 1
    with pytest.raises(DataError, match=r"decision\.json: says no"):
        _register(project)


SCORES = {"roc_auc": 0.7, "average_precision": 0.4, "brier": 0.2}
LIMITS = {"min_roc_auc": 0.7, "min_average_precision": 0.4, "max_brier": 0.2, "max_roc_auc_drop": 0.01}


def test_a_model_exactly_at_its_limits_passes():
    assert reasons_against(SCORES, {"roc_auc": 0.7}, **LIMITS) == []


@pytest.mark.parametrize(("limit", "value"), [("min_roc_auc", 0.71), ("min_average_precision", 0.41), ("max_brier", 0.19)])
def test_each_limit_alone_is_a_reason(limit, value):
    (reason,) = reasons_against(SCORES, None, **LIMITS | {limit: value})
    assert f"gate.{limit} {value}" in reason
    assert reason.startswith(limit.split("_", 1)[1])


def test_a_registry_that_is_there_is_not_made_anew(project, tmp_path):
    registry = Registry(tmp_path / "registry", "flight-delays")
    best = artifacts.read_json(project.metrics)["best"]
    registry.promote(project.model(best), tags={"candidate": best}, scores={"roc_auc": 0.5})
    before = artifacts.sha256(registry.database)  # the file: MLflow's open connections would not see another in its place
    registry.create()
    assert artifacts.sha256(registry.database) == before
