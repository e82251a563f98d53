"""Run a command where it can do no harm. Used by file, outside the kit's environment: standard library only.

    python jail.py STAGE --kit FOLDER --inside FOLDER --memory MB ... -- COMMAND...

Linux: the command has a file system of its own that holds what is shown, read-only, and the folder INSIDE, which it can
write to and which is as large as the disk that it may use; /tmp is in there. Private /run and /dev; no network but a
loopback of its own; no other process in sight. Its processes, what it writes and what it shares in /dev/shm are bounded
by the system, and calls that make memory outside these bounds are refused. When this process ends everything that the
command started ends too. What is not shown is not there: a mount that is only read-only would still let a command connect
to the sockets of other programs, which are files.

Two tools build that, `bwrap` where it is and works, else `unshare` with the mounts below; stage `build` makes the mounts,
stage `inside` does what both have in common. Stage `open` is for systems that have neither: only limits for each process
remain.
"""

import argparse
import ctypes
import fcntl
import os
import pwd
import random
import resource
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

BWRAP, NAMESPACES, OPEN = "bwrap", "namespaces", "open"  # how a command can be isolated, the best first

_UNSHARE = ("unshare", "--net", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child")
_AS_ROOT = ("--user", "--map-root-user")
_BUBBLE = ("bwrap", "--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--new-session", "--die-with-parent")
# for stage `inside`, which gives them up; who is not root has them in a user namespace only
_NEEDED = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_DAC_OVERRIDE")

# what a program needs of the system; of /etc no more than names of hosts, fonts, certificates and the time zone
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
_ETC = (
    *("nsswitch.conf", "hosts", "localtime", "timezone", "mime.types", "fonts", "alternatives"),
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d"),
    *("ssl/certs", "ssl/openssl.cnf"),  # not ssl/private
)
_OF_AN_INSTALLATION = ("bin", "etc", "include", "lib", "lib64", "libexec", "share", "ssl", "pyvenv.cfg", "conda-meta")
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_EMPTY = ("/run", "/var")
_ROOT = Path(__file__).resolve().parents[2]
_IN_KIT = Path(__file__).resolve().relative_to(_ROOT)

# where things are in the jail
INSIDE, KIT, JOB = Path("/submission"), Path("/kit"), Path("/job")
_IN_INSIDE = {"/tmp": "tmp", "/var/tmp": "tmp"}  # links, so that there is one limit for all

# from linux/mount.h, linux/sockios.h, linux/prctl.h, linux/capability.h; Python 3.11 has no names for them
_MS_REMOUNT, _MS_BIND, _MS_REC, _MS_NOSUID_NODEV = 0x20, 0x1000, 0x4000, 0x6
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _ATTR_RDONLY = 442, -100, 0x8000, 1
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_SECUREBITS, _PR_SET_NO_NEW_PRIVS = 22, 24, 28, 38
_NO_SETUID_FIXUP = 0b1100  # and no way back
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 2, 4
_CAPABILITY_VERSION_3 = 0x20080522
_KEYCTL, _KEYCTL_JOIN_SESSION_KEYRING = {"x86_64": 250, "aarch64": 219}, 1
_CAP_DAC_OVERRIDE = 1  # kept: root reads an environment that is nobody else's to read
_CAPABILITIES = 64

_LARGEST_FILE = 2 * 1024**3
_MOST_OPEN = 4096  # files of a process
_SMALLEST_FILE = 8 * 1024  # of the disk there is, on average: as many files may there be
_ANYBODY = 2_000_000_000  # user ids that no system gives to people

# Calls that are refused, with their numbers on x86_64 and aarch64. Memory that belongs to no process and lies on no disk
# of the jail would be counted by no limit; a namespace of its own would have disks of its own; other processes' memory
# would be a way around this very list.
_REFUSED = {
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "chroot": (161, 51),
    "open_by_handle_at": (304, 265),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "clone3": (435, 435),  # its flags cannot be looked at; libraries then take clone
}
_CLONE, _SOCKET = (56, 220), (41, 198)
_NEW_NAMESPACES = 0x7E020080  # all CLONE_NEW* flags
_FAMILIES = (1, 2, 10, 16)  # sockets: of files, IPv4, IPv6, netlink; not those that lead from a virtual machine to its host
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000  # the other numbers of x86_64
_ENOSYS, _EAFNOSUPPORT = 38, 97
_SECCOMP_ALLOW, _SECCOMP_ERRNO, _SECCOMP_MODE_FILTER = 0x7FFF0000, 0x00050000, 2


@dataclass(frozen=True)
class Bounds:
    """What a command may use: memory of a process and disk in megabytes, processes with all their threads."""

    memory_mb: int
    disk_mb: int
    processes: int

    @property
    def shared_mb(self) -> int:
        """Of /dev/shm: it is memory too."""
        return max(1, self.memory_mb // 4)


def prefix(
    kit: Path, job: Path, inside: Path, bounds: Bounds, how: str, *, folder: str = ".", hidden: Iterable[Path] = ()
) -> list[str]:
    """What to put in front of a command of this Python to run it in the jail.

    It sees the folder `kit` as KIT and `job`, into which names of users are written, as JOB, and works in a copy of the kit
    below INSIDE. If it is OPEN these stay where they are, and it works in the empty folder `inside`; else that is left
    empty. It starts in `folder` of the copy. Folders that are `hidden`, our home and this checkout are covered where they lie
    in what is shown.
    """
    limits = [*(f"--{name}={value}" for name, value in vars(bounds).items()), "--folder", folder]
    if how == OPEN:
        return [sys.executable, "-I", "-S", __file__, OPEN, "--kit", str(kit), "--inside", str(inside), *limits, "--"]
    user = _unused_user()
    steps = [*_steps(hidden), ("show", str(kit), str(KIT)), ("show", str(job), str(JOB)), *_users(job, user or 0)]
    common = [*limits, "--kit", str(KIT), "--inside", str(INSIDE), *([] if user is None else ["--user", str(user)])]
    if how == BWRAP:
        jail = KIT / _IN_KIT
        return [*_bubble(steps, bounds), sys.executable, "-I", "-S", str(jail), "inside", *common, "--"]
    command = [*_UNSHARE, *(() if os.geteuid() == 0 else _AS_ROOT), sys.executable, "-I", "-S", __file__, "build", *common]
    command += ["--root", str(inside)]
    for step in steps:
        command += ["--step", *step]
    return [*command, "--"]


def _steps(hidden: Iterable[Path]) -> list[tuple[str, str, str]]:
    """What becomes of which path, in this order: ("show", path, where) read-only, ("link", target, where),
    ("cover", "", where) by an empty folder, ("room", "", where) a folder that can be written to.
    """
    covers = {one.resolve() for one in (*hidden, *_homes()) if one.is_dir()} - {Path("/")}
    shown = [*map(Path, _SYSTEM), *(Path("/etc", name) for name in _ETC), *_python(covers)]
    order = sorted({(path, False) for path in shown if os.path.lexists(path)} | {(path, True) for path in covers})
    steps: list[tuple[str, str, str]] = []
    state: dict[Path, bool] = {}  # whether what is below a path is there
    for path, cover in order:
        there = next((state[above] for above in path.parents if above in state), False)
        if cover and there:
            steps.append(("cover", "", str(path)))
            state[path] = False
        elif not cover and not there and path not in state:
            if path.is_symlink():
                steps.append(("link", str(path.readlink()), str(path)))
            else:
                steps.append(("show", str(path), str(path)))
            state[path] = True
    # where something is shown in a temporary folder, this cannot be a link, and has a limit of its own
    taken = [where for where in _IN_INSIDE if any(Path(path).is_relative_to(where) for _, _, path in steps)]
    return [*(("room", "", where) for where in taken), *steps]


def _links(steps: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    """Temporary folders that are links into INSIDE, and where they lead."""
    rooms = [where for what, _, where in steps if what == "room"]
    yield from ((where, str(INSIDE / name)) for where, name in _IN_INSIDE.items() if where not in rooms)


def _users(job: Path, user: int) -> Iterator[tuple[str, str, str]]:
    """Names of users and groups, for programs that ask who they are; written into `job`."""
    numbers = {"root": 0, "student": user, "nobody": 65534}
    if not user:
        del numbers["student"]
    lines = {
        "passwd": "{0}:x:{1}:{1}::" + f"{INSIDE / 'home'}:/bin/sh\n",
        "group": "{0}:x:{1}:\n",
    }
    for name, line in lines.items():
        (job / name).write_text("".join(line.format(*one) for one in numbers.items()), encoding="ascii")
        yield "show", str(job / name), f"/etc/{name}"


def _homes() -> Iterator[Path]:
    """The user's home, however it is asked for, and this checkout."""
    yield _ROOT
    yield from (Path(home) for home in (os.environ.get("HOME"), _entry_home()) if home)


def _entry_home() -> str | None:
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return None


def _python(covers: set[Path]) -> Iterator[Path]:
    """The environment that this Python runs in, and wherever the links of its executable lead.

    An environment that a folder to be covered lies in, such as a home with a `bin` and a `lib`, is shown in parts.
    """
    for folder in (Path(sys.prefix), Path(sys.base_prefix)):
        for path in (folder, folder.resolve()):
            if any(cover.is_relative_to(folder.resolve()) for cover in covers):
                yield from (path / name for name in _OF_AN_INSTALLATION)
            else:
                yield path
    program = Path(sys.executable)
    while program.is_symlink():
        yield program  # the link alone: it may lie in the user's ~/bin
        program = Path(os.path.normpath(program.parent / program.readlink()))


def _bubble(steps: list[tuple[str, str, str]], bounds: Bounds) -> list[str]:
    """The same as `_build`, as options of bwrap."""
    command = [*_BUBBLE, *(() if os.geteuid() == 0 else ("--unshare-user", "--uid", "0", "--gid", "0"))]
    for capability in _NEEDED:
        command += ["--cap-add", capability]
    command += ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--size", str(bounds.shared_mb * 1024**2)]
    command += ["--tmpfs", "/dev/shm"]
    for folder in _EMPTY:
        command += ["--perms", "0755", "--dir", folder]
    covered = []
    made = {Path("/")}
    for what, source, where in steps:
        for parent in reversed(Path(where).parents):  # bwrap would make them for root alone
            if parent not in made:
                made.add(parent)
                command += ["--perms", "0755", "--dir", str(parent)]
        made.add(Path(where))
        if what == "show":
            command += ["--ro-bind", source, where]
        elif what == "link":
            command += ["--symlink", source, where]
        elif what == "room":
            command += ["--perms", "1777", "--size", str(bounds.shared_mb * 1024**2), "--tmpfs", where]
        else:
            command += ["--perms", "0755", "--tmpfs", where]
            covered.append(where)
    command += ["--perms", "1777", "--size", str(bounds.disk_mb * 1024**2), "--tmpfs", str(INSIDE)]
    for where, target in _links(steps):
        command += ["--symlink", target, where]
    for where in (*covered, "/proc", "/dev", "/"):
        command += ["--remount-ro", where]
    return [*command, "--"]


def available(folder: Path, ways: Iterable[str] = (BWRAP, NAMESPACES)) -> str:
    """The first of the ways to isolate a command that works on this system: tried out in an empty folder, on one that does
    nothing.
    """
    if not sys.platform.startswith("linux"):
        return OPEN
    for name in ("kit", "job", "in"):
        (folder / name).mkdir()
    copy = folder / "kit" / _IN_KIT
    copy.parent.mkdir(parents=True)
    shutil.copyfile(__file__, copy)
    for how in ways:
        command = prefix(folder / "kit", folder / "job", folder / "in", Bounds(1000, 100, 100), how)
        try:
            done = subprocess.run([*command, sys.executable, "-c", ""], capture_output=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return how
    return OPEN


def main(argv: list[str]) -> int:
    """Build the jail, run the command in it, and give its exit code."""
    split = argv.index("--")
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=("build", "inside", OPEN))
    parser.add_argument("--kit", type=Path)
    parser.add_argument("--inside", type=Path)
    parser.add_argument("--root", type=Path)
    parser.add_argument("--folder")
    parser.add_argument("--user", type=int)
    for name in Bounds.__dataclass_fields__:
        parser.add_argument(f"--{name}", type=int)
    parser.add_argument("--step", dest="steps", nargs=3, action="append", default=[])
    options, command = parser.parse_args(argv[:split]), argv[split + 1 :]
    bounds = Bounds(options.memory_mb, options.disk_mb, options.processes)
    if options.stage != OPEN:
        os.umask(0o022)
    if options.stage == "build":
        _build(options.steps, options.root, bounds)
        _loopback_up()
        if child := os.fork():
            return _wait_as_init(child)
        os.setsid()
    os.environ.pop("JPY_PARENT_PID", None)  # a kernel would look for its parent by a number that is not valid in here
    _limit(bounds)
    if options.stage != OPEN:
        _limit_files(options.inside, bounds)
        _become_nobody(bounds, options.user)
    _unpack(options.kit, options.inside)
    os.chdir(options.inside / "kit" / options.folder)
    if options.stage != OPEN:
        _refuse_calls()
    _silence()
    return os.execvp(command[0], command)


def _limit(bounds: Bounds) -> None:
    memory = bounds.memory_mb * 1024**2
    # not RLIMIT_AS: libraries reserve address space that they never touch
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE),
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_NOFILE, _MOST_OPEN),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _unpack(kit: Path, inside: Path) -> None:
    """What the command works in, with a home and a temporary folder."""
    shutil.copytree(kit, inside / "kit", dirs_exist_ok=True)
    for name in ("home", "tmp"):
        (inside / name).mkdir()


def _build(steps: list[tuple[str, str, str]], root: Path, bounds: Bounds) -> None:
    """Make a file system of what is shown, at the empty folder `root`, and make it this process's own."""
    _mount("tmpfs", root, "tmpfs", options="mode=755")
    for folder in _EMPTY:
        (root / folder.lstrip("/")).mkdir(parents=True)
    _fill_dev(root / "dev", bounds)
    (root / "proc").mkdir()
    _mount("proc", root / "proc", "proc")
    for what, source, where in steps:
        target = root / where.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if what == "link":
            target.symlink_to(source)
        elif what == "cover":
            _mount("tmpfs", target, "tmpfs", options="mode=755")
        elif what == "room":
            target.mkdir()
            _mount("tmpfs", target, "tmpfs", options=f"mode=1777,size={bounds.shared_mb}m")
        else:
            target.mkdir(exist_ok=True) if Path(source).is_dir() else target.touch()
            _mount(source, target, "none", _MS_BIND | _MS_REC)
            _set_read_only(target, _AT_RECURSIVE)
    inside = root / str(INSIDE).lstrip("/")
    inside.mkdir()
    _mount("tmpfs", inside, "tmpfs", options=f"mode=1777,size={bounds.disk_mb}m")
    for link, to in _links(steps):
        (root / link.lstrip("/")).symlink_to(to)
    for where in (*(where for what, _, where in steps if what == "cover"), "dev", "proc", "."):
        _set_read_only(root / where.lstrip("/"))
    os.chroot(root)  # who has no privileges finds no way out of it, and can make no namespace in it
    os.chdir("/")


def _fill_dev(dev: Path, bounds: Bounds) -> None:
    """Devices that do nothing but what they say, terminals of our own, and memory to share."""
    dev.mkdir()
    _mount("tmpfs", dev, "tmpfs", options="mode=755,size=1m")
    for name in _DEVICES:
        (dev / name).touch()
        _mount(f"/dev/{name}", dev / name, "none", _MS_BIND)
    (dev / "pts").mkdir()
    _mount("devpts", dev / "pts", "devpts", options="newinstance,ptmxmode=0666,mode=0620")
    (dev / "shm").mkdir()
    _mount("tmpfs", dev / "shm", "tmpfs", options=f"mode=1777,size={bounds.shared_mb}m")
    for name, target in {"ptmx": "pts/ptmx", "fd": "/proc/self/fd"}.items():
        (dev / name).symlink_to(target)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        (dev / name).symlink_to(f"/proc/self/fd/{number}")


def _mount(source: str | Path, target: Path, kind: str, flags: int = 0, options: str = "") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.mount(os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode())
    _must(done, f"mount {target}")


def _set_read_only(path: Path, flags: int = 0) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = struct.pack("QQQQ", _ATTR_RDONLY, 0, 0, 0)
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


def _limit_files(inside: Path, bounds: Bounds) -> None:
    """Empty files take memory too, and are bounded by their number; bwrap has no option for it."""
    most = bounds.disk_mb * 1024**2 // _SMALLEST_FILE
    rooms = [Path(where) for where in ("/dev/shm", *_IN_INSIDE) if not Path(where).is_symlink()]
    for folder, megabytes in ((inside, bounds.disk_mb), *((room, bounds.shared_mb) for room in rooms)):
        try:
            _mount("tmpfs", folder, "tmpfs", _MS_REMOUNT | _MS_NOSUID_NODEV, f"size={megabytes}m,nr_inodes={most}")
        except OSError as error:  # where not even bwrap gets the right to
            print(f"no limit on the number of files: {error}", file=sys.stderr)


def _silence() -> None:
    """What the command prints goes nowhere: a file that the grader reads would be the command's to fill."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)


def _become_nobody(bounds: Bounds, user: int | None) -> None:
    """Whatever is started from here on cannot undo the jail, root or not, and finds no key of the user's session.

    Root becomes a user who has no other process: the system counts processes by user, and root's not at all.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if keyctl := _KEYCTL.get(os.uname().machine):
        libc.syscall(keyctl, _KEYCTL_JOIN_SESSION_KEYRING, None)
    kept = 0
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    for capability in range(_CAPABILITIES):
        if capability != _CAP_DAC_OVERRIDE:
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails for numbers that this kernel does not know
    if user is not None:
        kept = 1 << _CAP_DAC_OVERRIDE
        # who is not root any more keeps the one right, also where programs ask for it beforehand (access)
        _must(libc.prctl(_PR_SET_SECUREBITS, _NO_SETUID_FIXUP, 0, 0, 0), "prctl")
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    if _counts_processes():
        resource.setrlimit(resource.RLIMIT_NPROC, (bounds.processes, bounds.processes))
    header, sets = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    _must(libc.capget(header, sets), "capget")
    kept &= sets[1]  # what there is
    sets[0] = sets[1] = sets[2] = kept
    sets[3] = sets[4] = sets[5] = 0
    _must(libc.capset(header, sets), "capset")
    if kept:
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0)
    _must(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def _unused_user() -> int | None:
    """For root a user id that nobody else has; None if there is no other than our own."""
    if os.geteuid() != 0:
        return None
    ranges = [list(map(int, line.split())) for line in Path("/proc/self/uid_map").read_text().splitlines()]
    start, _, count = max(ranges, key=lambda one: one[2])
    if count > _ANYBODY + 2**24:
        return _ANYBODY + random.SystemRandom().randrange(2**24)
    return start + count - 1 - random.SystemRandom().randrange(count // 4) if count > 1000 else None


def _counts_processes() -> bool:
    """Whether the system counts the processes in here apart; else all that the user runs would be counted."""
    if os.geteuid() >= _ANYBODY:
        return True
    version = tuple(map(int, os.uname().release.split("-")[0].split(".")[:2]))
    everybody = 2**32 - 1  # users of the first namespace
    own = sum(int(line.split()[2]) for line in Path("/proc/self/uid_map").read_text().splitlines()) < everybody
    return own and version >= (5, 14)


def _refuse_calls() -> None:
    """Calls of the system that no limit would see; where the numbers are not known all pass."""
    machine = os.uname().machine
    if machine not in _AUDIT_ARCH:
        return
    column = list(_AUDIT_ARCH).index(machine)

    def step(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
        return struct.pack("HBBI", code, if_so, if_not, value)

    def error(number: int) -> bytes:
        return step(0x06, _SECCOMP_ERRNO | number)  # return

    load, equal, at_least, any_bit = 0x20, 0x15, 0x35, 0x45
    program = [step(load, 4), step(equal, _AUDIT_ARCH[machine], 1, 0), error(_ENOSYS), step(load, 0)]
    program += [step(at_least, _X32, 0, 1), error(_ENOSYS)]
    for numbers in _REFUSED.values():
        program += [step(equal, numbers[column], 0, 1), error(_ENOSYS)]
    program += [step(equal, _CLONE[column], 0, 4), step(load, 16), step(any_bit, _NEW_NAMESPACES, 0, 1), error(_ENOSYS)]
    program += [step(0x06, _SECCOMP_ALLOW)]
    allowed = len(_FAMILIES)
    program += [step(equal, _SOCKET[column], 0, allowed + 2), step(load, 16)]
    program += [step(equal, family, allowed - n, 0) for n, family in enumerate(_FAMILIES)]
    program += [error(_EAFNOSUPPORT), step(0x06, _SECCOMP_ALLOW)]

    code = ctypes.create_string_buffer(b"".join(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    filled = Program(len(program), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    _must(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filled), 0, 0), "seccomp")


def _wait_as_init(child: int) -> int:
    """Collect orphans, as process 1 must, until the command ends."""
    while True:
        pid, status = os.wait()
        if pid == child:
            return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
