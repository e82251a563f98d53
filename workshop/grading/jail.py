"""Run a command where it can do no harm. Used by file, outside the kit's environment: standard library only.

    python jail.py FOLDER MEMORY_MB [--hide FOLDER]... -- COMMAND...

Linux with namespaces: no network but a loopback of its own, every file read-only except FOLDER, the hidden folders
empty, no other process in sight, and when this process ends everything that the command started ends too. `--open`
leaves the namespaces out, for systems that have none: then only the limit of memory per process remains.
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
from pathlib import Path

_UNSHARE = ("unshare", "--net", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc")
_AS_ROOT = ("--user", "--map-root-user")

# from linux/mount.h, linux/sockios.h, linux/prctl.h, linux/capability.h; Python 3.11 has no names for them
_MS_BIND, _MS_REC = 0x1000, 0x4000
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _ATTR_RDONLY = 442, -100, 0x8000, 1
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
_CAP_DAC_OVERRIDE = 1  # kept: root reads a checkout that belongs to somebody else
_CAPABILITIES = 64
_LARGEST_FILE = 2 * 1024**3


def prefix(folder: Path, memory_mb: int, hide: tuple[Path, ...] = (), *, namespaces: bool = True) -> list[str]:
    """What to put in front of a command to run it in the jail; only `folder` can be written to."""
    inside = [sys.executable, "-I", "-S", __file__, str(folder), str(memory_mb)]
    for path in hide:
        inside += ["--hide", str(path)]
    if not namespaces:
        return [*inside, "--open", "--"]
    return [*_UNSHARE, *(() if os.geteuid() == 0 else _AS_ROOT), *inside, "--"]


def available(folder: Path) -> bool:
    """Whether this system has what the jail needs: tried out on a command that does nothing."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        done = subprocess.run([*prefix(folder, 1000), sys.executable, "-c", ""], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def main(argv: list[str]) -> int:
    """Build the jail, run the command in it, and give its exit code."""
    split = argv.index("--")
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("memory_mb", type=int)
    parser.add_argument("--hide", action="append", default=[])
    parser.add_argument("--open", action="store_true")
    options, command = parser.parse_args(argv[:split]), argv[split + 1 :]

    os.environ.pop("JPY_PARENT_PID", None)  # a kernel would look for its parent by a number that is not valid in here
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    memory = options.memory_mb * 1024**2
    # not RLIMIT_AS: libraries reserve address space that they never touch
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    if options.open:
        os.execvp(command[0], command)
    _close_files(options.folder, options.hide)
    _loopback_up()
    child = os.fork()
    if child == 0:
        os.setsid()
        _drop_privileges()
        os.execvp(command[0], command)
    return _wait_as_init(child)


def _close_files(folder: str, hide: list[str]) -> None:
    """Make everything read-only but `folder`, and empty what is hidden."""
    _mount(folder, folder, "none", _MS_BIND | _MS_REC)
    for path in ["/dev/shm", *hide]:
        if Path(path).is_dir():
            _mount("tmpfs", path, "tmpfs", 0)
    _set_read_only("/", _AT_RECURSIVE, True)
    _set_read_only(folder, 0, False)
    os.chdir(Path.cwd())  # anew: until now we stand on the mount below, which cannot be written to
    if Path("/dev/shm").is_dir():
        _set_read_only("/dev/shm", 0, False)


def _mount(source: str, target: str, kind: str, flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    _must(libc.mount(os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), None), f"mount {target}")


def _set_read_only(path: str, flags: int, on: bool) -> None:
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


def _drop_privileges() -> None:
    """Whatever is started from here on cannot undo the jail, root or not."""
    libc = ctypes.CDLL(None, use_errno=True)
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
