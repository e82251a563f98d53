"""Run one prepared notebook in jailed kernels and write down, cell by cell, how it went.

The student's cells run in one kernel, the checks in another, see plan.py; ours that prepare something run in both. A process
of its own for every submission: whatever a student's code does to its kernel or sends us, at worst this process is ended.
The results are lines of JSON, written as they come, so what was reached before the end counts.
"""

import contextlib
import json
import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import IO, Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from nbgrader.preprocessors import Execute, LimitOutput
from traitlets import List, Unicode

from workshop.grading.kernel import LINES, SOCKETS
from workshop.grading.line import END, Broken, Line

_OUTPUT_LIMIT = 200_000  # characters of a cell's output that are kept
_ALL_LIMIT = 4_000_000  # and of all of them
_SMALL = 2_000  # of a cell when there is no room any more
_CHANNELS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
_CUT = "\n... Output truncated ...\n"  # as nbgrader says it
_LONGER = 10  # seconds that an answer may take when its check has come to its end
_ENDED = ("died", "stuck")

Result = dict[str, Any]
Step = dict[str, Any]  # of plan.py


class JailedKernel(AsyncKernelManager):
    """Starts the kernel behind the jail's command; talks through socket files, which need no network.

    The kernel gets the sockets open: in the jail there is no path to them, which a submission could lead elsewhere.
    """

    command = List(Unicode())

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """Our own Python, whatever kernels are installed for the user."""
        return [*self.command, *(extra_arguments or [])]

    def open_sockets(self, name: str) -> dict[str, socket.socket]:
        """Listen where a client will connect to, in the current folder; sockets by port."""
        self.ip, opened = name, {}
        for port, channel in enumerate(_CHANNELS, start=1):
            setattr(self, channel, port)
            opened[str(port)] = socket.socket(socket.AF_UNIX)
            opened[str(port)].bind(f"{self.ip}-{port}")  # not the whole path, for which there may be no room in a socket's name
            opened[str(port)].listen(100)
        return opened


class Runner(Execute):
    """nbgrader's execution, with an end to what a cell may print, and the kernel's reply kept."""

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.reply: dict = {}
        self._room, self._all = _OUTPUT_LIMIT, _ALL_LIMIT

    def on_cell_executed(self, **event: Any) -> None:
        """Keep the reply: it says whether the cell failed."""
        super().on_cell_executed(**event)
        self.reply = event["execute_reply"]["content"]

    def start_cell(self) -> None:
        """Forget what the last cell left."""
        self.reply, self._room = {}, self.limit

    @property
    def limit(self) -> int:
        """How much a cell may print: less when others have printed much."""
        return min(_OUTPUT_LIMIT, max(_SMALL, self._all))

    def end_cell(self, outputs: list) -> None:
        """Count what is kept of a cell's outputs."""
        self._all -= len(json.dumps(outputs))

    def output(self, outs: list, msg: dict[str, Any], display_id: str, cell_index: int) -> Any:
        """Store an output as long as there is room."""
        if self._room <= 0:
            return None
        size = len(json.dumps(msg["content"], default=str))
        self._room -= size
        if self._room > 0 or msg["msg_type"] == "error":
            return super().output(outs, msg, display_id, cell_index)
        if msg["msg_type"] == "stream":
            msg["content"]["text"] = msg["content"]["text"][: self._room + size] + _CUT
            return super().output(outs, msg, display_id, cell_index)
        outs.append(new_output("stream", name="stdout", text=_CUT))
        return None


@dataclass
class Kernel:
    """A kernel and the thread that it is talked to in."""

    runner: Runner
    thread: ThreadPoolExecutor
    alive: bool = True

    def run(self, code: str, id_: str, seconds: int | None = None) -> "Future[Result]":
        """Run some code, with another limit of seconds if there is one; how it went, see `_run`."""
        return self.thread.submit(self._run, code, id_, seconds or self.runner.timeout)

    def _run(self, code: str, id_: str, seconds: int) -> Result:
        if not self.alive:
            return {"id": id_, "status": "died", "name": "", "text": "", "outputs": []}
        cell = new_code_cell(code, id=id_)
        self.runner.nb.cells = [cell]
        usual, self.runner.timeout = self.runner.timeout, seconds
        result = _run(self.runner, cell, 0)
        self.runner.timeout = usual
        self.alive = result["status"] not in _ENDED
        return result


@contextlib.contextmanager
def _kernel(told: dict[str, Any], descriptors: Sequence[int], seconds: int) -> Iterator[Kernel]:
    """Start a kernel that has these files open: `told` has its name, command, environment and connection_file."""
    manager = JailedKernel(command=told["command"], transport="ipc", connection_file=told["connection_file"])
    sockets = manager.open_sockets(told["name"])
    given = {port: one.fileno() for port, one in sockets.items()}
    environment = {**told["environment"], SOCKETS: json.dumps(given), LINES: json.dumps(list(descriptors))}
    spec = manager.kernel_spec
    assert spec is not None  # ipykernel's own is always there
    spec.interrupt_mode = "message"  # a signal would stop at the jail's door
    with ThreadPoolExecutor(1) as thread, ExitStack() as stack:

        def start() -> Runner:
            runner = Runner(km=manager, timeout=seconds, startup_timeout=120, store_widget_state=False)
            runner.nb = nbformat.v4.new_notebook()  # nbconvert's constructor cannot take it
            stack.enter_context(runner.setup_kernel(env=environment, pass_fds=(*given.values(), *descriptors)))
            for one in sockets.values():
                one.close()
            return runner

        runner = thread.submit(start).result()
        try:
            yield Kernel(runner, thread)
        finally:
            thread.submit(stack.close).result()
            with contextlib.suppress(RuntimeError):  # it may be dead already
                thread.submit(runner._cleanup_kernel).result()


def start(job_file: Path, log: Path) -> None:
    """Do a job in this process, apart from the terminal of who started it; what is printed goes to the log."""
    os.setsid()
    os.umask(0o022)  # folders of the jail may be made by somebody else than who works in it
    with log.open("wb") as stream, Path(os.devnull).open("rb") as nothing:
        for source, target in ((nothing, 0), (stream, 1), (stream, 2)):
            os.dup2(source.fileno(), target)
    work(json.loads(job_file.read_text(encoding="utf-8")))


def work(job: dict[str, Any]) -> None:
    """Run the notebook; a job has notebook, results, kernels, steps (see plan.py), names and cell_seconds."""
    notebook = nbformat.from_dict(json.loads(Path(job["notebook"]).read_text(encoding="utf-8")))
    os.chdir(Path(job["notebook"]).parent)
    with Path(job["results"]).open("a", encoding="utf-8") as results:
        Work(job, [cell for cell in notebook.cells if cell.cell_type == "code"], results).do()


@dataclass
class Work:
    """The cells of a submission, one after the other."""

    job: dict[str, Any]
    cells: list[NotebookNode]
    results: IO[str]
    names: set[str] = field(default_factory=set)  # of the student, as far as our cells ask for them
    given: set[str] = field(default_factory=set)  # that our cells have bound
    touched: set[str] = field(default_factory=set)  # that cells of ours have bound which use one of the student

    def do(self) -> None:
        """Run them all, or as many as there are until the student's kernel ends."""
        seconds, steps = self.job["cell_seconds"], self.job["steps"]
        alone = [id_ for id_, step in steps.items() if step["alone"]]
        with ExitStack() as stack:
            lines = {id_: _Pair(stack) for id_ in ("", *alone)}
            ends = [pair.checks.fileno() for pair in lines.values()]
            student = stack.enter_context(_kernel(self.job["kernels"]["student"], [lines[""].student.fileno()], seconds))
            told = self.job["kernels"]["checks"]
            told["environment"] |= self.job["seed"]  # the others are not to know it
            checks = stack.enter_context(_kernel(told, ends, seconds))
            wait([checks.run(_call("asking", "start"), "start"), student.run(_module("answering"), "start")])
            for place, cell in enumerate(self.cells):
                step = steps[cell.id]
                if step["alone"]:
                    result = self._alone(place, lines[cell.id], checks)
                else:
                    result = self._one(cell, step, student, checks, lines[""])
                self.results.write(json.dumps(result) + "\n")
                self.results.flush()
                if not (student.alive and checks.alive):
                    break

    def _one(self, cell: NotebookNode, step: Step, student: Kernel, checks: Kernel, pair: "_Pair") -> Result:
        """Run a cell in the kernels that it is for."""
        if step["kind"] == "added":
            return student.run(cell.source, cell.id).result()
        if step["kind"] == "answer":
            result = student.run(cell.source, cell.id).result()
            checks.run(step["ours"], cell.id).result()  # what is given beside the blank
            self.names |= set(step["binds"]) & set(self.job["names"])
            return result
        if step["once"] and not (self.names | self.touched) & set(step["uses"]):  # nothing of the student's is in it
            return self._once(step, cell, student, checks, pair)
        asks = step["kind"] == "check" or bool((self.names | self.touched) & set(step["uses"]))
        there = student.run(cell.source, cell.id) if step["kind"] == "given" else None
        if there and asks:
            there.result()  # or it would not hear
        here = (
            self._asking(step, cell, self.names, student, checks, pair) if asks else checks.run(step["ours"], cell.id).result()
        )
        self.given |= set(step["binds"])
        self.names -= set(step["binds"])
        if asks:
            self.touched |= set(step["binds"])
        if there is None:
            return here
        found = there.result()
        return found if found["status"] != "ok" or here["status"] == "ok" else here

    def _once(self, step: Step, cell: NotebookNode, student: Kernel, checks: Kernel, pair: "_Pair") -> Result:
        """Run a cell of ours in the checks' kernel and hand over what it has left."""
        checks.run(_call("asking", "note"), "note").result()
        result = checks.run(step["ours"], cell.id).result()
        if result["status"] == "ok":
            with self._served(student, pair, []):
                call = _call("asking", "hand_over", pair.checks.fileno(), sorted(self.given))
                handed = checks.run(call, "hand-over").result()
            if handed["status"] != "ok":
                print(f"not handed over: {cell.source[:60]!r}: {handed['name']}: {handed['text']}")
                student.run(cell.source, cell.id).result()
        self.given |= set(step["binds"])
        self.names -= set(step["binds"])
        return result

    def _alone(self, place: int, pair: "_Pair", checks: Kernel) -> Result:
        """Run a check with a new kernel for the answer, which runs our own cells first, and of the answers only this one."""
        cell, steps = self.cells[place], self.job["steps"]
        step = steps[cell.id]
        told = self.job["kernels"][f"alone-{step['task']}"]
        names: set[str] = set()
        with _kernel(told, [pair.student.fileno()], self.job["cell_seconds"]) as student:
            student.run(_module("answering"), "start").result()
            for one in self.cells[:place]:
                its = steps[one.id]
                if its["kind"] != "check" and its["task"] == step["task"]:
                    names |= set(its["binds"] if its["kind"] == "answer" else ())
                    student.run(one.source, one.id).result()
                elif its["kind"] in ("given", "answer") and not its["shown"]:
                    student.run(its["ours"], one.id).result()
            return self._asking(step, cell, names & set(self.job["names"]), student, checks, pair)

    def _asking(
        self, step: Step, cell: NotebookNode, names: Iterable[str], student: Kernel, checks: Kernel, pair: "_Pair"
    ) -> Result:
        """Run a cell of ours in the kernel of the checks, with the student's at hand."""
        with self._served(student, pair, step["back"]) as served:
            asked = (pair.checks.fileno(), sorted(names), sorted(self.given), step["back"])
            checks.run(_call("asking", "bind", *asked), "bind").result()
            result = checks.run(step["ours"], cell.id).result()
        said = served.result()["outputs"]
        result["outputs"] = [*(one for one in said if one["output_type"] != "error"), *result["outputs"]]
        return result

    @contextlib.contextmanager
    def _served(self, student: Kernel, pair: "_Pair", back: Iterable[str]) -> "Iterator[Future[Result]]":
        """Let the student's kernel answer questions meanwhile."""
        seconds = self.job["cell_seconds"] + _LONGER
        serve = student.run(_call("answering", "serve", pair.student.fileno(), list(back)), "serve", seconds)
        over = Event()

        def served_to_the_end(_: "Future[Result]") -> None:
            if not over.is_set():
                pair.hang_up()

        serve.add_done_callback(served_to_the_end)
        try:
            yield serve
        finally:
            over.set()
            pair.end()
            serve.result()


class _Pair:
    """A line between the kernel of the checks and one of the student's, by its ends; both are open as long as `stack`."""

    def __init__(self, stack: ExitStack):
        self.student, self.checks = (stack.enter_context(end) for end in socket.socketpair())

    def end(self) -> None:
        """Tell the student's kernel that there are no more questions."""
        with contextlib.suppress(Broken):
            Line(self.checks).send(END, b"")

    def hang_up(self) -> None:
        """Let nobody wait for a kernel that has stopped to answer before the end."""
        with contextlib.suppress(OSError):
            self.student.shutdown(socket.SHUT_RDWR)


def _module(name: str) -> str:
    """Code that loads a module of ours and leaves no name behind."""
    return f"__import__('importlib').import_module('workshop.grading.{name}')"


def _call(module: str, function: str, *given: Any) -> str:
    """Code that calls a function of ours and leaves no name behind."""
    return f"{_module(module)}.{function}({', '.join(map(repr, given))})"


def _run(runner: Runner, cell: NotebookNode, index: int) -> Result:
    """Run a cell: ok, error (with name and text), died (no kernel any more), stuck (it ignores the interrupt), or forged.

    Replies are the kernel's, in which a student's code runs, so they may be anything.
    """
    runner.start_cell()
    status = None
    try:
        runner.execute_cell(cell, index)
    except DeadKernelError:
        status = "died"
    except CellTimeoutError:
        status = "stuck"
    LimitOutput().preprocess_cell(cell, {}, index)
    if len(json.dumps(cell.outputs)) > 2 * runner.limit:  # errors, and what was changed after it was shown
        cell.outputs = [new_output("stream", name="stdout", text=_CUT)]
    runner.end_cell(cell.outputs)
    reply = runner.reply if isinstance(runner.reply, dict) else {"status": None}
    said = reply.get("status", "ok")
    return {
        "id": cell.id,
        "status": status or (said if said in ("ok", "error") else "forged"),
        "name": str(reply.get("ename", ""))[:_OUTPUT_LIMIT],
        "text": str(reply.get("evalue", ""))[:_OUTPUT_LIMIT],
        "outputs": cell.outputs,
    }
