"""The jail itself: with bubblewrap and without, as root and as an ordinary user, limits are limits and nothing is in sight."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from workshop.grading import jail, supervise
from workshop.places import ROOT

BOUNDS = jail.Bounds(memory_mb=400, disk_mb=50, processes=40)
SYSTEM_PYTHON = "/usr/bin/python3"  # which an ordinary user can start, whoever's the kit is
SOMEBODY = 54321

PROBE = r"""
import json, os, pwd, socket, subprocess, sys

def refused(do, *arguments):
    try:
        do(*arguments)
    except OSError as error:
        return error.errno
    return 0

def fill(folder, most):
    written = 0
    try:
        for number in range(most):
            with open(f"{folder}/{number}", "wb") as stream:
                stream.write(bytes(10**6))
            written += 1
    except OSError:
        pass
    for name in os.listdir(folder):
        if name.isdigit():
            os.remove(f"{folder}/{name}")
    return written

def empty(folder, most):
    made = 0
    try:
        for made in range(most):
            open(f"{folder}/e{made}", "w").close()
    except OSError:
        pass
    return made

said = {"user": os.getuid(), "home": pwd.getpwuid(os.getuid()).pw_dir, "here": os.getcwd(), "kit": os.path.exists("marker")}
sleepers = []
try:
    for _ in range(200):
        sleepers.append(subprocess.Popen(["sleep", "20"]))
except OSError:
    pass
said["processes"] = len(sleepers)
for one in sleepers:
    one.kill()
    one.wait()
for name in ("/tmp", "/dev/shm", "/submission", "/var/tmp"):
    said[name] = fill(name, 500)
said["files"] = empty("/tmp", 100_000)
places = ("/", "/usr", "/etc", "/proc", "/dev", "/run", "/var", "/kit", "/job")
said["writable"] = [place for place in places if not refused(open, place + "/new", "w")]
said["memfd"] = refused(os.memfd_create, "x")
said["host"] = refused(socket.socket, 40, socket.SOCK_STREAM)
said["loopback"] = socket.create_server(("127.0.0.1", 0)).getsockname()[0]
said["network"] = refused(socket.create_connection, ("192.0.2.1", 80), 2)
said["namespace"] = subprocess.run(["unshare", "--user", "true"], stderr=-3).returncode
said["there"] = [path for path in json.loads(sys.argv[1]) if os.path.exists(path)]
said["others"] = len([name for name in os.listdir("/proc") if name.isdigit()])
json.dump(said, os.fdopen(int(sys.argv[2]), "w"))
"""
START = "import sys; sys.path.insert(0, {folder!r}); import jail, json, os; from pathlib import Path; base = Path({base!r}); "
START += "how = jail.available(base / 'try', [{how!r}]); write = int(sys.argv[1]); "
START += "prefix = jail.prefix(base / 'kit', base / 'job', base / 'in', jail.Bounds(*{bounds!r}), how, folder='.'); "
START += "how == {how!r} or sys.exit(77); os.set_inheritable(write, True); "
START += "os.execvp(prefix[0], [*prefix, sys.executable, '-c', {probe!r}, {hidden!r}, str(write)])"


@pytest.fixture
def open_folder():
    """A folder that everybody may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.engine
@pytest.mark.parametrize("ordinary", [False, True], ids=["whoever", "ordinary"])
@pytest.mark.parametrize("how", [jail.BWRAP, jail.NAMESPACES])
def test_limits_are_limits_and_nothing_is_in_sight(tmp_path, open_folder, needs, how, ordinary):
    if ordinary and os.geteuid() != 0:
        pytest.skip("whoever runs this is an ordinary user")
    base = open_folder
    code = base / "kit/workshop/grading"
    for folder in (code, base / "job", base / "in", base / "try"):
        folder.mkdir(parents=True)
    shutil.copy(jail.__file__, code)
    (base / "kit/marker").touch()
    secret = tmp_path / "secret"
    secret.touch()
    python, become = sys.executable, []
    if ordinary:
        python, become = SYSTEM_PYTHON, ["setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups"]
        needs(Path(python).exists(), "Python of the system's own")
        for path in (base, *base.rglob("*")):
            os.chown(path, SOMEBODY, SOMEBODY)
    hidden = [str(path) for path in (secret, ROOT / "lessons", ROOT / "tests", Path.home() / ".ssh", "/sys/kernel", "/dev/sda")]
    start = START.format(
        folder=str(code), base=str(base), how=how, bounds=tuple(vars(BOUNDS).values()), probe=PROBE, hidden=json.dumps(hidden)
    )
    read, write = os.pipe()
    done = subprocess.run(
        [*become, python, "-c", start, str(write)], pass_fds=(write,), capture_output=True, text=True, timeout=300, check=False
    )
    os.close(write)
    with os.fdopen(read) as stream:
        answer = stream.read()
    needs(done.returncode != 77, "bubblewrap" if how == jail.BWRAP else "namespaces")
    assert answer, done.stderr
    said = json.loads(answer)
    assert (said["here"], said["kit"], said["there"], said["writable"]) == ("/submission/kit", True, [], [])
    assert said["home"] == "/submission/home"
    assert 20 < said["processes"] < BOUNDS.processes
    assert 20 < said["/submission"] < BOUNDS.disk_mb + 10
    assert max(said["/tmp"], said["/var/tmp"]) < BOUNDS.disk_mb + 10
    assert said["/dev/shm"] < BOUNDS.shared_mb + 10
    assert 100 < said["files"] < 10_000
    assert said["loopback"] == "127.0.0.1"
    assert said["network"]
    assert said["others"] < 6
    if os.uname().machine in jail._AUDIT_ARCH:
        assert all((said["memfd"], said["host"], said["namespace"]))
    if os.geteuid() == 0:
        assert said["user"] == 0 if ordinary else said["user"] >= 1000  # 0 is who it is in a namespace of one user


def steps(hidden=()) -> dict[str, str]:
    return {where: what for what, _, where in jail._steps(hidden)}


def test_a_checkout_a_home_and_submissions_are_covered_where_they_lie_in_what_is_shown(tmp_path, monkeypatch):
    usr = tmp_path / "usr"
    for name in ("src/app/.venv/bin", "src/app/lessons", "home/lib", "share/class"):
        (usr / name).mkdir(parents=True)
    monkeypatch.setattr(jail, "_SYSTEM", (str(usr),))
    monkeypatch.setattr(jail, "_ROOT", usr / "src/app")
    monkeypatch.setattr(sys, "prefix", str(usr / "src/app/.venv"))
    monkeypatch.setenv("HOME", str(usr / "home"))
    found = steps([usr / "share/class"])
    order = list(found)
    for path, what in {
        "": "show",
        "src/app": "cover",
        "src/app/.venv": "show",
        "home": "cover",
        "share/class": "cover",
    }.items():
        assert found[str(usr / path)] == what, path
    assert order.index(str(usr)) < order.index(str(usr / "src/app")) < order.index(str(usr / "src/app/.venv"))


def test_of_a_python_that_is_installed_in_a_home_only_the_installation_is_shown(tmp_path, monkeypatch):
    for name in ("bin", "lib/python3", "work", ".ssh"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    found = steps()
    assert {path.removeprefix(str(tmp_path)) for path in found if path.startswith(str(tmp_path))} == {"/bin", "/lib"}


def test_a_system_without_either_is_open(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert jail.available(tmp_path) == jail.OPEN


def test_a_kit_in_a_temporary_folder_is_shown_and_the_folder_can_be_written_to(monkeypatch):
    for where in ("/tmp", "/var/tmp"):
        monkeypatch.setattr(sys, "prefix", f"{where}/kit/.venv")
        monkeypatch.setattr(jail.os.path, "lexists", lambda path: True)
        found = jail._steps([])
        assert found[0] == ("room", "", where)
        assert where not in dict(jail._links(found))


def test_what_a_submission_is_told_lies_in_the_jail(monkeypatch):
    monkeypatch.setenv("WORKSHOP_TOKEN", "secret")
    told = supervise._environment(jail.INSIDE, "/mark")
    # the checkout's .venv is in the path, unless the environment is conda's
    assert {name for name, value in told.items() if str(ROOT) in value or "secret" in value} <= {"PATH"}
    assert {told[name] for name in ("HOME", "WORKSHOP_HOME")} == {str(jail.INSIDE / "home")}


def test_a_home_that_is_the_root_covers_nothing(monkeypatch):
    monkeypatch.setenv("HOME", "/")
    assert "/" not in steps([Path("/")])
