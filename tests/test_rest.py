"""Requests to a server that is busy, slow, away, or rude: a real one, of a few lines, on a port of this machine."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from workshop.engines import rest
from workshop.engines.airflow import Airflow
from workshop.engines.prefect import Prefect
from workshop.engines.rest import Rest
from workshop.engines.servers import free_port
from workshop.sandbox import CommandFailed, Sandbox

DROP, SLEEP = "hang up without an answer", "give no answer"


class Server(ThreadingHTTPServer):
    """Does what `script` says, a word or a status for each request, and answers 200 with `content` from then on.

    `requests` are those that came: (method, path, content, headers); `peers` the addresses that they came from.
    """

    daemon_threads = True

    def __init__(self, script=(), content=None, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.script, self.content, self.requests, self.peers = list(script), content or {}, [], set()
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        length = int(self.headers.get("Content-Length", 0))
        content = json.loads(self.rfile.read(length)) if length else None
        self.server.requests.append((self.command, self.path, content, self.headers))
        self.server.peers.add(self.client_address)
        status, answer = (self.server.script.pop(0) if self.server.script else 200), self.server.content
        if isinstance(status, tuple):
            status, answer = status
        if status == SLEEP:
            self.server.over.wait(60)
        if status in (DROP, SLEEP):
            self.close_connection = True
            return
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


@contextmanager
def serving(*script, **options):
    with Server(script, **options) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(rest, "PAUSE", 0.02)
    monkeypatch.setattr(rest, "TIMEOUT", 3)


PASSING = [500, 503, 429, DROP, SLEEP]


@pytest.mark.parametrize("trouble", PASSING)
def test_what_may_come_twice_is_sent_again(trouble):
    with serving(trouble, trouble, content={"state": "running"}) as server:
        client = Rest(server.url)
        assert client.ask("/run?a=1") == {"state": "running"}
        assert [(method, path) for method, path, *_ in server.requests] == [("GET", "/run?a=1")] * 3
        server.script = [trouble]
        assert client.ask("/filter", {"limit": 1}, idempotent=True) == {"state": "running"}
        assert [(method, content) for method, _, content, _ in server.requests[3:]] == [("POST", {"limit": 1})] * 2


@pytest.mark.parametrize("trouble", PASSING)
def test_what_may_not_come_twice_is_sent_once(trouble):
    with serving(trouble) as server, pytest.raises(httpx.TransportError if trouble in (DROP, SLEEP) else httpx.HTTPStatusError):
        Rest(server.url).ask("/runs", {"conf": {}})
    assert len(server.requests) == 1


@pytest.mark.parametrize("content", [None, {"conf": {}}], ids=["GET", "POST"])
def test_a_server_that_is_not_there_yet_is_asked_again(content):
    port = free_port()
    tries = []

    def start():
        tries.append("pause")
        if len(tries) == 2:
            started.append(Server(port=port))
            threading.Thread(target=started[0].serve_forever, args=(0.05,)).start()

    started = []
    try:
        assert Rest(f"http://127.0.0.1:{port}", between=start).ask("/run", content) == {}
        assert len(tries) == 2
        assert len(started[0].requests) == 1
    finally:
        for server in started:
            server.shutdown()
            server.server_close()


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422])
def test_a_refusal_is_final_and_carries_the_answer(status):
    with serving((status, {"detail": "no"})) as server, pytest.raises(httpx.HTTPStatusError) as refused:
        Rest(server.url).ask("/run")
    assert refused.value.response.status_code == status
    assert refused.value.response.json() == {"detail": "no"}
    assert len(server.requests) == 1


def test_tries_are_bounded_by_number_and_by_time(monkeypatch):
    with serving(*[500] * 100) as server:
        for tries in (1, 3):
            server.requests.clear()
            with pytest.raises(httpx.HTTPStatusError):
                Rest(server.url).ask("/run", tries=tries)
            assert len(server.requests) == tries
        monkeypatch.setattr(rest, "SECONDS", 0.5)
        monkeypatch.setattr(rest, "LONGEST_PAUSE", 0.1)
        server.requests.clear()
        start = time.monotonic()
        with pytest.raises(httpx.HTTPStatusError):
            Rest(server.url).ask("/run", tries=1000)
        assert 0.4 < time.monotonic() - start < 60
        assert 1 < len(server.requests) < 100


def test_pauses_grow(monkeypatch):
    monkeypatch.setattr(rest, "PAUSE", 0.1)
    moments = []
    with serving(500, 500, 500) as server:
        Rest(server.url, between=lambda: moments.append(time.monotonic())).ask("/run")
        end = time.monotonic()
    gaps = [after - before for before, after in zip(moments, [*moments[1:], end], strict=True)]
    assert all(gap >= least for gap, least in zip(gaps, [0.1, 0.2, 0.4], strict=True))


def test_what_is_raised_between_ends_the_tries():
    def gone():
        raise CommandFailed("the server has ended")

    with serving(500) as server, pytest.raises(CommandFailed, match="has ended"):
        Rest(server.url, between=gone).ask("/run")
    assert len(server.requests) == 1


def test_no_proxy_catches_what_stays_on_this_machine(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving() as server:
        assert Rest(server.url).ask("/run", tries=1) == {}
        monkeypatch.setenv("all_proxy", f"socks5://127.0.0.1:{free_port()}")
        assert Rest(server.url).ask("/run", tries=1) == {}


def test_every_request_has_a_connection_of_its_own():
    with serving() as server:
        client = Rest(server.url)
        for _ in range(3):
            client.ask("/run")
    assert len(server.peers) == 3


# --- the engines' clients


def test_a_locked_database_does_not_end_an_airflow_run(tmp_path):
    (tmp_path / "logs").mkdir()
    locked = (500, {"detail": "database is locked"})
    script = [(200, {"dag_run_id": "a:1"}), locked, (200, {"state": "running"}), locked, DROP, (200, {"state": "success"})]
    with serving(*script) as server:
        outcome = Airflow(Sandbox(tmp_path), server.url, "password", {}).trigger({"months": {}})
    assert outcome.exit_code == 0
    assert [method for method, *_ in server.requests] == ["POST", *["GET"] * 5]
    assert {path for _, path, *_ in server.requests[1:]} == {"/api/v2/dags/flight_delays/dagRuns/a%3A1"}


def test_an_airflow_run_is_asked_for_once(tmp_path):
    (tmp_path / "logs").mkdir()
    with serving(500) as server, pytest.raises(httpx.HTTPStatusError):
        Airflow(Sandbox(tmp_path), server.url, "password", {}).run()
    assert len(server.requests) == 1


def test_an_airflow_server_that_has_ended_is_named_while_it_is_asked(tmp_path):
    (tmp_path / "logs").mkdir()
    log = tmp_path / "api-server.log"
    log.write_text("out of memory\n")
    ended = type("Process", (), {"returncode": 1, "poll": lambda self: 1})()
    airflow = Airflow(Sandbox(tmp_path), f"http://127.0.0.1:{free_port()}", "password", {log: ended})
    start = time.monotonic()
    with pytest.raises(CommandFailed, match=r"api-server ended with exit code 1:\nout of memory"):
        airflow.run()
    assert time.monotonic() - start < rest.SECONDS / 2


def test_prefect_searches_are_sent_again_and_new_runs_are_not(tmp_path):
    settings = {"PREFECT_API_AUTH_STRING": "admin:pass:word"}
    with serving(503, 503) as server:
        prefect = Prefect(Sandbox(tmp_path), server.url, settings)
        assert prefect.api("/flow_runs/filter", {"limit": 1}) == {}
        assert [path for _, path, *_ in server.requests] == ["/api/flow_runs/filter"] * 3
        assert {headers["Authorization"] for *_, headers in server.requests} == {"Basic YWRtaW46cGFzczp3b3Jk"}
        server.script = [503]
        with pytest.raises(httpx.HTTPStatusError):
            prefect.api("/deployments/1/create_flow_run", {})
        assert len(server.requests) == 4
        server.script = [503]
        assert prefect.api("/deployments/1/create_flow_run", {"idempotency_key": "once"}) == {}
        assert [content for _, _, content, _ in server.requests[4:]] == [{"idempotency_key": "once"}] * 2
