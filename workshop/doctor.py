"""`make doctor`: what is missing on this machine, and how to mend it.

Runs with whatever Python there is, before anything is installed: the standard library only, and its texts as JSON.
"""

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Finding = tuple[str, str, tuple[object, ...]]  # state, key of the text, values in it

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
VENV_PYTHON = os.path.join(ROOT, ".venv", "bin", "python")  # noqa: PTH118
GB = 1 << 30
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def check_system(environ: "Mapping[str, str]") -> "Iterator[Finding]":
    """Yield findings (state, key, values) about system, Python and tools."""
    if platform.system() == "Windows":
        yield "bad", "windows_bad", ()
    else:
        yield "ok", "system", (platform.system() + " " + platform.release(),)
    if "microsoft" in platform.release().lower() and ROOT.startswith("/mnt/"):
        yield "warn", "wsl_mount_warn", (ROOT,)
    version = platform.python_version()
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield ("ok", "python", (version,)) if fits else ("bad", "python_bad", (version,))
    try:
        import ensurepip  # noqa: F401

        yield "ok", "venv_module", ()
    except ImportError:
        yield "bad", "venv_module_bad", ()
    for tool in ("git", "make"):
        yield ("ok", "tool", (tool,)) if shutil.which(tool, path=environ.get("PATH")) else ("bad", "tool_bad", (tool,))
    browser = any(shutil.which(name, path=environ.get("PATH")) for name in BROWSERS)
    yield ("ok", "browser", ()) if browser else ("warn", "browser_warn", ())
    isolated = has_namespaces(environ) or has_bubblewrap(environ)
    yield ("ok", "namespaces", ()) if isolated else ("warn", "namespaces_warn", ())


def has_namespaces(environ: "Mapping[str, str]") -> bool:
    """Whether a process may cut itself off from the network and from others, as submissions are."""
    unshare = shutil.which("unshare", path=environ.get("PATH"))
    if not unshare:
        return False
    command = [unshare, "--map-root-user", "--net", "--mount", "--pid", "--ipc", "--fork", "--mount-proc", "true"]
    return subprocess.call(command, stderr=subprocess.DEVNULL) == 0


def has_bubblewrap(environ: "Mapping[str, str]") -> bool:
    """The same by a tool that some systems let do it although they forbid it to all others."""
    bwrap = shutil.which("bwrap", path=environ.get("PATH"))
    if not bwrap:
        return False
    command = [bwrap, "--unshare-net", "--unshare-pid", "--ro-bind", "/", "/", "--size", "1000000", "--tmpfs", "/tmp", "true"]
    return subprocess.call(command, stderr=subprocess.DEVNULL) == 0


def check_room() -> "Iterator[Finding]":
    """Yield findings about disk, memory and ports."""
    free = shutil.disk_usage(ROOT).free / GB
    yield ("ok", "disk", (free,)) if free >= 4 else ("bad", "disk_bad", (free,))
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GB
        yield ("ok", "memory", (memory,)) if memory >= 3.5 else ("bad", "memory_bad", (memory,))
    for port, user in ((8888, "JupyterLab"), (8080, "Airflow"), (4200, "Prefect")):
        with socket.socket() as probe:
            used = probe.connect_ex(("127.0.0.1", port)) == 0
        yield ("warn", "port_warn", (port, user)) if used else ("ok", "port", (port,))


def check_environment(environ: "Mapping[str, str]") -> "Iterator[Finding]":
    """Yield findings about what is installed and what might shadow it."""
    conda = environ.get("CONDA_DEFAULT_ENV") if environ.get("CONDA_PREFIX") else None
    yield ("warn", "conda_warn", (conda,)) if conda else ("ok", "conda", ())
    for name in ("PYTHONPATH", "PYTHONHOME", "AIRFLOW_HOME", "PREFECT_API_URL", "MLFLOW_TRACKING_URI"):
        if environ.get(name):
            yield "warn", "variable_warn", (name, environ[name])
    place = _read(os.path.join(ROOT, ".venv", "location"))  # noqa: PTH118
    if place and place != ROOT:
        yield "bad", "moved_bad", (place,)
        return
    same = _read(os.path.join(ROOT, "requirements.lock")) == _read(os.path.join(ROOT, ".venv", "installed.lock"))  # noqa: PTH118
    works = os.path.exists(VENV_PYTHON) and subprocess.call([VENV_PYTHON, "-c", ""]) == 0  # noqa: PTH110
    yield ("ok", "installed", ()) if same and works else ("warn", "installed_warn", ())


def _read(path: str) -> "str | None":
    try:
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123
            return stream.read().strip()
    except OSError:
        return None


def main(arguments: "list[str]", environ: "Mapping[str, str]") -> int:
    """Print the findings and give 0, or 1 if something must be mended."""
    lang = "ru" if environ.get("LC_ALL", environ.get("LANG", "")).startswith("ru") else "en"
    if arguments[:1] == ["--lang"] and arguments[1:] in (["ru"], ["en"]):
        lang = arguments[1]
    elif arguments:
        print("usage: doctor.py [--lang ru|en]")
        return 0 if arguments[0] in ("-h", "--help") else 2
    with open(os.path.join(ROOT, "workshop", "doctor.json"), encoding="utf-8") as stream:  # noqa: PTH118, PTH123
        texts = {key: text[lang] for key, text in json.load(stream).items()}
    bad = 0
    for part in (check_system(environ), check_room(), check_environment(environ)):
        for state, key, values in part:
            bad += state == "bad"
            print(f"{texts[state]:<10} {texts[key].format(*values)}")
    print(texts["end_bad" if bad else "end_ok"])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
