"""`make lab`: the student's own exercises, the start page, and a real JupyterLab with the kit's kernel on this machine only."""

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest
from jupyter_client import BlockingKernelClient

from tests.reach import beyond_loopback
from workshop.engines.servers import free_port, wait_for
from workshop.ground.processes import alive
from workshop.lab.exercises import Desk, Found
from workshop.lab.start import start_page
from workshop.places import ROOT, settings

sys.path.append(str(Path(__file__).parent))
from lab_server import serve

LESSONS = sorted(path.name for path in (ROOT / "notebooks/ru").glob("*.ipynb"))


# --- the student's own exercises


def test_own_exercises_are_copied_and_never_overwritten(tmp_path):
    desk = Desk(tmp_path, tmp_path / "work", "ru")
    (tmp_path / "exercises/ru").mkdir(parents=True)
    (tmp_path / "exercises/ru/01_one.ipynb").write_text("as given")
    assert desk.lay_out() == Found()
    assert (desk.own / "01_one.ipynb").read_text() == "as given"
    (desk.own / "01_one.ipynb").write_text("solved")
    (tmp_path / "exercises/ru/01_one.ipynb").write_text("a new version")
    (tmp_path / "exercises/ru/02_two.ipynb").write_text("came later")
    assert desk.lay_out() == Found()
    assert {path.name: path.read_text() for path in desk.own.iterdir()} == {
        "01_one.ipynb": "solved",
        "02_two.ipynb": "came later",
    }


def test_make_clean_spares_the_solutions(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    kept = {"work/exercises/ru/01_one.ipynb", "work/former/ru/2026-09-01 10.00.00/01_one.ipynb"}
    for name in (*kept, "work/01_one-lesson/params.yaml", "runs/latest/run.json"):
        file = tmp_path / name
        file.parent.mkdir(parents=True)
        file.touch()
    for _ in range(2):
        subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"Makefile", *kept}
    shutil.rmtree(tmp_path / "work")
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)


# --- the start page


def links(page: str, folder: Path) -> dict[Path, str]:
    """The files that a page in `folder` links, with the texts of the links."""
    return {(folder / target).resolve(): text for text, target in re.findall(r"\[([^]]+)\]\(([^)]+)\)", page)}


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_links_of_the_start_page_resolve(copy_kit, tmp_path, lang):
    kit = copy_kit(tmp_path, "notebooks", "exercises", "solutions")
    own = kit / "work" / "exercises"
    Desk(kit, kit / "work", lang).lay_out()
    found = links(start_page(lang, kit, own), kit / "work")
    assert [str(path) for path in found if not path.is_file()] == []
    for folder in ("notebooks", "work/exercises", "solutions"):
        assert [path.name for path in found if path.parent == kit / folder / lang] == [
            path.name for path in sorted((kit / folder / lang).glob("*.ipynb"))
        ]
    assert len([path for path in found if path.parent.name == "pipeline"]) == 6


def test_start_page_names_every_lesson_by_its_title():
    page = start_page("ru", ROOT, ROOT / "work/exercises")
    rows = [line for line in page.splitlines() if re.match(r"\| \d+\. ", line)]
    assert len(rows) == len(LESSONS)
    assert rows[0].startswith("| 0. Начало | [тетрадь](../notebooks/ru/00_start.ipynb) |")


def test_start_page_links_the_slides_that_are_built(tmp_path):
    (tmp_path / "notebooks/ru").mkdir(parents=True)
    own = tmp_path / "work/exercises"
    assert "Слайды" not in start_page("ru", tmp_path, own)
    built = tmp_path / "slides/build"
    for name in ("ru/index.html", "ru/_static/notes.html", "en/index.html", "lecture.ru.pdf", "lecture.en.pdf"):
        (built / name).parent.mkdir(parents=True, exist_ok=True)
        (built / name).touch()
    page = start_page("ru", tmp_path, own)
    assert "Слайды лекции: [HTML](../slides/build/ru/index.html), [PDF](../slides/build/lecture.ru.pdf)" in page
    assert set(links(page, tmp_path / "work")) == {built / "ru/index.html", built / "lecture.ru.pdf"}


# --- the server


@pytest.fixture(scope="module")
def kit(copy_kit, tmp_path_factory):
    return copy_kit(tmp_path_factory.mktemp("kit"), "workshop", "notebooks", "exercises", "solutions", "quiz", "sample_project")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A user's home with another kernel of our kernel's name, and with settings that open the server to everybody."""
    folder = tmp_path_factory.mktemp("home")
    for kernels in ("jupyter/kernels", ".local/share/jupyter/kernels"):
        kernel = folder / kernels / "python3" / "kernel.json"
        kernel.parent.mkdir(parents=True)
        kernel.write_text(json.dumps({"argv": ["/bin/false"], "display_name": "Another Python", "language": "python"}))
    (folder / ".jupyter").mkdir()
    (folder / ".jupyter/jupyter_server_config.py").write_text('c.ServerApp.ip = "0.0.0.0"\nc.ServerApp.root_dir = "/"\n')
    return folder


@pytest.fixture(scope="module")
def server(kit, home):
    """JupyterLab, started where its port is taken and the user's variables point at the other kernel."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        variables = {"JUPYTER_PREFER_ENV_PATH": "0", "JUPYTER_PATH": str(home / "jupyter"), "DISPLAY": ":7", "WSL_INTEROP": "w"}
        variables |= {
            "XDG_CONFIG_HOME": str(home / ".config"),
            "AIRFLOW_HOME": str(home),
            "https_proxy": "socks5://nobody.invalid",
        }
        with serve(kit, home, "--port", port, **variables) as running:
            assert f":{port}/" not in running.address
            yield running


def ask(server, path: str, data: dict | None = None, *, token: bool = True):
    headers = {"Authorization": f"token {server.token}"} if token else {}
    method = "POST" if data else "GET"
    answer = httpx.request(method, f"{server.origin}{path}", json=data, headers=headers, timeout=60, trust_env=False)
    return answer.raise_for_status().json()


def test_the_address_is_the_start_page(server, kit):
    assert "/lab/tree/work/start.ru.md?token=" in server.address
    page = ask(server, "/api/contents/work/start.ru.md?type=file")["content"]  # jupytext would make it a notebook
    own = kit / "work/exercises"
    assert page == start_page("ru", kit, own)
    assert sorted(path.name for path in (own / "ru").glob("*.ipynb")) == LESSONS


@pytest.mark.parametrize("path", ["/api/contents/", "/api/kernels", "/api/contents/work/start.ru.md"])
def test_without_the_token_nothing_is_given(server, path):
    with pytest.raises(httpx.HTTPStatusError) as refused:
        ask(server, path, token=False)
    assert refused.value.response.status_code == 403
    assert ask(server, path) is not None


def test_the_kernel_is_the_kits_and_all_listen_on_this_machine_only(server, kit, home):
    before = sorted(home.rglob("*"))
    specs = ask(server, "/api/kernelspecs")
    assert specs["default"] == "python3"
    assert specs["kernelspecs"]["python3"]["spec"]["display_name"] != "Another Python"
    kernel = ask(server, "/api/kernels", {"name": "python3"})["id"]
    client = BlockingKernelClient(connection_file=str(next(Path(settings()["HOME"]).rglob(f"kernel-{kernel}.json"))))
    client.load_connection_file()
    client.hb_channel.time_to_dead = 60  # a busy machine is not a dead kernel
    client.start_channels()
    said = []
    try:
        client.wait_for_ready(timeout=60)
        client.execute_interactive(
            "import json, os, sys, workshop.lesson; "
            "print(sys.executable, workshop.lesson.__file__, json.dumps(dict(os.environ)), sep='\\n')",
            output_hook=lambda message: said.append(message["content"].get("text", "")),
            timeout=60,
        )
    finally:
        client.stop_channels()
    executable, module, environ = "".join(said).splitlines()
    assert (executable, module) == (sys.executable, str(kit / "workshop/lesson.py"))
    inside = json.loads(environ)  # as in `make run`: the server knows the user's desktop and home, a kernel does not
    assert not {"DISPLAY", "WSL_INTEROP", "XDG_CONFIG_HOME", "AIRFLOW_HOME", "https_proxy"} & inside.keys()
    assert inside["HOME"] == settings()["HOME"]
    assert "JPY_PARENT_PID" in inside
    processes = server.processes()
    assert len(processes) >= 2
    assert [c for one in processes for c in one.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert beyond_loopback(processes) == []
    assert before == sorted(home.rglob("*"))


def test_the_token_is_new_and_where_jupyter_needs_it_and_nowhere_else(server, kit, home):
    assert len(server.token) >= 32
    ours = Path(settings()["HOME"])
    places = [kit, home, ours]
    found = [
        file
        for place in places
        for file in place.rglob("*")
        if file.is_file() and not file.is_symlink() and server.token.encode() in file.read_bytes()
    ]
    log = home / "lab.log"  # the terminal of this test, to which the address is printed
    assert log in found
    for file in set(found) - {log}:
        assert file.name.startswith("jpserver-")
        # one of them is a page that leads to the address, which Jupyter makes readable; but nobody gets past the folder
        above = [path for path in (file, *file.parents) if path.is_relative_to(ours)]
        assert [path for path in above if path.stat().st_mode & 0o077 == 0]
    commands = [" ".join(process.cmdline()) for process in server.processes()]
    assert not [command for command in commands if server.token in command]


def test_it_ends_with_its_kernels(server, kit, tmp_path):
    with serve(kit, tmp_path, "--lang", "en", "--port", str(free_port())) as running:
        assert "/lab/tree/work/start.en.md?token=" in running.address
        assert running.token != server.token
        ask(running, "/api/kernels", {"name": "python3"})
        processes = running.processes()
        assert len(processes) >= 2
    wait_for(lambda: not any(map(alive, processes)), 10)  # the guard is the last
