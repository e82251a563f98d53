"""`make doctor`: what is missing on this machine, and how to mend it.

Runs with whatever Python there is, before anything is installed: the standard library only, and its texts as JSON.
"""

import io
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING or __package__:
    from workshop import surroundings
else:  # run by its file
    import surroundings

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
    yield from check_settings(environ)
    place = _read(os.path.join(ROOT, ".venv", "location"))  # noqa: PTH118
    if place and place != ROOT:
        yield "bad", "moved_bad", (place,)
        return
    same = _read(os.path.join(ROOT, "requirements.lock")) == _read(os.path.join(ROOT, ".venv", "installed.lock"))  # noqa: PTH118
    works = os.path.exists(VENV_PYTHON) and subprocess.call([VENV_PYTHON, "-E", "-s", "-c", ""]) == 0  # noqa: PTH110
    yield ("ok", "installed", ()) if same and works else ("warn", "installed_warn", ())


def check_settings(environ: "Mapping[str, str]") -> "Iterator[Finding]":
    """Yield findings about the user's own settings of our tools: named, not shown, since there may be passwords in them."""
    if "WORKSHOP_HOME" in environ:  # in a notebook of ours there is nothing of the user's any more
        return
    variables = surroundings.kept_out(environ)
    files = surroundings.files_of(environ)
    packages = [name for name in variables if name in surroundings.passing(environ, "setup")]
    packages += [file for file in files if file.endswith(surroundings.OF_THE_SETUP)]
    if variables:
        yield "warn", "variables_warn", (", ".join(variables),)
    if files:
        yield "warn", "files_warn", (", ".join(files),)
    if packages:
        yield "ok", "packages_from", (", ".join(packages),)


def language(environ: "Mapping[str, str]") -> str:
    """The user's language, ru or en; an empty variable is as good as none."""
    locale = next(filter(None, (environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "ru" if locale.startswith("ru") else "en"


def has(encoding: str, letters: str) -> bool:
    """Whether a terminal of this encoding can show these letters."""
    try:
        letters.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _read(path: str) -> "str | None":
    try:
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123
            return stream.read().strip()
    except OSError:
        return None


def main(arguments: "list[str]", environ: "Mapping[str, str]") -> int:
    """Print the findings and give 0, or 1 if something must be mended."""
    lang = language(environ)
    if arguments[:1] == ["--lang"] and arguments[1:] in (["ru"], ["en"]):
        lang = arguments[1]
    elif arguments:
        print("usage: doctor.py [--lang ru|en]")
        return 0 if arguments[0] in ("-h", "--help") else 2
    encoding = sys.stdout.encoding or "ascii"
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # for names and paths
    if not has(encoding, "Яё"):
        lang = "en"
    with open(os.path.join(ROOT, "workshop", "doctor.json"), encoding="utf-8") as stream:  # noqa: PTH118, PTH123
        texts = {key: text[lang] for key, text in json.load(stream).items()}
    if not has(encoding, "—"):  # KOI8-R
        texts = {key: text.replace("—", "-") for key, text in texts.items()}
    bad = 0
    for part in (check_system(environ), check_room(), check_environment(environ)):
        for state, key, values in part:
            bad += state == "bad"
            print(f"{texts[state]:<10} {texts[key].format(*values)}")
    print(texts["end_bad" if bad else "end_ok"])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
