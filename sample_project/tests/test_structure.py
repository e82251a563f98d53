"""Who imports whom: an edit of a module is felt by the stages that need it, and by no others."""

from modulefinder import ModuleFinder
from pathlib import Path

import pytest

from flight_delays.pipeline import STAGES

SOURCES = {"sources", *(f"sources.{name}" for name in ("airports", "bts", "csv_file", "nycflights13", "tables"))}
PROJECT = Path(__file__).resolve().parent.parent


def behind(module: str) -> set[str]:
    """The modules of the project that a module imports, directly or through others, at its top or within a function."""
    finder = ModuleFinder(path=[str(PROJECT)])
    finder.import_hook(module)
    return {name.removeprefix("flight_delays.") for name in finder.modules if name.startswith("flight_delays.")}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_no_other_stage_and_ingest_alone_the_sources(stage):
    found = behind(f"flight_delays.stages.{stage}")
    assert {name for name in found if name.startswith("stages.")} == {f"stages.{stage}"}
    sources = {name for name in found if name.startswith("sources")}
    assert sources == (SOURCES if stage == "ingest" else set())


@pytest.mark.parametrize("stage", STAGES)
def test_gate_and_register_alone_know_the_registry(stage):
    assert ("registry" in behind(f"flight_delays.stages.{stage}")) == (stage in ("gate", "register"))


@pytest.mark.parametrize("module", ["model", "registry"])
def test_what_stages_share_imports_no_stage(module):
    assert not {name for name in behind(f"flight_delays.{module}") if name.startswith("stages")}


def test_columns_are_names_and_nothing_else():
    assert behind("flight_delays.columns") == {"columns"}
