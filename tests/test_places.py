"""What is said once: what a copy leaves out, and how pages are rendered."""

import re
import shutil

import jinja2
import pytest

from workshop.ground.rendering import render
from workshop.places import ROOT, SAMPLE_PROJECT, not_copied
from workshop.sandbox import Sandbox


def left_out(folder, name):
    """Whether a copy of the kit leaves out `folder/name`, or a folder that it lies in."""
    path = (folder / name).relative_to(ROOT)
    parents = [ROOT, *(ROOT / parent for parent in reversed(path.parents[:-1]))]
    return any(not_copied(str(parent), [part]) for parent, part in zip(parents, path.parts, strict=True))


@pytest.mark.parametrize("folder", [ROOT, SAMPLE_PROJECT], ids=["kit", "project"])
def test_what_git_ignores_is_not_copied(folder):
    lines = (folder / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [line.strip("/").replace("*", "x") for line in lines if line and not line.startswith(("#", "!"))]
    assert len(ignored) > 8
    assert [name for name in ignored if not left_out(folder, name)] == []


def test_everything_else_is_copied():
    kept = ["workshop/runs", "workshop/data", "lessons/04_dvc", "tests/build", "sample_project/params.yaml", "bench/table.md"]
    kept += ["sample_project/flight_delays/models", "sample_project/.gitignore", "slides/ru", "docs/work"]
    assert [name for name in kept if left_out(ROOT, name)] == []
    assert not_copied("/somewhere/else", ["runs", "data", ".venv", "a.py"]) == set()
    assert not_copied("/somewhere/else", ["__pycache__", "a.partial", "a.py"]) == {"__pycache__", "a.partial"}


def test_a_sandbox_has_nothing_of_earlier_runs(tmp_path, monkeypatch):
    project = tmp_path / "kit/sample_project"
    shutil.copytree(SAMPLE_PROJECT, project, ignore=not_copied)
    wanted = sorted(path.relative_to(project) for path in project.rglob("*"))
    for name in ("data/raw/a.csv", ".engines/x", "dvc.lock", "flight_delays/__pycache__/a.pyc", "mlflow.db", "reports/plots/a"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("old")
    monkeypatch.setattr("workshop.places.ROOT", tmp_path / "kit")
    monkeypatch.setattr("workshop.sandbox.SAMPLE_PROJECT", project)
    root = Sandbox.create(tmp_path / "sandbox").root
    assert sorted(path.relative_to(root) for path in root.rglob("*") if path != root / "logs") == wanted


# --- pages


def test_html_is_escaped_and_markdown_is_not(tmp_path):
    for name in ("page.html.j2", "page.md.j2"):
        (tmp_path / name).write_text("{% if text %}\n  {% set a = 1 %}\n<p>{{ text }}</p>\n{% endif %}\n", encoding="utf-8")
    assert render(tmp_path / "page.html.j2", text="<b>&") == "<p>&lt;b&gt;&amp;</p>\n"
    assert render(tmp_path / "page.md.j2", text="<b>&") == "<p><b>&</p>\n"


def test_a_missing_value_is_an_error(tmp_path):
    (tmp_path / "page.md.j2").write_text("{{ text }}", encoding="utf-8")
    with pytest.raises(jinja2.UndefinedError):
        render(tmp_path / "page.md.j2")


def test_there_is_one_environment_and_one_list():
    code = {file.relative_to(ROOT): file.read_text(encoding="utf-8") for file in (ROOT / "workshop").rglob("*.py")}
    for what, number in {r"\bEnvironment\(": 1, r"re\.compile\(r?\"\[(?:А|\\u0400)": 1, r"\"__pycache__\"": 1}.items():
        assert sum(len(re.findall(what, text)) for text in code.values()) == number, what
