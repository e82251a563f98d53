"""A command of the kit leaves nothing behind, whatever ends it: no process, no temporary file; and it ends nobody else's."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from workshop import surroundings
from workshop.engines.servers import wait_for
from workshop.ground.household import household
from workshop.ground.processes import alive
from workshop.places import ROOT, not_copied, settings

SECONDS = 10  # within which nothing may be left
SLEEPER = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
# a child that minds no request to end, one in a session of its own, and one in the session of whoever started all this
COMMAND = f"""
import os, subprocess, sys, tempfile, time
from pathlib import Path
from workshop.ground.household import household
with household():
    Path(tempfile.mkdtemp(), "kernel.json").touch()
    for own_session in (False, True):
        print(subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], start_new_session=own_session).pid)
    print(os.environ["TMPDIR"], flush=True)
    if sys.argv[1:] == ["end"]:
        sys.exit(7)
    time.sleep(300)
"""
STOPS = {
    "interrupted": [signal.SIGINT],
    "interrupted twice": [signal.SIGINT, signal.SIGINT],
    "asked to end": [signal.SIGTERM],
    "hung up": [signal.SIGHUP],
    "killed": [signal.SIGKILL],
}


def start(command: list[str], count: int, **options) -> tuple[subprocess.Popen[str], list[psutil.Process], Path]:
    """A command that prints the ids of `count` processes of its own and its folder for temporary files."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    below = [psutil.Process(int(process.stdout.readline())) for _ in range(count)]
    return process, below, Path(process.stdout.readline().strip())


def stop(process: subprocess.Popen[str], signals: list[signal.Signals]) -> None:
    for wanted in signals:
        process.send_signal(wanted)
        time.sleep(0.5)


@pytest.mark.parametrize("signals", STOPS.values(), ids=STOPS)
def test_nothing_is_left_of_a_command_that_is_stopped(signals):
    others = subprocess.Popen([sys.executable, "-c", SLEEPER])  # of the same session, as a shell has them
    process, below, temporary = start([sys.executable, "-c", COMMAND], 2)
    try:
        assert temporary.is_dir()
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o700
        stop(process, signals)
        wait_for(lambda: not any(map(alive, below)) and not temporary.exists(), SECONDS)
        process.wait(SECONDS)
        assert others.poll() is None
    finally:
        process.kill()
        others.kill()
        others.wait()
        process.communicate()


def test_nothing_is_left_of_a_command_that_ends():
    process, below, temporary = start([sys.executable, "-c", COMMAND, "end"], 2)
    process.communicate(timeout=60)
    assert process.returncode == 7
    assert not any(map(alive, below))
    assert not temporary.exists()


def test_afterwards_this_process_is_as_it_was(monkeypatch):
    monkeypatch.setenv("AIRFLOW_HOME", "theirs")
    before, handler = dict(os.environ), signal.getsignal(signal.SIGTERM)
    with household():
        assert "AIRFLOW_HOME" not in os.environ
        assert os.environ["HOME"] == settings()["HOME"]
        assert Path(os.environ["HOME"]).is_dir()
    assert dict(os.environ) == before
    assert signal.getsignal(signal.SIGTERM) == handler


def test_the_home_folder_is_this_users_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path / "home"))
    before = os.umask(0)
    try:
        with household():
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700
    said = subprocess.run(["git", "config", "--global", "user.name"], env={"HOME": str(tmp_path / "home")}, capture_output=True)
    assert said.stdout == b"student\n"


@pytest.mark.parametrize("length", [20, 100])
def test_a_socket_finds_room_in_the_temporary_folder(length, tmp_path, monkeypatch):
    long = tmp_path / ("t" * max(1, length - len(str(tmp_path)) - 1))
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    monkeypatch.setattr("tempfile.tempdir", None)
    folder = surroundings.temporary_folder()
    try:
        assert len(os.fsencode(folder / "pymp-12345678/listener-12345678")) < 104
    finally:
        folder.rmdir()


# --- the set-up, as setup.sh starts it


def setting_up(*command: str) -> list[str]:
    return [sys.executable, "-E", "-s", str(ROOT / "workshop/surroundings.py"), "setup", *command]


@pytest.mark.parametrize(
    "signals", [STOPS[name] for name in STOPS if name != "killed"], ids=[name for name in STOPS if name != "killed"]
)
def test_nothing_is_left_of_a_setup_that_is_stopped(signals):
    sleeper = f'"{sys.executable}" -c "{SLEEPER}"'
    script = f'{sleeper} & echo $!; {sleeper} & echo $!; echo "$TMPDIR"; wait'
    process, below, temporary = start(setting_up("sh", "-c", script), 2)
    try:
        assert temporary.is_dir()
        stop(process, signals)
        wait_for(lambda: not any(map(alive, below)) and not temporary.exists(), SECONDS)
        process.wait(SECONDS)
    finally:
        process.kill()
        process.communicate()


def test_nothing_is_left_of_a_setup_that_is_stopped_while_its_command_starts():
    code = """
import os, signal, subprocess, sys
from workshop import surroundings
class Interrupted(subprocess.Popen):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        print(self.pid, flush=True)
        os.kill(os.getpid(), signal.SIGTERM)
subprocess.Popen = Interrupted
sys.exit(surroundings.main(["setup", "sleep", "300"]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 128 + signal.SIGTERM
    assert not psutil.pid_exists(int(done.stdout))


def test_a_setup_knows_where_packages_come_from_and_not_where_they_go(tmp_path):
    (tmp_path / ".config/uv").mkdir(parents=True)
    (tmp_path / ".config/uv/uv.toml").write_text(
        'find-links = ["/wheels"]\nrequired-version = ">=99"\n[[index]]\nname = "own"\nurl = "https://example.org/s\\"imple"\n'
        '[pip]\ntarget = "/elsewhere"\nsystem = true\nindex-url = "https://example.org/other"\n'
    )
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "UV_TARGET": "/elsewhere",
        "PIP_USER": "1",
        "PIP_INDEX_URL": "https://i",
    }
    done = subprocess.run(
        setting_up("sh", "-c", 'env; cat "$UV_CONFIG_FILE"'), env=env, capture_output=True, text=True, check=True
    )
    assert "PIP_INDEX_URL=https://i\n" in done.stdout
    assert not {"/elsewhere", "PIP_USER", "UV_TARGET", "required-version"} & set(done.stdout.replace("=", " ").split())
    assert 'index = [{"name" = "own", "url" = "https://example.org/s\\"imple"}]\n' in done.stdout
    assert done.stdout.endswith('[pip]\nindex-url = "https://example.org/other"\n')
    assert "UV_NO_CACHE" not in done.stdout


def test_a_setup_goes_on_where_nothing_can_be_kept_in_the_home_folder():
    env = {"PATH": os.environ["PATH"], "HOME": "/dev/null/home"}
    done = subprocess.run(setting_up("env"), env=env, capture_output=True, text=True, check=True)
    assert "UV_NO_CACHE=1\n" in done.stdout


def test_a_wrong_file_of_uv_is_named(tmp_path):
    (tmp_path / "uv.toml").write_text("index = [\n")
    env = {"PATH": os.environ["PATH"], "UV_CONFIG_FILE": str(tmp_path / "uv.toml"), "HOME": str(tmp_path)}
    done = subprocess.run(setting_up("env"), env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{tmp_path / 'uv.toml'}: ")
    assert len(done.stderr.splitlines()) == 1


def test_two_setups_of_a_folder_come_one_after_the_other(tmp_path):
    (tmp_path / "workshop").mkdir()
    program = tmp_path / "workshop/surroundings.py"
    program.write_bytes((ROOT / "workshop/surroundings.py").read_bytes())
    script = "date +%s.%N; sleep 3; date +%s.%N"  # in which the other comes, on a busy machine too
    both = [
        subprocess.Popen([sys.executable, program, "setup", "sh", "-c", script], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0] for process in both]
    times = sorted([float(line) for line in text.splitlines() if line[0].isdigit()] for text in said)
    assert times[0][1] <= times[1][0]
    assert sum("waiting" in text for text in said) == 1


# --- engines at work, and places that no tool takes


@pytest.mark.engine
def test_nothing_is_left_of_a_run_that_is_stopped_while_an_engine_is_at_work():
    command = [sys.executable, ROOT / "bench/stops.py", "airflow:SIGTERM", "prefect:SIGKILL"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) == 2


@pytest.mark.parametrize("name", ["a:b", "a?b", "a\tb"])
def test_a_place_that_no_tool_takes_is_refused_at_once(name, tmp_path):
    kit = tmp_path / name
    shutil.copytree(ROOT / "workshop", kit / "workshop", ignore=not_copied)
    setup = subprocess.run(["sh", "workshop/setup.sh"], cwd=kit, capture_output=True, text=True, check=False)
    command = subprocess.run([sys.executable, "-m", "workshop", "run"], cwd=kit, capture_output=True, text=True, check=False)
    assert (setup.returncode, command.returncode) == (1, 2)
    for said in (setup.stderr, command.stderr):
        assert len(said.strip().splitlines()) == 1
        assert said.strip().startswith(f"The kit lies in {kit}, and no tool takes a ")
        assert said.strip().endswith("there: rename the folder.")
    assert sorted(path.name for path in kit.iterdir()) == ["workshop"]
