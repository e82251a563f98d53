"""The model card: of the last run, with what a colleague asks first."""

import shutil

import pytest

from flight_delays import artifacts
from flight_delays.errors import DataError, GateClosed
from flight_delays.pipeline import Project


@pytest.fixture
def project(finished, tmp_path) -> Project:
    """A project whose pipeline has run, for a test to change."""
    shutil.copytree(finished.root, tmp_path / "project")
    return Project.load(tmp_path / "project")


def test_the_card_of_a_model_that_passed(project):
    text = project.write_card().read_text(encoding="utf-8")
    metrics, decision = artifacts.read_json(project.metrics), artifacts.read_json(project.decision)
    assert text.startswith(f"# Model card: flight-delays, {metrics['best']}\n\nVersion 1, champion when it was registered. ")
    for candidate, scores in metrics["candidates"].items():
        [row] = [line for line in text.splitlines() if line.startswith("|") and candidate in line]
        assert row.split("|")[2:-1] == [f" {value:.4f} " for _, value in sorted(scores.items())]
    learned = sum(len(artifacts.read_parquet(path)) for path in project.features_of("train"))
    for said in (
        f"learned from {learned} flights of 2013-01, 2013-02\n",
        f"tested on {metrics['flights']} flights of 2013-03; ",
        *(decision["tags"][name] for name in ("data_hash", "params_hash", "git_commit", "prepared_with")),
        "**Passed**, judged by thresholds.",
        "max_brier 0.25, max_roc_auc_drop 0.01, min_average_precision 0.0, min_roc_auc 0.5.",
        "## Known limits\n\n- ",
    ):
        assert said in text


def test_the_card_of_a_refused_model_says_why_and_claims_no_version(project):
    params = project.params.model_dump(by_alias=True)
    params["gate"]["min_roc_auc"] = 0.99
    refused = Project(project.root, type(project.params).model_validate(params))
    with pytest.raises(GateClosed):
        refused.run("gate")
    text = refused.write_card().read_text(encoding="utf-8")
    assert "Not in the registry." in text  # although a receipt of the run before is there
    assert "**Refused**" in text
    assert "is below gate.min_roc_auc 0.99" in text


def test_reports_of_different_runs_make_no_card(project):
    project.metrics.write_bytes(project.metrics.read_bytes() + b" ")
    with pytest.raises(DataError, match=r"decision\.json: speaks of another run than .*metrics\.json; run gate again"):
        project.write_card()
    assert not project.card.exists()


def test_the_command_names_the_file_and_takes_no_month(finished, copy):
    shutil.copytree(finished.root / "reports", copy.root / "reports")
    assert copy.stage("card").stdout == "reports/model_card.md\n"
    assert copy.stage("card", "--month", "2013-01").returncode == 2
    shutil.rmtree(copy.root / "reports")
    missing = copy.stage("card")
    assert (missing.returncode, len(missing.stderr.splitlines())) == (1, 1)
