"""The environment: one lock, the same for uv, pip and conda, without addresses; the set-up script and the doctor."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from packaging.requirements import Requirement

from workshop import doctor, surroundings
from workshop.engines.servers import free_port
from workshop.places import AS_DOCUMENTED, BIN, ROOT, environment

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
# name -> versions: a few packages have another one for another Python
PINS: dict[str, set[str]] = {}
for _name, _version in re.findall(r"^([A-Za-z0-9_.\-]+)(?:\[[a-z,-]+\])?==([^ ;\\]+)", LOCK, re.M):
    PINS.setdefault(_name, set()).add(_version)


def test_lock_has_a_hash_for_every_package_and_no_address():
    entries = [entry for entry in re.split(r"\n(?=[a-z])", LOCK) if "==" in entry]
    assert len(entries) > 300
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert not re.search(r"https?://|--index-url|--find-links", LOCK)


def test_lock_holds_what_pyproject_wants():
    wanted = re.findall(r'^    "([^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[tool.")[0], re.M)
    assert len(wanted) > 30
    for text in wanted:
        requirement = Requirement(text)
        assert requirement.name in PINS, f"{requirement.name} is not in requirements.lock: make lock"
        locked = PINS[requirement.name]
        assert all(requirement.specifier.contains(version) for version in locked), f"{text} but locked {locked}: make lock"


def _pip_section() -> list[str]:
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    return next(entry["pip"] for entry in content["dependencies"] if isinstance(entry, dict))


@pytest.mark.engine
@pytest.mark.network
def test_pip_section_of_environment_yml_installs_the_lock(tmp_path):
    # conda writes the section to a requirements file beside environment.yml
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    requirements = tmp_path / "condaenv.requirements.txt"
    requirements.write_text("\n".join(_pip_section()) + "\n", encoding="utf-8")
    uv = str(BIN / "uv")
    run = {"check": True, "cwd": tmp_path, "capture_output": True, "text": True}
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, "env"], **run)
    env = {**os.environ, "VIRTUAL_ENV": str(tmp_path / "env")}
    # it would install 2 GB, which the set-up of this environment has just done from the same lock: the list is enough
    said = subprocess.run([uv, "pip", "install", "--dry-run", "-r", requirements.name], env=env, **run).stderr
    installed = dict(re.findall(r"^ \+ (\S+)==(\S+)$", said, re.M))
    assert len(installed) > 300
    assert {name: version for name, version in installed.items() if version not in PINS.get(name, ())} == {}


STRANGE = (
    *("AIRFLOW_HOME", "PREFECT_API_URL", "MLFLOW_TRACKING_URI", "PYTHONPATH", "GIT_DIR", "BASH_ENV", "LD_PRELOAD"),
    *("PIP_TARGET", "MATPLOTLIBRC", "MPLBACKEND", "IPYTHONDIR", "XDG_CONFIG_HOME", "DISPLAY", "WSL_DISTRO_NAME"),
    *("http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "SSH_AUTH_SOCK", "AWS_SECRET_ACCESS_KEY", "CONDA_PREFIX"),
    "OF_A_TOOL_OF_TOMORROW",
)
PASSES = {"LC_ALL": "C", "TZ": "Asia/Omsk", "FLIGHT_DELAYS_JOURNAL": "j", "LD_LIBRARY_PATH": "/opt/lib", "WORKSHOP_WORK": "w"}


def test_our_processes_have_what_is_on_the_list_and_nothing_else(monkeypatch):
    for name in STRANGE:
        monkeypatch.setenv(name, "elsewhere")
    for name, value in PASSES.items():
        monkeypatch.setenv(name, value)
    ours = environment()
    assert [name for name, value in ours.items() if value == "elsewhere"] == []
    assert PASSES.items() <= ours.items()
    assert ours["PATH"].split(os.pathsep)[0] == str(BIN)
    assert environment(AIRFLOW_HOME="here")["AIRFLOW_HOME"] == "here"


def test_the_list_of_what_passes_is_for_what_there_is_to_do():
    desktop = {"DISPLAY", "WSL_DISTRO_NAME", "XDG_RUNTIME_DIR", "HOME"}
    sources = {"PIP_INDEX_URL", "UV_INDEX_OWN_PASSWORD", "UV_DEFAULT_INDEX", "PIP_CONFIG_FILE", "https_proxy", "ALL_PROXY"}
    sources |= {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "HOME"}
    targets = {
        "UV_SYSTEM_PYTHON",
        "UV_PYTHON",
        "PIP_USER",
        "PIP_TARGET",
        "PIP_PREFIX",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "UV_TARGET",
    }
    targets |= {"UV_PROJECT_ENVIRONMENT", "PIP_REQUIRE_VIRTUALENV", "PYTHONUSERBASE", "UV_BREAK_SYSTEM_PACKAGES"}
    given = dict.fromkeys(desktop | sources | targets, "x")
    assert set(surroundings.passing(given, "lab")) == desktop
    assert set(surroundings.passing(given, "setup")) == sources
    assert set(surroundings.passing(given, "run")) == set()


def test_jupyterlab_opens_the_users_browser_and_reads_no_settings_of_the_users(monkeypatch):
    given = {"HOME": "/home/they", "DISPLAY": ":7", "XDG_RUNTIME_DIR": "/run/user/1", "WSL_INTEROP": "w", "JUPYTER_PATH": "/p"}
    given |= {"JUPYTER_CONFIG_DIR": "/home/they/.jupyter", "IPYTHONDIR": "/home/they/.ipython"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("XDG_CONFIG_DIRS", raising=False)  # the tests' own
    of_lab = environment("lab")
    assert {name: of_lab[name] for name in ("HOME", "DISPLAY", "XDG_RUNTIME_DIR", "WSL_INTEROP")}.items() <= given.items()
    home = environment()["HOME"]
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        assert of_lab[name].startswith(f"{home}/"), name
    assert "JUPYTER_PATH" not in of_lab
    assert "XDG_CONFIG_DIRS" not in of_lab  # the desktop has its own


def test_requests_to_this_machine_pass_by_every_proxy(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "socks5://nobody.invalid:1")
    monkeypatch.setenv("no_proxy", "example.org")
    code = f"""
import httpx, urllib.request, requests
for address in ("127.0.0.1", "localhost"):
    url = f"http://{{address}}:{{{free_port()}}}/"
    assert urllib.request.proxy_bypass(address)
    assert not requests.utils.get_environ_proxies(url)
    try:
        httpx.get(url)
    except httpx.ConnectError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("refused") == 2  # asked and not there, instead of a proxy of that name


def test_every_process_starts_and_ends_without_what_only_takes_time():
    told = """
import gc, os, sys
import jsonschema
class Last:  # goes when all that runs at exit has run
    def __del__(self, write=os.write, frozen=gc.get_freeze_count):
        write(1, f"{frozen() > 10_000}\\n".encode())
last = Last()
print("rfc3987_syntax", sys.modules["rfc3987_syntax"], flush=True)
"""
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["rfc3987_syntax None", "True"]


def test_a_thread_that_is_nearly_done_when_its_process_ends_gets_its_turn():
    """Arrow's let go of a file then; 5 of 240 busy processes that had read a table were aborted without it, none with it."""
    told = """
import atexit, os, threading
ending = threading.Event()
threading.Thread(target=lambda: (ending.wait(), os.write(1, b"let go")), daemon=True).start()
atexit.register(ending.set)
"""
    runs = [subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True) for _ in range(5)]
    assert "let go" in {run.stdout for run in runs}  # on a busy machine not each time


# --- the set-up script, in a folder of its own


def _setup(folder: Path, path: str, **env: str) -> subprocess.CompletedProcess[str]:
    (folder / "workshop").mkdir(exist_ok=True)
    for name in ("setup.sh", "startup.pth", "surroundings.py"):
        shutil.copy(ROOT / "workshop" / name, folder / "workshop")
    shutil.copy(ROOT / "requirements.lock", folder)
    command = ["/bin/sh", "workshop/setup.sh", "run"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env={"PATH": path, **env}, timeout=60)


def _tools(folder: Path, names: list[str]) -> str:
    tools = folder / "tools"
    tools.mkdir()
    for name in names:
        (tools / name).symlink_to(shutil.which(name))
    return str(tools)


BASICS = ["cat", "cmp", "df", "awk", "rm", "cp", "printf", "sh"]


def test_setup_names_a_missing_git(tmp_path):
    done = _setup(tmp_path, _tools(tmp_path, BASICS))
    assert done.returncode == 1
    assert "git is missing" in done.stderr


@pytest.mark.parametrize("named", [False, True])
def test_setup_refuses_an_old_python_with_the_way_out(tmp_path, named):
    tools = _tools(tmp_path, [*BASICS, "git"])
    old = tmp_path / "another python" if named else Path(tools) / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.18" && exit 0\nexit 1\n')
    old.chmod(0o755)
    done = _setup(tmp_path, tools, **({"PYTHON": str(old)} if named else {}))
    assert done.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 is needed; found: Python 3.8.18" in done.stderr
    assert "make run PYTHON=" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_setup_leaves_a_ready_environment_alone_but_for_new_settings(tmp_path):
    folder = tmp_path / "с пробелом"
    folder.mkdir()
    subprocess.run([str(BIN / "uv"), "venv", "--quiet", "--python", sys.executable, ".venv"], cwd=folder, check=True)
    shutil.copy(ROOT / "requirements.lock", folder / ".venv/installed.lock")
    (folder / ".venv/location").write_text(str(folder), encoding="utf-8")
    [packages] = folder.glob(".venv/lib/*/site-packages")
    (packages / "startup.pth").write_text("# of an earlier kit\n")
    assert _setup(folder, os.environ["PATH"]).returncode == 0
    assert (packages / "startup.pth").read_bytes() == (ROOT / "workshop/startup.pth").read_bytes()
    before = sorted(path.stat().st_mtime_ns for path in (folder / ".venv").rglob("*"))
    done = _setup(folder, os.environ["PATH"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path.stat().st_mtime_ns for path in (folder / ".venv").rglob("*")) == before


def test_the_kit_is_found_from_anywhere_in_a_folder_with_any_name_and_in_any_locale(tmp_path):
    folder = tmp_path / "кит с пробелом"
    (folder / "workshop").mkdir(parents=True)
    (folder / "workshop/__init__.py").touch()
    subprocess.run([str(BIN / "uv"), "venv", "--quiet", "--python", sys.executable, ".venv"], cwd=folder, check=True)
    script = (ROOT / "workshop/setup.sh").read_text(encoding="utf-8")
    (naming,) = re.findall(r"^\.venv/bin/python .*\n.*kit\.pth\"$", script, re.M)
    subprocess.run(["/bin/sh", "-c", naming], cwd=folder, check=True)
    told = [str(folder / ".venv/bin/python"), "-E", "-s", "-c", "import workshop; print(ascii(workshop.__file__))"]
    for locale in ("C", "C.UTF-8"):
        done = subprocess.run(told, cwd=tmp_path, env={"LC_ALL": locale}, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == ascii(str(folder / "workshop/__init__.py"))


def test_make_alone_lists_the_commands():
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    commands = re.findall(r"^([a-z-]+):.*?## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert len(commands) >= 8
    for command in commands:
        assert re.search(rf"^  {command} ", done.stdout, re.M)


# --- the doctor


def _findings(part) -> dict[str, str]:
    return {key: state for state, key, _ in part}


def test_doctor_finds_a_conda_environment():
    environ = {"CONDA_PREFIX": "/opt/conda", "CONDA_DEFAULT_ENV": "ds"}
    assert ("warn", "conda_warn", ("ds",)) in list(doctor.check_environment(environ))
    assert "conda_warn" not in _findings(doctor.check_environment({}))


def test_doctor_names_what_is_kept_out_and_shows_no_value(tmp_path, capsys):
    for name in (
        ".gitconfig",
        ".config/matplotlib/matplotlibrc",
        ".ipython/profile_default/ipython_config.py",
        ".jupyter/a.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".dask").mkdir()  # empty: nothing to name
    (tmp_path / ".config/pip").mkdir()
    (tmp_path / ".config/pip/pip.conf").touch()
    environ = {
        "HOME": str(tmp_path),
        "AIRFLOW_HOME": "/a",
        "https_proxy": "http://me:SECRET@proxy",
        "GIT_DIR": "/g",
        "EDITOR": "vi",
    }
    found = {key: values[0].split(", ") for _, key, values in doctor.check_settings(environ)}
    assert found["variables_warn"] == ["AIRFLOW_HOME", "GIT_DIR", "https_proxy"]
    own = [name for name in found["files_warn"] if name.startswith("~")]
    assert own == ["~/.gitconfig", "~/.ipython", "~/.jupyter", "~/.config/matplotlib", "~/.config/pip/pip.conf"]
    assert {"https_proxy", "~/.config/pip/pip.conf"} <= set(found["packages_from"])
    assert not {"AIRFLOW_HOME", "~/.gitconfig"} & set(found["packages_from"])
    doctor.main(["--lang", "en"], {"PATH": os.environ["PATH"], **environ})
    said = capsys.readouterr().out
    assert "The kit's runs are kept from them" in said
    assert "SECRET" not in said


def test_doctor_finds_no_settings_where_there_are_none(tmp_path, monkeypatch):
    monkeypatch.setattr(surroundings, "FILES", {"~": surroundings.FILES["~"]})  # those of this machine are not ours to say
    assert list(doctor.check_settings({"HOME": str(tmp_path), "EDITOR": "vi"})) == []
    (tmp_path / ".gitconfig").touch()
    assert len(list(doctor.check_settings({"HOME": str(tmp_path)}))) == 1
    assert list(doctor.check_settings({**environment(), "HOME": str(tmp_path)})) == []  # in lesson 0: all of this is ours


@pytest.mark.parametrize(
    ("environ", "lang"),
    [
        ({"LC_ALL": "", "LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LC_ALL": "ru_RU.KOI8-R", "LANG": "en_US.UTF-8"}, "ru"),
        ({"LC_ALL": "C", "LANG": "ru_RU.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "ru_RU", "LANG": "de_DE"}, "ru"),
        ({}, "en"),
    ],
)
def test_doctor_speaks_the_users_language(environ, lang):
    assert doctor.language(environ) == lang


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "Исправлять нечего."),
        ("koi8-r", "Исправлять нечего."),
        ("cp1251", "Исправлять нечего."),
        ("ascii", "Nothing to mend."),
    ],
)
def test_doctor_writes_what_any_terminal_can_show(encoding, said, tmp_path):
    environ = {"PATH": os.environ["PATH"], "LANG": "ru_RU.UTF-8", "PYTHONIOENCODING": encoding, "HOME": str(tmp_path)}
    environ |= {"CONDA_PREFIX": "/x", "CONDA_DEFAULT_ENV": "окружение ☃"}
    done = subprocess.run([sys.executable, ROOT / "workshop/doctor.py"], env=environ, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode(encoding).splitlines()[-1] == said


def test_doctor_finds_missing_tools(tmp_path):
    findings = list(doctor.check_system({"PATH": str(tmp_path)}))
    assert ("bad", "tool_bad", ("git",)) in findings
    assert {("warn", "browser_warn", ()), ("warn", "namespaces_warn", ())} <= set(findings)  # for these, tests are skipped
    assert {"browser", "namespaces"} <= set(_findings(doctor.check_system(dict(os.environ))))


def test_doctor_finds_windows_without_wsl(monkeypatch):
    monkeypatch.setattr(doctor.platform, "system", lambda: "Windows")
    assert _findings(doctor.check_system(dict(os.environ)))["windows_bad"] == "bad"


def test_doctor_finds_a_full_disk_and_little_memory(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    monkeypatch.setattr(doctor.os, "sysconf", lambda name: 1 << 10)
    findings = _findings(doctor.check_room())
    assert findings["disk_bad"] == "bad"
    assert findings["memory_bad"] == "bad"


def test_doctor_finds_a_port_in_use(monkeypatch):
    import socket

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        used = server.getsockname()[1]
        real = socket.socket.connect_ex
        monkeypatch.setattr(socket.socket, "connect_ex", lambda self, address: real(self, (address[0], used)))
        assert _findings(doctor.check_room())["port_warn"] == "warn"


def test_doctor_speaks_both_languages_and_says_how_it_ended(capsys, tmp_path):
    assert doctor.main(["--lang", "ru"], {"PATH": str(tmp_path)}) == 1
    assert "ИСПРАВИТЬ" in capsys.readouterr().out
    assert doctor.main(["--lang", "en"], dict(os.environ)) == 0
    assert "Nothing to mend." in capsys.readouterr().out
    assert doctor.main(["--nonsense"], {}) == 2


@pytest.mark.parametrize(("variables", "tuned"), [({}, True), ({AS_DOCUMENTED: "1"}, False)])
def test_what_saves_seconds_is_not_there_where_engines_are_started_as_documented(variables, tuned):
    look = "import gc, sys; print(gc.get_threshold()[0] == 50_000, 'rfc3987_syntax' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", look], env=environment(**variables), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(tuned)] * 2
