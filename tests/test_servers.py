"""Servers end with whoever started them, whatever happens to that one."""

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import psutil
import pytest

from workshop import __main__ as command_line
from workshop.engines import databases, servers
from workshop.engines.servers import wait_for
from workshop.places import environment
from workshop.sandbox import CommandFailed

# a server that starts a child in a process group of its own and does not mind being asked to end
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], process_group=0)
print("up", flush=True)
time.sleep(300)
"""
HOLDER = """
import signal, sys, time
from pathlib import Path
from workshop.engines import servers
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup has it ignored, and a test would wait for the sleep to end
with servers.running({Path(sys.argv[1]): [sys.executable, "-c", sys.argv[2]]}, None) as processes:
    print("holding", flush=True)
    time.sleep(300)
"""
QUIET = "import time; print('up', flush=True); time.sleep(300)"


@pytest.mark.parametrize("wanted", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_servers_do_not_outlive_a_killed_starter(tmp_path, wanted):
    log = tmp_path / "server.log"
    starter = subprocess.Popen([sys.executable, "-c", HOLDER, log, QUIET], env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert starter.stdout.readline() == "holding\n"
        wait_for(lambda: log.read_text() == "up\n")
        started = psutil.Process(starter.pid).children(recursive=True)
        assert len(started) == 2  # the server and its guard
    finally:
        starter.send_signal(wanted)
        starter.wait()
        starter.stdout.close()
    wait_for(lambda: not [process for process in started if process.is_running()])


def test_stubborn_server_and_its_children_end(tmp_path, monkeypatch):
    monkeypatch.setattr(servers, "STOP_SECONDS", 2)
    log = tmp_path / "server.log"
    with servers.running({log: [sys.executable, "-c", STUBBORN]}, environment()) as processes:
        wait_for(lambda: log.read_text() == "up\n")
        server = psutil.Process(processes[log].pid)
        started = [server, *server.children(recursive=True)]
        assert len(started) == 2
        servers.check(processes)
        assert log.stat().st_mode & 0o077 == 0
    assert not [process for process in started if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def test_ended_server_is_noticed_with_the_end_of_its_log(tmp_path):
    log = tmp_path / "server.log"
    with servers.running({log: [sys.executable, "-c", "raise SystemExit('no port')"]}, environment()) as processes:
        processes[log].wait()
        with pytest.raises(CommandFailed, match="server ended with exit code 1:\nno port"):
            servers.check(processes)


@pytest.mark.parametrize("writable", [True, False])
def test_a_database_is_made_once_where_it_can_be_kept(tmp_path, monkeypatch, writable):
    made = []

    def make(home):
        made.append(home)
        (home / "new.db").write_text("tables")
        return home / "new.db"

    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment") if writable else "/dev/null/environment")
    for name in ("one.db", "two.db"):
        databases.provide(tmp_path / name, "pytest", make)
        assert (tmp_path / name).read_text() == "tables"
    assert len(made) == (1 if writable else 2)
    assert not any(home.exists() for home in made)


def test_set_up_makes_the_databases_of_all_engines(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert command_line.main(["databases"]) == 0
    kept = sorted((tmp_path / "share").rglob("*.db"))
    assert [file.name.rsplit("-", 1)[0] for file in kept] == ["apache-airflow", "prefect"]
    for file, table in zip(kept, ["dag_run", "flow_run"], strict=True):
        with closing(sqlite3.connect(file)) as connection:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


class Nth:
    """A condition that gives something true when it is asked for the `n`th time."""

    def __init__(self, n):
        self.n, self.asked = n, 0

    def __call__(self):
        self.asked += 1
        return self.asked == self.n and "here"


def test_what_is_waited_for_is_given_as_soon_as_it_comes():
    start = time.monotonic()
    assert wait_for(Nth(1)) == "here"
    assert wait_for(Nth(3), every=0.3) == "here"
    assert 0.6 <= time.monotonic() - start < 60


def test_waiting_ends_with_the_error_that_was_asked_for():
    never = Nth(0)
    with pytest.raises(TimeoutError, match=r"waited 0\.3 s in vain"):
        wait_for(never, 0.3, every=0.05)
    assert 1 < never.asked < 10
    with pytest.raises(CommandFailed, match="no server"):
        wait_for(Nth(0), 0, or_fail=CommandFailed("no server"))
    with pytest.raises(ZeroDivisionError):  # what the condition raises is not waited for
        wait_for(lambda: 1 / 0)
    assert wait_for(Nth(1), 0) == "here"
