"""Whatever the user has set, installed and lying about reaches no run, and no run touches it: all of it at once, one run."""

import configparser
import csv
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from flight_delays import artifacts
from flight_delays.pipeline import Project
from tests.reach import WATCHER
from workshop.engines import NAMES
from workshop.ground.processes import MARK
from workshop.places import BIN, ROOT
from workshop.sandbox import Sandbox

PLACE = "it's 100% kit #1 [a] & (b)"  # characters that shells, URLs and configuration files trip over
SMALL = "--train-months 2013-01,2013-02 --test-months 2013-03 --rows 2000"  # more than there are: as in `finished`
SOMEBODY_ELSE = 65534  # nobody, to whom the checkout belongs if we are root
RAISES = "raise SystemError('the foreign one was run')\n"
TOUCHES = "#!/bin/sh\ntouch '{home}/was-run'\nexit 1\n"

FILES = {
    ".gitconfig": """
        [core]
            hooksPath = {home}/hooks
            excludesFile = {home}/ignored
            attributesFile = {home}/attributes
            fsmonitor = {home}/hooks/commit-msg
            autocrlf = true
            pager = {home}/hooks/commit-msg
        [commit]
            gpgSign = true
            template = /nowhere
        [gpg]
            program = {home}/hooks/commit-msg
        [init]
            templateDir = {home}/template
            defaultBranch = theirs
        [diff]
            external = {home}/hooks/commit-msg
        [filter "theirs"]
            clean = {home}/hooks/commit-msg
            required = true
        """,
    "ignored": "*.lock\n*.yaml\n*.json\nparams*\n",
    "attributes": "* filter=theirs\n",
    ".config/git/ignore": "*\n",
    ".config/dvc/config": """
        [core]
            remote = theirs
            autostage = true
            analytics = true
            hardlink_lock = true
        [cache]
            dir = {home}/dvc-cache
            type = symlink
        ['remote "theirs"']
            url = {home}/dvc-remote
        """,
    "dvc-cache/files/md5/00/00": "theirs",
    ".config/matplotlib/matplotlibrc": "text.usetex: True\nbackend: TkAgg\nsavefig.dpi: 3\n",
    ".ipython/profile_default/ipython_config.py": RAISES,
    ".ipython/profile_default/startup/00-first.py": RAISES,
    ".jupyter/jupyter_config.py": RAISES,
    ".jupyter/jupyter_server_config.json": '{{"ServerApp": {{"ip": "0.0.0.0"}}}}',
    ".local/share/jupyter/kernels/python3/kernel.json": '{{"argv": ["/bin/false"], "display_name": "x", "language": "python"}}',
    ".local/share/jupyter/nbconvert/x": "theirs",
    ".mlflow/credentials": "[mlflow]\nmlflow_tracking_username = they\n",
    ".config/dask/dask.yaml": "distributed: {{scheduler: {{preload: [theirs]}}}}\n",
    ".prefect/profiles.toml": 'active = "theirs"\n[profiles.theirs]\nPREFECT_API_URL = "http://nobody.invalid/api"\n',
    "airflow/airflow.cfg": "[core]\nexecutor = NoSuchExecutor\n",
    ".netrc": "machine 127.0.0.1 login they password theirs\n",
    ".config/pip/pip.conf": "[install]\ntarget = {home}/pip-target\n",
    ".config/uv/uv.toml": '[pip]\ntarget = "{home}/uv-target"\n',
    "packages/json.py": RAISES,
    "packages/pandas.py": RAISES,
    "packages/sitecustomize.py": RAISES,
    "first.sh": "export GIT_DIR='{foreign}/.git' PYTHONPATH='{home}/packages'\n",
    "hooks/commit-msg": TOUCHES,
    "hooks/pre-commit": TOUCHES,
    "hooks/post-checkout": TOUCHES,
    "template/hooks/pre-commit": TOUCHES,
    "template/info/exclude": "*\n",
}
USER_SITE = ".local/lib/python{version}/site-packages"

VARIABLES = {
    "HOME": "{home}",
    "XDG_CONFIG_HOME": "{home}/.config",
    "XDG_CACHE_HOME": "{home}/.cache",
    "XDG_DATA_HOME": "{home}/.local/share",
    "TMPDIR": "{temporary}",
    "LC_ALL": "C",
    "GIT_DIR": "{foreign}/.git",
    "GIT_WORK_TREE": "{foreign}",
    "GIT_INDEX_FILE": "{foreign}/.git/index",
    "GIT_OBJECT_DIRECTORY": "{foreign}/.git/objects",
    "GIT_CONFIG_GLOBAL": "{home}/.gitconfig",
    "GIT_CONFIG_SYSTEM": "{home}/.gitconfig",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.hooksPath",
    "GIT_CONFIG_VALUE_0": "{home}/hooks",
    "GIT_TEMPLATE_DIR": "{home}/template",
    "GIT_PAGER": "{home}/hooks/commit-msg",
    "GIT_EDITOR": "{home}/hooks/commit-msg",
    "DVC_GLOBAL_CONFIG_DIR": "{home}/.config/dvc",
    "DVC_SYSTEM_CONFIG_DIR": "{home}/.config/dvc",
    "DVC_SITE_CACHE_DIR": "{home}/dvc-site",
    "MLFLOW_TRACKING_URI": "http://nobody.invalid",
    "MLFLOW_REGISTRY_URI": "http://nobody.invalid",
    "AIRFLOW_HOME": "{home}/airflow",
    "AIRFLOW__CORE__EXECUTOR": "NoSuchExecutor",
    "PREFECT_API_URL": "http://nobody.invalid/api",
    "PREFECT_HOME": "{home}/.prefect",
    "KFP_LOCAL": "x",
    "JUPYTER_CONFIG_DIR": "{home}/.jupyter",
    "JUPYTER_PATH": "{home}/.local/share/jupyter",
    "JUPYTER_PREFER_ENV_PATH": "0",
    "JUPYTER_PLATFORM_DIRS": "1",
    "IPYTHONDIR": "{home}/.ipython",
    "MATPLOTLIBRC": "{home}/.config/matplotlib/matplotlibrc",
    "MPLCONFIGDIR": "{home}/.config/matplotlib",
    "MPLBACKEND": "TkAgg",
    "PYTHONPATH": "{home}/packages",
    "PYTHONHOME": "/nowhere",
    "PYTHONSTARTUP": "{home}/packages/json.py",
    "PYTHONWARNINGS": "error",
    "PYTHONOPTIMIZE": "2",
    "PYTHONINSPECT": "1",
    "PYTHONIOENCODING": "ascii",
    "PYTHONUSERBASE": "{home}/.local",
    "PIP_TARGET": "{home}/pip-target",
    "PIP_USER": "1",
    "UV_SYSTEM_PYTHON": "1",
    "UV_PYTHON": "/nowhere",
    "VIRTUAL_ENV": "/nowhere",
    "CONDA_PREFIX": "/nowhere",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "socks5://127.0.0.1:9",
    "all_proxy": "socks5://127.0.0.1:9",
    "no_proxy": "example.org",
    "BASH_ENV": "{home}/first.sh",
    "ENV": "{home}/first.sh",
    "ARGS": "--nonsense",
    "SUBMISSIONS": "/nowhere",
}


def content(folder: Path) -> dict[str, str]:
    """What is below a folder: hashes of files and targets of links, with their modes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        what = str(path.readlink()) if path.is_symlink() else ""
        if path.is_file() and not path.is_symlink():
            what = hashlib.sha256(path.read_bytes()).hexdigest()
        found[str(path.relative_to(folder))] = f"{stat.filemode(path.lstat().st_mode)} {what}"
    return found


class Surroundings:
    """A user's home, a place for temporary files, a repository with the user's work, and in it the kit, from an archive."""

    def __init__(self, base: Path):
        self.home, self.foreign, self.kit = base / "home", base / "их работа", base / "их работа" / PLACE
        self.temporary = base / ("t" * (100 - len(str(base)) - 1))
        self.temporary.mkdir()
        self.attempts = base / "attempts.log"
        self.words = {"home": self.home, "foreign": self.foreign, "temporary": self.temporary}
        packages = USER_SITE.format(version=sysconfig.get_python_version())
        files = FILES | {f"{packages}/{name}.py": RAISES for name in ("yaml", "usercustomize")}
        for name, text in files.items():
            file = self.home / name
            file.parent.mkdir(parents=True, exist_ok=True)
            lines = text.format(**self.words).strip("\n").splitlines()
            indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
            file.write_text("".join(f"{line[indent:]}\n" for line in lines), encoding="utf-8")
            if "hooks" in file.parts:
                file.chmod(0o755)
        self.foreign.mkdir()
        (self.foreign / "thesis.txt").write_text("years of work\n")
        (self.foreign / "mlflow.db").write_text("years of runs\n")
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "All of it"]):
            subprocess.run(["git", *command], cwd=self.foreign, check=True)
        (self.foreign / ".dvc").mkdir()
        (self.foreign / ".dvc/config").write_text("[core]\n    no_scm = true\n")

    def theirs(self) -> dict[str, str]:
        """All that must stay as it is, to the byte."""
        home = {f"home/{name}": what for name, what in content(self.home).items()}
        work = {name: what for name, what in content(self.foreign).items() if not name.startswith(PLACE)}
        return {**home, **work, "temporary": str(content(self.temporary))}

    def make(self, *arguments: str, umask: int = 0o022) -> subprocess.CompletedProcess[str]:
        """`make` in the kit, with our Python as that of an active conda environment, so that there is nothing to set up."""
        given = {name: value.format(**self.words) for name, value in VARIABLES.items()}
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["make", *arguments],
            cwd=self.kit,
            env={"PATH": path, "CONDA_DEFAULT_ENV": "ml-pipelines", "USER": "они", MARK: os.environ[MARK], **given},
            umask=umask,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=1700,
            check=False,
        )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory, few_flights) -> Surroundings:
    """Surroundings with a kit in which there are few flights, one lesson and one submission."""
    around = Surroundings(tmp_path_factory.mktemp("h"))
    for name in ("workshop", "sample_project", "quiz", "notebooks/ru/pipeline", "lessons"):
        shutil.copytree(ROOT / name, around.kit / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "requirements.lock", "notebooks/ru/04_dvc.ipynb"):
        shutil.copy(ROOT / name, around.kit / name)
    for name in ("runs", "work"):
        shutil.rmtree(around.kit / name, ignore_errors=True)
    submission = around.kit / 'handed "in"/anna/00_start.ipynb'
    submission.parent.mkdir(parents=True)
    shutil.copy(ROOT / "solutions/en/00_start.ipynb", submission)
    project = Sandbox(around.kit / "sample_project")
    lenient = {"min_roc_auc": 0.5, "min_average_precision": 0.0, "max_roc_auc_drop": 0.5}  # little data: any model may pass
    for key, value in {"ingest.path": "source", **{f"gate.{name}": limit for name, limit in lenient.items()}}.items():
        project.set_param(key, value)
    shutil.copytree(few_flights, project.root / "source")
    for folder in (around.kit, project.root):  # one of them is where a process of ours looks for modules
        (folder / "sitecustomize.py").write_text(WATCHER.format(log=str(around.attempts)), encoding="utf-8")
    if os.geteuid() == 0:
        for path in (around.kit, *around.kit.rglob("*")):
            os.chown(path, SOMEBODY_ELSE, SOMEBODY_ELSE, follow_symlinks=False)
    return around


@pytest.fixture(scope="module")
def run_of_all(hostile) -> str:
    """What a run of all engines prints; it has touched nothing of the user's."""
    before = hostile.theirs()
    done = hostile.make("run", f"ARGS={SMALL}", umask=0)
    assert done.returncode == 0, done.stdout + done.stderr
    assert hostile.theirs() == before
    return done.stdout


@pytest.mark.engine
def test_all_engines_leave_the_same_bytes(hostile, run_of_all, finished):
    latest = hostile.kit / "runs/latest"
    results = json.loads((latest / "results.json").read_text())
    assert list(results["engines"]) == sorted(NAMES)
    assert results["identical"] is True
    assert {entry["stages_run"] for entry in results["engines"].values()} == {3 * 3 + 2 + 3}
    undisturbed = Project.load(finished.root)
    for entry in results["engines"].values():
        assert entry["predictions_sha256"] == artifacts.sha256(undisturbed.predictions)
        assert entry["metrics_sha256"] == artifacts.sha256(undisturbed.metrics)
    assert sorted(path.stem for path in (latest / "notebooks").iterdir()) == sorted([*NAMES, "compare"])
    report = latest.resolve() / "report.html"
    assert report.stat().st_size > 50_000
    assert '<html lang="ru">' in report.read_text(encoding="utf-8")
    assert run_of_all.strip().splitlines()[-1] == f"Report: {report}"
    (memory,) = re.findall(r"^Memory at most.*: (.*)$", run_of_all, re.M)
    megabytes = dict(re.findall(r"(\w+) (\d+) MB", memory))
    assert list(megabytes) == list(NAMES)
    assert int(megabytes["airflow"]) > int(megabytes["scripts"]) > 200  # three servers, and pandas at the least
    # with a umask of 0 what is secret is still the user's alone
    secret = [
        hostile.kit / "work/home",
        *latest.glob("work/airflow/.engines/airflow"),
        *latest.glob("work/prefect/.engines/prefect"),
    ]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in secret} == {0o700}


@pytest.mark.engine
@pytest.mark.usefixtures("run_of_all")
def test_nothing_tried_to_reach_another_machine(hostile):
    """The notebooks' kernels, and the stages and servers of all engines."""
    lines = hostile.attempts.read_text().splitlines()
    watched = [line for line in lines if line.startswith("watched ")]
    for part in (
        "ipykernel",
        "run_pipeline.py",
        "dvc",
        "'api-server'",
        "'scheduler'",
        "'prefect', 'server'",
        "_flow.py",
        "_kfp",
    ):
        assert [line for line in watched if part in line], part
    assert set(lines) - set(watched) == set()


@pytest.mark.engine
@pytest.mark.usefixtures("run_of_all")
def test_no_secret_is_left_in_logs_reports_notebooks_and_git(hostile):
    """Those of Airflow, which keeps them in files; Prefect's is in no file (test_engine_prefect.py)."""
    (home,) = (hostile.kit / "runs/latest").resolve().glob("work/airflow/.engines/airflow")
    config = configparser.ConfigParser(interpolation=None)
    config.read(home / "airflow.cfg", encoding="utf-8")
    passwords = home / "simple_auth_manager_passwords.json.generated"
    secrets = [*json.loads(passwords.read_text()).values(), config["core"]["fernet_key"]]
    secrets += [config["api"]["secret_key"], config["api_auth"]["jwt_secret"]]
    holders = {
        file
        for folder in ("runs", "work")
        for file in (hostile.kit / folder).resolve().rglob("*")
        if file.is_file() and not file.is_symlink() and any(secret.encode() in file.read_bytes() for secret in secrets)
    }
    assert holders == {passwords, home / "airflow.cfg"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in holders} == {0o600}
    repositories = list(hostile.kit.rglob(".git"))
    assert repositories  # DVC's
    for repository in repositories:
        all_of_it = ["git", "cat-file", "--batch-all-objects", "--batch"]
        kept = subprocess.run(all_of_it, cwd=repository.parent, capture_output=True, check=True).stdout
        assert not any(secret.encode() in kept for secret in secrets)


@pytest.mark.engine
def test_a_lesson_with_git_works_in_its_sandbox(hostile):
    before = hostile.theirs()
    done = hostile.make("run", "ARGS=--lessons --rows 300", umask=0o077)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 lessons came to their end" in done.stdout
    assert hostile.theirs() == before


@pytest.mark.engine
def test_a_submission_gets_its_points(hostile):
    before = hostile.theirs()
    done = hostile.make("grade", 'SUBMISSIONS=handed "in"')
    assert done.returncode == 0, done.stdout + done.stderr
    with (hostile.kit / 'handed "in"-graded/grades.csv').open(encoding="utf-8-sig", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert int(row["total"]) == int(row["max"]) > 0
    assert row["remark"] == ""
    assert hostile.theirs() == before


def test_the_doctor_names_it_all(hostile):
    done = hostile.make("doctor", "ARGS=--lang en")
    assert "Traceback" not in done.stderr
    named = done.stdout.replace(",", " ").split()
    of_the_user = ("XDG_", "LC_", "HOME", "TMPDIR", "ENV", "ARGS", "SUBMISSIONS")  # and of no tool
    foreign = {name for name in VARIABLES if not name.startswith(of_the_user)}
    assert sorted(foreign - set(named)) == []
    assert {"~/.gitconfig", "~/.ipython", "~/.jupyter", "~/.config/dvc", "~/.config/matplotlib", "~/airflow"} <= set(named)


def test_a_tool_asked_by_the_list_sees_nothing(hostile):
    """The same at once and without an engine: what a command of ours finds in its environment."""
    code = """
import os
from workshop.ground.household import household
with household():
    print(dict(os.environ))
"""
    given = {name: value.format(**hostile.words) for name, value in VARIABLES.items()}
    done = subprocess.run(
        [sys.executable, "-E", "-s", "-c", code],
        cwd=hostile.kit,
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(hostile.home) not in done.stdout
    assert str(hostile.foreign / ".git") not in done.stdout
    assert ":9" not in done.stdout
