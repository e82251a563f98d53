"""sample_project is a project of its own: copied away from the kit it runs, and it imports nothing from the kit."""

import ast
import os
import shutil
import subprocess
import sys

import pytest
import yaml

from workshop.places import ROOT, SAMPLE_PROJECT, not_copied

LIBRARIES = {*("matplotlib", "numpy", "pandas", "pandera", "pydantic", "pyarrow", "skops", "sklearn", "threadpoolctl", "yaml")}
ENGINES = {"dags": {"airflow"}, "flows": {"prefect", "prefect_dask"}, "kubeflow_pipeline": {"kfp", "jinja2"}}


def imported(code: str) -> set[str]:
    """The top-level packages that Python code imports anywhere in it, the standard library's left out."""
    names = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            names.add(node.module)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in (
            "import_module",
            "__import__",
        ):
            argument = node.args[0]
            if isinstance(argument, ast.Constant):
                names.add(argument.value)
    return {name.split(".")[0] for name in names} - sys.stdlib_module_names


def _files(folder: str, pattern: str = "*.py") -> list:
    return sorted(path for path in (SAMPLE_PROJECT / folder).rglob(pattern) if "__pycache__" not in path.parts)


def test_what_counts_as_imported():
    code = "import os, mlflow.sklearn as m\ndef f():\n    from airflow.sdk import dag\nimport_module('kfp.dsl')\n"
    assert imported(code) == {"mlflow", "airflow", "kfp"}


@pytest.mark.parametrize("file", _files("flight_delays"), ids=lambda file: file.relative_to(SAMPLE_PROJECT).as_posix())
def test_the_package_imports_no_engine_and_nothing_of_the_kit(file):
    allowed = LIBRARIES | {"flight_delays"} | ({"mlflow"} if file.name == "registry.py" else set())
    assert imported(file.read_text(encoding="utf-8")) <= allowed


ADAPTERS = [("", SAMPLE_PROJECT / "run_pipeline.py")] + [(folder, file) for folder in ENGINES for file in _files(folder)]


@pytest.mark.parametrize(("folder", "file"), ADAPTERS, ids=lambda value: getattr(value, "name", None))
def test_an_adapter_imports_its_engine_and_the_package_only(folder, file):
    found = imported(file.read_text(encoding="utf-8"))
    neighbours = {path.stem for path in file.parent.glob("*.py")}  # a script finds what lies beside it
    assert found <= {"flight_delays"} | neighbours | ENGINES.get(folder, set())
    assert "flight_delays" in found


@pytest.mark.parametrize("file", _files("tests"), ids=lambda file: file.name)
def test_the_shipped_tests_need_nothing_of_the_kit(file):
    assert imported(file.read_text(encoding="utf-8")) <= LIBRARIES | {"flight_delays", "run_pipeline", "pytest"}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Nothing but sample_project, in a folder with a space and Cyrillic letters."""
    root = tmp_path_factory.mktemp("away") / "с пробелом"
    shutil.copytree(SAMPLE_PROJECT, root, ignore=not_copied)
    params = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
    params["ingest"]["rows"] = 1000
    params["months"] = {"2013-01": "train", "2013-02": "test"}
    params["gate"] |= {"min_roc_auc": 0.5, "min_average_precision": 0.0}
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    return root


def _python(root, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


LOADED = """
import runpy, sys
runpy.run_path("run_pipeline.py", run_name="__main__")
print("LOADED", *sorted({module.split(".")[0] for module in sys.modules}))
for module in list(sys.modules.values()):
    print("FILE", getattr(module, "__file__", None))
"""


def test_the_pipeline_runs_and_loads_nothing_of_the_kit(alone):
    printed = _python(alone, "-c", "import sys; sys.path.insert(0, '')\n" + LOADED).splitlines()
    assert (alone / "reports/registered.json").is_file()
    (loaded,) = (set(line.split()[1:]) for line in printed if line.startswith("LOADED"))
    assert "flight_delays" in loaded
    assert not loaded & {"workshop", "airflow", "prefect", "kfp", "dvc"}
    files = [line.removeprefix("FILE ") for line in printed if line.startswith("FILE")]
    ours = [file for file in files if "/flight_delays/" in file]
    assert ours
    assert all(file.startswith(str(alone)) for file in ours)
    assert not [file for file in files if file.startswith(str(ROOT)) and not file.startswith(sys.prefix)]


def test_its_own_quick_tests_pass(alone):
    shutil.copyfile(SAMPLE_PROJECT / "params.yaml", alone / "params.yaml")
    quick = ["tests/test_features.py", "tests/test_params.py", "-k", "test_params or ties or target_is or order_of_the_rows"]
    printed = _python(alone, "-m", "pytest", "-q", "-p", "no:cacheprovider", *quick)
    assert " passed" in printed
    assert "failed" not in printed
