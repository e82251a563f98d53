"""What of the user's surroundings passes to what the kit starts: a list of variables. Whatever is not on it stays outside.

With the standard library of any Python 3 only: the doctor tells by these lists what is kept out, and the set-up runs this
file as a program, before there is anything else:

    python -E -s workshop/surroundings.py setup COMMAND...

COMMAND then knows what a set-up may know. It and all of its session end with this program; set-ups of one folder wait for
each other.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).resolve().parent.parent

# Of the person, the terminal and the system; how our own parts talk to each other; what the pipeline itself reads.
_ALWAYS = (
    *("PATH", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "COLUMNS", "LINES", "NO_COLOR", "TMPDIR"),
    *("LANG", "LANGUAGE", "LC_*", "TZ", "TZDIR", "LOCALE_ARCHIVE"),
    *("LD_LIBRARY_PATH", "NIX_LD", "NIX_LD_LIBRARY_PATH"),  # without which some Pythons do not start
    *("CI", "WORKSHOP_*", "FLIGHT_DELAYS_*"),
)

# Where packages come from, and how they are fetched and kept on the way; nothing that says where they go.
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_OF_PIP = (
    *("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "TRUSTED_HOST", "CONFIG_FILE", "PROXY", "CERT", "CLIENT_CERT"),
    *("TIMEOUT", "DEFAULT_TIMEOUT", "RETRIES", "CACHE_DIR", "NO_CACHE_DIR", "KEYRING_PROVIDER"),
)
_OF_UV = (
    *("INDEX", "INDEX_*", "DEFAULT_INDEX", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "INSECURE_HOST", "CONFIG_FILE"),
    *("NATIVE_TLS", "SYSTEM_CERTS", "HTTP_*", "OFFLINE", "CACHE_DIR", "NO_CACHE", "LINK_MODE", "KEYRING_PROVIDER"),
    "CONCURRENT_*",
)
_IN_UV_TOML = (
    *("index", "index-url", "extra-index-url", "find-links", "no-index", "index-strategy", "keyring-provider"),
    *("allow-insecure-host", "native-tls", "system-certs", "http-proxy", "https-proxy", "no-proxy"),
    *("offline", "cache-dir", "no-cache", "link-mode", "concurrent-downloads"),
)
_SETUP = (
    *_ALWAYS,
    *("PYTHON", "HOME", "NETRC", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_CACHE_HOME", "DBUS_SESSION_BUS_ADDRESS"),
    *_PROXIES,
    *_CERTIFICATES,
    *("PIP_" + name for name in _OF_PIP),
    *("UV_" + name for name in _OF_UV),
)

PASSES = {
    "run": _ALWAYS,
    "setup": _SETUP,
    # the kit's tests set things up and look at pages, and CI tells them where they are
    "test": (*_SETUP, "PYTEST_*", "COV*", "GITHUB_*", "LAB_PICTURE", "PLAYWRIGHT_*"),
    # a token in the instructor's environment is not for students to print
    "submission": ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ"),
    # what opens a browser on the user's screen
    "lab": (
        *(*_ALWAYS, "HOME", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_*", "WSL*", "BROWSER", "DBUS_SESSION_BUS_ADDRESS"),
        *("DESKTOP_SESSION", "GNOME_*", "KDE_*", "VSCODE_IPC_HOOK_CLI"),  # the last one is of Codespaces
    ),
}

# Of the tools that the kit uses: variables and files by which somebody's own installation would reach a run.
FOREIGN = (
    *("AIRFLOW_*", "PREFECT_*", "MLFLOW_*", "DVC_*", "KFP_*", "DASK_*", "GIT_*", "JUPYTER*", "IPYTHON*", "PYTHON*"),
    *("MPL*", "MATPLOTLIBRC", "PIP_*", "UV_*", "VIRTUAL_ENV", "CONDA_*", "LD_PRELOAD", "BASH_ENV", "OMP_*", *_PROXIES),
)
FILES = {  # in the home folder, XDG_CONFIG_HOME being .config, and of the machine
    "~": (
        *(".gitconfig", ".matplotlib", ".ipython", ".jupyter", ".mlflow", ".dask", ".prefect", "airflow", ".netrc"),
        *(".pip/pip.conf", ".local/share/jupyter/kernels"),
    ),
    "~/.config": ("git", "dvc", "matplotlib", "ipython", "jupyter", "dask", "kfp", "pip/pip.conf", "uv/uv.toml"),
    "/": ("etc/gitconfig", "etc/xdg/dvc", "etc/dask", "etc/pip.conf", "etc/xdg/pip/pip.conf", "etc/uv/uv.toml"),
}
OF_THE_SETUP = ("pip.conf", "uv.toml", ".netrc")  # of these files, those that pass to the set-up

# No tool below takes these in the path of the kit: what follows a colon is another folder of a search path, what follows a
# question mark no longer Airflow's path to its database, and the commands of an environment begin with a line for the system.
REFUSED = {":": ":", "?": "?", "\n": "\\n", "\t": "\\t"}

_SOCKET = 70  # bytes that a folder of ours may have, so that a socket in it has a name of 104: what macOS allows
_PATIENCE = 3  # seconds from the request to end until a process is killed


def passing(environ: "Mapping[str, str]", purpose: str) -> "dict[str, str]":
    """The variables of `environ` that are on the list of a purpose, a name in PASSES."""
    return {name: value for name, value in environ.items() if _is_in(name, PASSES[purpose])}


def kept_out(environ: "Mapping[str, str]") -> "list[str]":
    """The names of the variables that are set, concern a tool of ours, and reach no run."""
    return sorted(name for name, value in environ.items() if value and _is_in(name, FOREIGN))


def files_of(environ: "Mapping[str, str]") -> "list[str]":
    """The user's and the machine's own settings of our tools that are there, as people call them; empty folders are none."""
    home = Path(environ.get("HOME") or Path.home())
    folders = {"~": home, "~/.config": Path(environ.get("XDG_CONFIG_HOME") or home / ".config"), "/": Path("/")}
    found = [folders[folder] / name for folder, names in FILES.items() for name in names]
    return [f"~/{path.relative_to(home)}" if home in path.parents else str(path) for path in found if _has_content(path)]


def wrong_in(path: str) -> "str | None":
    """The first character of a path that no tool of ours takes there, as it is written; None if there is none."""
    return next((shown for character, shown in REFUSED.items() if character in path), None)


def temporary_folder() -> Path:
    """A new folder, for this user only, where temporary files belong, or in /tmp if no socket could be made there.

    OSError if no place can be written to.
    """
    place = tempfile.gettempdir()
    if len(os.fsencode(place)) + len("/workshop-12345678") > _SOCKET and os.access("/tmp", os.W_OK):
        place = "/tmp"
    return Path(tempfile.mkdtemp(prefix="workshop-", dir=place))


def _is_in(name: str, patterns: "Iterable[str]") -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _has_content(path: Path) -> bool:
    try:
        return any(path.iterdir()) if path.is_dir() else path.is_file()
    except OSError:  # nobody may look, we neither
        return False


def _can_keep(folder: Path) -> bool:
    """Whether a folder is there, or could be made, and can be written to."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return there.is_dir() and os.access(str(there), os.W_OK)


def _uv_toml(environ: "Mapping[str, str]") -> str:
    """The user's and the machine's settings of uv, but for those that say where packages go, as the text of a file.

    ValueError if a file cannot be read, or not as TOML.
    """
    import tomllib

    of_user = Path(environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "uv", "uv.toml")
    files = [Path(environ["UV_CONFIG_FILE"])] if environ.get("UV_CONFIG_FILE") else [Path("/etc/uv/uv.toml"), of_user]
    kept: dict[str, object] = {}
    of_pip: dict[str, object] = {}
    for file in filter(_has_content, files):
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(f"{file}: {error}") from None
        kept.update((name, value) for name, value in content.items() if name in _IN_UV_TOML)
        of_pip.update((name, value) for name, value in content.get("pip", {}).items() if name in _IN_UV_TOML)
    lines = [*(f"{name} = {_toml(value)}" for name, value in kept.items()), "[pip]"]
    return "\n".join([*lines, *(f"{name} = {_toml(value)}" for name, value in of_pip.items()), ""])


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {_toml(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def _lock() -> None:
    """One set-up of this folder at a time: whoever comes later waits. The lock ends with this process."""
    import fcntl

    here = os.open(str(ROOT), os.O_RDONLY)
    try:
        fcntl.flock(here, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print("Another set-up is at work in this folder; waiting for it.", flush=True)
        fcntl.flock(here, fcntl.LOCK_EX)


class _Stop:
    """Ends this program when a signal comes; while a command is being started, as soon as it can be ended too."""

    def __init__(self) -> None:
        self.starting = False
        self.code = 0

    def __call__(self, number: int, frame: object) -> None:
        self.code = 128 + number
        if not self.starting:
            raise SystemExit(self.code)


def main(arguments: "list[str]") -> int:
    """Run a command in the surroundings of a purpose and give its exit code."""
    if len(arguments) < 2 or arguments[0] not in PASSES:
        print(f"usage: surroundings.py {{{','.join(PASSES)}}} COMMAND ...", file=sys.stderr)
        return 2
    purpose, command = arguments[0], arguments[1:]
    given = passing(os.environ, purpose)
    stop = _Stop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, stop)
    try:
        temporary = temporary_folder()
    except OSError as error:
        print(f"No temporary file can be made: {error}", file=sys.stderr)
        return 1
    given["TMPDIR"] = str(temporary)
    child = None
    try:
        if purpose == "setup":
            _lock()
            cache = Path(given.get("XDG_CACHE_HOME") or Path.home() / ".cache", "uv")
            if not _can_keep(Path(given.get("UV_CACHE_DIR") or cache)):
                given["UV_NO_CACHE"] = "1"  # in a home folder that cannot be written to; uv would give up
            (temporary / "uv.toml").write_text(_uv_toml(given), encoding="utf-8")
            given["UV_CONFIG_FILE"] = str(temporary / "uv.toml")
        stop.starting = True
        child = subprocess.Popen(command, env=given, start_new_session=True)
        stop.starting = False
        return stop.code or child.wait()
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if child is not None:
            _end(child)
        shutil.rmtree(str(temporary), ignore_errors=True)


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End what is left of a command and of its group of processes."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(OSError, subprocess.TimeoutExpired):
            os.killpg(child.pid, number)
            child.wait(_PATIENCE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
