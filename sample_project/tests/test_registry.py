"""Gate and registry: what is logged, who becomes champion, who stays, and the way back."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from flight_delays import artifacts, model
from flight_delays.columns import FEATURES
from flight_delays.errors import DataError, GateClosed
from flight_delays.pipeline import Project
from flight_delays.registry import Registry, Version
from flight_delays.stages.gate import gate, reasons_against, seen_by


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A project with its first champion that a test may change."""
    root = tmp_path / "moved"
    shutil.copytree(finished.root, root)
    return Project.load(root)


OTHER = "0" * 64  # a hash, of other parameters


def _registry(project: Project) -> Registry:
    return Registry(project.registry, "flight-delays")


def _ask(project: Project, query: str) -> list[tuple]:
    with closing(sqlite3.connect(project.registry / "mlflow.db")) as database:
        return database.execute(query).fetchall()


def _gate(project: Project, **changed) -> dict:
    gate(*project.paths("gate"), **project.options("gate") | changed)
    return artifacts.read_json(project.decision)


def _register(project: Project, **changed) -> int:
    """Gate and register, the gate with other options; the number of the version."""
    _gate(project, **changed)
    project.run("register")
    return artifacts.read_json(project.receipt)["version"]


def test_the_first_model_is_champion_with_its_tags(project):
    champion = _registry(project).champion()
    receipt = artifacts.read_json(project.receipt)
    assert champion.number == receipt["version"] == 1
    assert champion.tags == artifacts.read_json(project.decision)["tags"]
    assert champion.tags == {name: receipt[name] for name in champion.tags}
    assert champion.tags["params_hash"] == project.params.sha256()
    assert champion.tags["data_hash"] == artifacts.sha256_of_all(project.features_of("train"))
    assert champion.tags["model_hash"] == artifacts.sha256(project.model(champion.tags["candidate"]))
    assert champion.tags["metrics_hash"] == artifacts.sha256(project.metrics)
    assert champion.tags["train_months"] == "2013-01 2013-02"
    assert champion.tags["prepared_with"] == "horizon_hours=2.0 late_minutes=15 window_hours=2.0"
    assert champion.model_file.is_file()  # although the project was moved to another folder
    test = model.read_features(project.features_of("test"))
    best = model.load(project.model(champion.tags["candidate"]))
    assert (model.predict(model.load(champion.model_file), test) == model.predict(best, test)).all()


def test_every_candidate_is_a_run_with_what_was_set_and_what_came_of_it(project):
    runs = dict(_ask(project, "SELECT value, run_uuid FROM tags WHERE key = 'candidate'"))
    metrics, training = artifacts.read_json(project.metrics), artifacts.read_json(project.training)
    assert runs.keys() == metrics["candidates"].keys() == training.keys()
    assert {status for (status,) in _ask(project, "SELECT status FROM runs")} == {"FINISHED"}
    for candidate, run in runs.items():
        logged = _ask(project, f"SELECT key, value FROM latest_metrics WHERE run_uuid = '{run}' AND key != 'training_log_loss'")
        assert dict(logged) == metrics["candidates"][candidate]
        params = project.options("train", candidate)
        wanted = {"seed": params["seed"], **params["hyperparameters"]}
        assert dict(_ask(project, f"SELECT key, value FROM params WHERE run_uuid = '{run}'")) == {
            name: str(value) for name, value in wanted.items()
        }
        curve = _ask(
            project, f"SELECT step, value FROM metrics WHERE run_uuid = '{run}' AND key = 'training_log_loss' ORDER BY step"
        )
        assert [list(point) for point in curve] == training[candidate]["learning_curve"]


def test_boosting_learns_step_by_step_to_its_last_tree(project):
    training = artifacts.read_json(project.training)
    steps, losses = zip(*training["boosting"]["learning_curve"], strict=True)
    assert (steps[0], steps[-1], len(steps)) == (1, 80, 20)
    assert list(losses) == sorted(losses, reverse=True)
    [(iterations, loss)] = training["logistic"]["learning_curve"]
    assert 1 <= iterations <= 300
    assert 0 < loss < 0.7
    assert training["boosting"]["months"] == ["2013-01", "2013-02"]


def test_the_version_belongs_to_the_run_of_the_gate(project):
    [(run,)] = _ask(project, "SELECT run_id FROM model_versions")
    assert _ask(project, "SELECT source_run_id FROM logged_models") == [(run,)]
    assert len(_ask(project, "SELECT * FROM runs")) == 2
    best = artifacts.read_json(project.metrics)["best"]
    assert _ask(project, f"SELECT value FROM tags WHERE run_uuid = '{run}' AND key = 'candidate'") == [(best,)]


def test_the_gate_again_makes_no_second_run(finished, tmp_path):
    shutil.copytree(finished.root, tmp_path / "moved")
    shutil.rmtree(tmp_path / "moved/registry")
    project = Project.load(tmp_path / "moved")
    for _ in range(2):
        project.run("gate")
        assert len(_ask(project, "SELECT * FROM runs")) == 2
    _register(project)
    project.run("gate")  # after the run has got its model, too
    assert len(_ask(project, "SELECT * FROM runs")) == 2
    assert _registry(project).versions()[-1].number == 1


GATE = """
import sys
from flight_delays.pipeline import Project
Project.load().run("gate")
print(sorted({"sklearn", "matplotlib", "mlflow"} & sys.modules.keys()))
"""


@pytest.mark.parametrize("compare", ["champion", "thresholds"])
def test_who_compares_with_nobody_does_not_wait_for_scikit_learn(finished, new_copy, tmp_path, compare):
    copy = new_copy(tmp_path / "project")
    for folder in ("data", "models", "reports", *(["registry"] if compare == "thresholds" else [])):
        shutil.copytree(finished.root / folder, copy.root / folder)
    copy.set(gate__compare=compare)
    assert copy.python("-c", GATE).stdout == "['mlflow']\n"


@pytest.mark.parametrize("step", ["log_batch", "set_terminated"])
def test_a_gate_that_was_killed_half_way_ends_its_run_the_next_time(finished, tmp_path, monkeypatch, step):
    shutil.copytree(finished.root, tmp_path / "moved")
    shutil.rmtree(tmp_path / "moved/registry")
    project = Project.load(tmp_path / "moved")

    def killed(*arguments, **options):
        raise KeyboardInterrupt

    client = type(_registry(finished_project := Project.load(finished.root))._client())
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(client, step, killed)
        project.run("gate")
    assert len(_ask(project, "SELECT * FROM runs WHERE status = 'RUNNING'")) == 1
    project.run("gate")
    for query in (
        "SELECT name, status FROM runs ORDER BY name",
        "SELECT key, step, value FROM metrics ORDER BY key, step, value",
        "SELECT key, value FROM params ORDER BY key, value",
    ):
        assert _ask(project, query) == _ask(finished_project, query)


def test_registering_the_same_run_again_makes_no_second_version(project):
    before = project.receipt.read_bytes()
    project.run("register")
    assert project.receipt.read_bytes() == before
    assert _register(project) == 1
    assert [version.number for version in _registry(project).versions()] == [1]


def test_a_new_model_replaces_the_champion_which_stays_and_can_come_back(project):
    registry = _registry(project)
    first = registry.champion()
    assert _register(project, params_hash=OTHER) == 2
    assert registry.champion().number == 2
    assert registry.champion().tags["params_hash"] == OTHER
    assert [version.number for version in registry.versions()] == [1, 2]
    assert registry.versions()[0] == first
    assert first.model_file.is_file()
    registry.roll_back(1)
    assert registry.champion() == first
    assert _register(project, params_hash=OTHER) == 2
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


def _change(project: Project, statement: str) -> None:
    with closing(sqlite3.connect(project.registry / "mlflow.db")) as database:
        database.execute(statement)
        database.commit()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("files", r"model\.skops: the file of version 1 is gone; bring it back .* \(gate\.compare: thresholds\)"),
        ("version", r"mlflow\.db: the alias champion is that of version 7, which is gone; with gate\.compare: thresholds"),
        ("schema", r"mlflow\.db: cannot be used by MLflow .*out-of-date.* run `mlflow db upgrade .* begins a new registry"),
    ],
)
def test_a_registry_that_another_hand_changed_is_one_line_with_a_way_out(project, damage, said):
    if damage == "files":
        shutil.rmtree(project.registry / "artifacts")
    elif damage == "version":
        _change(project, "UPDATE registered_model_aliases SET version = 7")
    else:
        _change(project, "UPDATE alembic_version SET version_num = '451aebb31d03'")  # of MLflow 1
    for ask in (lambda: project.run("gate"), lambda: project.predict("2013-03")):
        with pytest.raises(DataError, match=said) as refused:
            ask()
        assert len(str(refused.value).splitlines()) == 1
        assert refused.value.exit_code == 1
    if damage == "schema":
        project.registry.rename(project.root / "old registry")
        project = Project.load(project.root.rename(project.root.with_name("again")))  # MLflow keeps what it opened in a process
    _register(project, compare="thresholds")  # the way out
    assert _registry(project).champion().load()


# --- what the gate says ---


def test_the_gate_lets_a_model_as_good_as_the_champion_pass(project):
    decision = _gate(project)
    assert decision["passed"] is True
    assert (decision["judged_by"], decision["seen_by_champion"]) == (["thresholds", "champion"], [])


def test_the_first_model_is_judged_by_the_thresholds(project):
    decision = artifacts.read_json(project.decision)
    assert (decision["judged_by"], decision["seen_by_champion"]) == (["thresholds"], [])


def _make_worse(project: Project) -> None:
    metrics = artifacts.read_json(project.metrics)
    metrics["candidates"][metrics["best"]]["roc_auc"] -= 0.05
    artifacts.write_json(project.metrics, metrics)


def test_the_gate_stops_a_model_that_is_worse_than_the_champion(project):
    _make_worse(project)
    with pytest.raises(GateClosed, match=r"more than gate\.max_roc_auc_drop 0\.01 below the champion's"):
        project.run("gate")
    decision = artifacts.read_json(project.decision)
    assert decision["passed"] is False
    assert len(decision["reasons"]) == 1
    with pytest.raises(DataError, match=r"decision\.json: says no"):
        project.run("register")
    assert len(_ask(project, "SELECT * FROM runs")) == 4  # of what was refused, too


def test_by_the_thresholds_alone_a_worse_model_passes(project):
    _make_worse(project)
    decision = _gate(project, compare="thresholds")
    assert (decision["passed"], decision["judged_by"]) == (True, ["thresholds"])
    with pytest.raises(GateClosed, match=r"is below gate\.min_roc_auc"):
        _gate(project, compare="thresholds", min_roc_auc=0.99)


@pytest.mark.parametrize(
    ("learned", "seen"),
    [
        ({"train_months": "2013-01 2013-02"}, []),
        ({"train_months": "2013-01 2013-03"}, ["2013-03"]),
        ({"train_months": "2013-04 2013-03 2013-02"}, ["2013-03", "2013-04"]),
        ({"train_months": ""}, ["2013-03", "2013-04"]),
        ({}, ["2013-03", "2013-04"]),
    ],
)
def test_a_champion_has_seen_what_it_learned_from_and_all_if_that_is_not_on_record(learned, seen):
    assert seen_by(Version(1, learned, Path()), {"2013-04": Path(), "2013-03": Path()}) == seen


def _has_learned_from(project: Project, months: str | None) -> None:
    client = _registry(project)._client()
    if months is None:
        client.delete_model_version_tag("flight-delays", "1", "train_months")
    else:
        client.set_model_version_tag("flight-delays", "1", "train_months", months)


@pytest.mark.parametrize("months", ["2013-02 2013-03", None])
def test_a_champion_that_has_seen_a_test_month_is_a_no_that_names_month_and_way_out(project, months):
    _has_learned_from(project, months)
    said = r"the champion, version 1, has learned from what is to be tested on: 2013-03\. .* set gate\.compare: thresholds"
    with pytest.raises(GateClosed, match=said) as closed:
        _gate(project)
    assert closed.value.exit_code == 3
    decision = artifacts.read_json(project.decision)
    assert (decision["passed"], decision["judged_by"]) == (False, ["thresholds"])
    assert decision["seen_by_champion"] == ["2013-03"]
    assert _gate(project, compare="thresholds")["passed"] is True


@pytest.mark.parametrize("months", ["2013-02 2013-03", None])
def test_in_a_backfill_the_thresholds_judge_where_the_champion_has_seen_a_test_month(project, months):
    _has_learned_from(project, months)
    backfill = Project(project.root, project.params, backfill=True)
    decision = _gate(backfill)
    assert (decision["passed"], decision["judged_by"], decision["seen_by_champion"]) == (True, ["thresholds"], ["2013-03"])
    with pytest.raises(GateClosed, match=r"is below gate\.min_roc_auc"):
        _gate(backfill, min_roc_auc=0.99)


def test_a_backfill_adds_a_version_and_leaves_the_champion_alone(project):
    sound, options = project.options("gate")["params_hash"], {"params_hash": OTHER}
    backfill = Project(project.root, project.params, backfill=True)
    _gate(backfill, **options)
    backfill.run("register")
    registry = _registry(project)
    assert ([version.number for version in registry.versions()], registry.champion().number) == ([1, 2], 1)
    receipt = artifacts.read_json(project.receipt)
    assert (receipt["version"], receipt["alias"]) == (2, None)
    assert _register(project, params_hash=sound) == 1


def test_in_a_backfill_a_champion_that_has_seen_no_test_month_is_compared_as_ever(project):
    _make_worse(project)
    with pytest.raises(GateClosed, match=r"below the champion's"):
        _gate(Project(project.root, project.params, backfill=True))


def _of_other_features(project: Project) -> None:
    """Make the champion a model that does not know `seats`, and knows `colour`."""
    options = project.options("train", "boosting")
    table = model.read_features(project.features_of("train")).rename(columns={"seats": "colour"})
    other = [name if name != "seats" else "colour" for name in FEATURES]
    fitted = model.boosting(
        numbers=[name for name in other if table[name].dtype.kind == "f"], seed=1, **options["hyperparameters"]
    ).fit(table[other], table["late"])
    model.save(_registry(project).champion().model_file, fitted)


def test_a_champion_of_other_features_is_named_with_the_way_out(project):
    _of_other_features(project)
    with pytest.raises(DataError, match=r"the champion, version 1: .* there no longer: colour; new to it: seats; .*thresholds"):
        project.run("gate")


def test_predict_refuses_a_champion_of_other_features_in_one_line(project):
    _of_other_features(project)
    with pytest.raises(
        DataError, match=r"learned from other features .* there no longer: colour; new to it: seats$"
    ) as refused:
        project.predict("2013-03")
    assert len(str(refused.value).splitlines()) == 1


# --- who belongs to whom ---


@pytest.mark.parametrize("what", ["model", "data", "metrics"])
def test_register_refuses_what_the_gate_did_not_see(project, what):
    best = artifacts.read_json(project.metrics)["best"]
    file = {"model": project.model(best), "data": project.features("2013-01"), "metrics": project.metrics}[what]
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(DataError, match=r"decision\.json: says no to .*, or speaks of another model; run gate again"):
        project.run("register")


def test_register_needs_the_run_of_the_gate(project):
    shutil.rmtree(project.registry)
    with pytest.raises(DataError, match=r"mlflow\.db: no run of this model; run gate again"):
        project.run("register")
    assert _register(project) == 1


def test_evaluate_refuses_the_record_of_another_model(project):
    record = artifacts.read_json(project.record("boosting"))
    artifacts.write_json(project.record("boosting"), record | {"model_hash": "0" * 64})
    with pytest.raises(DataError, match=r"boosting\.json: speaks of another model than .*boosting\.skops; run train again"):
        project.run("evaluate")


SCORES = {"roc_auc": 0.7, "average_precision": 0.4, "brier": 0.2}
LIMITS = {"min_roc_auc": 0.7, "min_average_precision": 0.4, "max_brier": 0.2, "max_roc_auc_drop": 0.01}


def test_a_model_exactly_at_its_limits_passes():
    assert reasons_against(SCORES, {"roc_auc": 0.7}, **LIMITS) == []


@pytest.mark.parametrize(("limit", "value"), [("min_roc_auc", 0.71), ("min_average_precision", 0.41), ("max_brier", 0.19)])
def test_each_limit_alone_is_a_reason(limit, value):
    (reason,) = reasons_against(SCORES, None, **LIMITS | {limit: value})
    assert f"gate.{limit} {value}" in reason
    assert reason.startswith(limit.split("_", 1)[1])


# --- the database ---


def _promote_in(registry: Registry, project: Project) -> int:
    best = artifacts.read_json(project.metrics)["best"]
    registry.record({"candidate": best}, params={}, scores={"roc_auc": 0.5}, curve=[])
    example = artifacts.read_parquet(project.features("2013-01"))[FEATURES].head(1)
    return registry.promote(project.model(best), tags={"candidate": best}, example=example)


def test_a_registry_that_is_there_is_not_made_anew(project, tmp_path):
    registry = Registry(tmp_path / "registry", "flight-delays")
    _promote_in(registry, project)
    before = artifacts.sha256(registry.database)  # the file: MLflow's open connections would not see another in its place
    registry.create()
    assert artifacts.sha256(registry.database) == before
