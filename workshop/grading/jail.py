"""Run a command where it can do no harm. Used by file, outside the kit's environment: standard library only.

    python jail.py FOLDER MEMORY_MB [--pass PATH]... -- COMMAND...

Linux with namespaces: the command has a file system of its own that holds what is passed, read-only, and FOLDER, which
it can write to; private /tmp, /run and /dev; no network but a loopback of its own; no other process in sight. When this
process ends everything that the command started ends too. What is not passed is not there: a mount that is only
read-only would still let a command connect to the sockets of other programs, which are files. `--open` leaves all this
out, for systems that have no namespaces: then only the limit of memory per process remains.
"""

import argparse
import ctypes
import fcntl
import os
import resource
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_UNSHARE = ("unshare", "--net", "--mount", "--pid", "--ipc", "--fork", "--kill-child")
_AS_ROOT = ("--user", "--map-root-user")

# what a program needs of the system; of /etc no more than names of users and hosts, fonts, certificates and the time zone
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
_ETC = (
    *("passwd", "group", "nsswitch.conf", "hosts", "localtime", "timezone", "mime.types", "fonts", "alternatives"),
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d"),
    *("ssl/certs", "ssl/openssl.cnf"),  # not ssl/private
)
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_ROOM = "64m"  # for each private folder but /dev/shm, through which libraries share data

# from linux/mount.h, linux/sockios.h, linux/prctl.h, linux/capability.h; Python 3.11 has no names for them
_MS_BIND, _MS_REC = 0x1000, 0x4000
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _ATTR_RDONLY = 442, -100, 0x8000, 1
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522
_KEYCTL, _KEYCTL_JOIN_SESSION_KEYRING = {"x86_64": 250, "aarch64": 219}, 1
_CAP_DAC_OVERRIDE = 1  # kept: root reads a checkout that belongs to somebody else
_CAPABILITIES = 64
_LARGEST_FILE = 2 * 1024**3


def prefix(folder: Path, memory_mb: int, *, namespaces: bool = True) -> list[str]:
    """What to put in front of a command of this Python to run it in the jail; only `folder` can be written to.

    A folder beside it, FOLDER.root, is made to build the jail in.
    """
    inside = [sys.executable, "-I", "-S", __file__, str(folder), str(memory_mb)]
    if not namespaces:
        return [*inside, "--open", "--"]
    passed = [*_SYSTEM, *(f"/etc/{name}" for name in _ETC), *map(str, _python())]
    for path in dict.fromkeys(passed):
        inside += ["--pass", path]
    return [*_UNSHARE, *(() if os.geteuid() == 0 else _AS_ROOT), *inside, "--"]


def _python() -> Iterator[Path]:
    """The environment that this Python runs in, and wherever the links of its executable lead."""
    for path in (Path(sys.prefix), Path(sys.base_prefix)):
        yield from (path, path.resolve())
    program = Path(sys.executable)
    while program.is_symlink():
        yield program  # the link alone: it may lie in the user's ~/bin
        program = Path(os.path.normpath(program.parent / program.readlink()))


def available(folder: Path) -> bool:
    """Whether this system has what the jail needs: tried out in an empty folder, on a command that does nothing."""
    if not sys.platform.startswith("linux"):
        return False
    inside = folder / "in"
    inside.mkdir()
    try:
        done = subprocess.run([*prefix(inside, 1000), sys.executable, "-c", ""], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def main(argv: list[str]) -> int:
    """Build the jail, run the command in it, and give its exit code."""
    split = argv.index("--")
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("memory_mb", type=int)
    parser.add_argument("--pass", dest="passed", action="append", default=[])
    parser.add_argument("--open", action="store_true")
    options, command = parser.parse_args(argv[:split]), argv[split + 1 :]

    os.environ.pop("JPY_PARENT_PID", None)  # a kernel would look for its parent by a number that is not valid in here
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    memory = options.memory_mb * 1024**2
    # not RLIMIT_AS: libraries reserve address space that they never touch
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    if options.open:
        _silence()
        os.execvp(command[0], command)
    _move_into(Path(options.folder), [Path(path) for path in options.passed], memory)
    _loopback_up()
    child = os.fork()
    if child == 0:
        os.setsid()
        _drop_privileges()
        _silence()
        os.execvp(command[0], command)
    return _wait_as_init(child)


def _move_into(folder: Path, passed: list[Path], memory: int) -> None:
    """Make a file system of what is passed and the folder, and make it this process's own; nothing else is there."""
    here = Path.cwd()
    root = folder.with_name(f"{folder.name}.root")
    root.mkdir(exist_ok=True)
    _mount("tmpfs", root, "tmpfs", options="mode=755")
    for name in ("tmp", "var/tmp", "run", "dev"):
        (root / name).mkdir(parents=True)
        _mount("tmpfs", root / name, "tmpfs", options=f"size={_ROOM}")
    _fill_dev(root / "dev", memory)
    (root / "proc").mkdir()
    _mount("proc", root / "proc", "proc")
    for path in passed:
        _bring(path, root)
    inside = root / folder.relative_to("/")
    inside.mkdir(parents=True)
    _mount(folder, inside, "none", _MS_BIND)
    for name in (".", "dev", "proc"):
        _set_read_only(root / name, 0, True)
    os.chroot(root)  # who has no privileges finds no way out of it, and can make no namespace in it
    os.chdir(here if here.is_relative_to(folder) else folder)


def _bring(path: Path, root: Path) -> None:
    """Put a file or folder where it belongs below `root`, read-only, unless it is there already."""
    target = root / path.relative_to("/")
    if os.path.lexists(target) or not os.path.lexists(path):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        target.symlink_to(path.readlink())
        return
    target.mkdir() if path.is_dir() else target.touch()
    _mount(path, target, "none", _MS_BIND | _MS_REC)
    _set_read_only(target, _AT_RECURSIVE, True)


def _fill_dev(dev: Path, memory: int) -> None:
    """Devices that do nothing but what they say, terminals of our own, and memory to share."""
    for name in _DEVICES:
        (dev / name).touch()
        _mount(f"/dev/{name}", dev / name, "none", _MS_BIND)
    (dev / "pts").mkdir()
    _mount("devpts", dev / "pts", "devpts", options="newinstance,ptmxmode=0666,mode=0620")
    (dev / "shm").mkdir()
    _mount("tmpfs", dev / "shm", "tmpfs", options=f"size={memory}")
    for name, target in {"ptmx": "pts/ptmx", "fd": "/proc/self/fd"}.items():
        (dev / name).symlink_to(target)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        (dev / name).symlink_to(f"/proc/self/fd/{number}")


def _mount(source: str | Path, target: Path, kind: str, flags: int = 0, options: str = "") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.mount(os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode())
    _must(done, f"mount {target}")


def _set_read_only(path: Path, flags: int, on: bool) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = struct.pack("QQQQ", _ATTR_RDONLY * on, _ATTR_RDONLY * (not on), 0, 0)
    done = libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), flags, attributes, ctypes.c_size_t(len(attributes)))
    _must(done, f"mount_setattr {path}")


def _must(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        request = struct.pack("16sH14s", b"lo", 0, b"")
        flags = struct.unpack("16sH14s", fcntl.ioctl(handle, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(handle, _SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", flags | _IFF_UP, b""))


def _silence() -> None:
    """What the command prints goes nowhere: a file that the grader reads would be the command's to fill."""
    nowhere = os.open("/dev/null", os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)


def _drop_privileges() -> None:
    """Whatever is started from here on cannot undo the jail, root or not, and finds no key of the user's session."""
    libc = ctypes.CDLL(None, use_errno=True)
    if keyctl := _KEYCTL.get(os.uname().machine):
        libc.syscall(keyctl, _KEYCTL_JOIN_SESSION_KEYRING, None)
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header, sets = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    _must(libc.capget(header, sets), "capget")
    sets[2] = sets[5] = 0  # inheritable: root would get them back from there
    _must(libc.capset(header, sets), "capset")
    for capability in range(_CAPABILITIES):
        if capability != _CAP_DAC_OVERRIDE:
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails for numbers that this kernel does not know
    _must(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def _wait_as_init(child: int) -> int:
    """Collect orphans, as process 1 must, until the command ends."""
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
