"""Run one prepared notebook in a jailed kernel and write down, cell by cell, how it went.

A process of its own for every submission: whatever a student's code does to the kernel or sends us, at worst this
process is ended. The results are lines of JSON, written as they come, so what was reached before the end counts.
"""

import contextlib
import json
import os
import socket
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute, LimitOutput
from traitlets import List, Unicode

from workshop.grading.kernel import SOCKETS

_OUTPUT_LIMIT = 200_000  # characters of a cell's output that are kept
_ALL_LIMIT = 4_000_000  # and of all of them
_SMALL = 2_000  # of a cell when there is no room any more
_CHANNELS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
_CUT = "\n... Output truncated ...\n"  # as nbgrader says it


class JailedKernel(AsyncKernelManager):
    """Starts the kernel behind the jail's command; talks through socket files, which need no network.

    The kernel gets the sockets open: in the jail there is no path to them, which a submission could lead elsewhere.
    """

    command = List(Unicode())

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """Our own Python, whatever kernels are installed for the user."""
        return [*self.command, *(extra_arguments or [])]

    def open_sockets(self) -> dict[str, socket.socket]:
        """Listen where a client will connect to, in the current folder; sockets by port."""
        self.ip, opened = "k", {}
        for port, name in enumerate(_CHANNELS, start=1):
            setattr(self, name, port)
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


def start(job_file: Path, log: Path) -> None:
    """Do a job in this process, apart from the terminal of who started it; what is printed goes to the log."""
    os.setsid()
    os.umask(0o022)  # folders of the jail may be made by somebody else than who works in it
    with log.open("wb") as stream, Path(os.devnull).open("rb") as nothing:
        for source, target in ((nothing, 0), (stream, 1), (stream, 2)):
            os.dup2(source.fileno(), target)
    work(json.loads(job_file.read_text(encoding="utf-8")))


def work(job: dict) -> None:
    """Run the notebook; a job has notebook, results, connection_file, command, environment and cell_seconds."""
    notebook = nbformat.from_dict(json.loads(Path(job["notebook"]).read_text(encoding="utf-8")))
    os.chdir(Path(job["notebook"]).parent)
    kernel = JailedKernel(command=job["command"], transport="ipc", connection_file=job["connection_file"])
    sockets = kernel.open_sockets()
    given = {port: one.fileno() for port, one in sockets.items()}
    environment = {**job["environment"], SOCKETS: json.dumps(given)}
    spec = kernel.kernel_spec
    assert spec is not None  # ipykernel's own is always there
    spec.interrupt_mode = "message"  # a signal would stop at the jail's door
    runner = Runner(km=kernel, timeout=job["cell_seconds"], startup_timeout=120, store_widget_state=False)
    runner.nb = notebook  # nbconvert's constructor cannot take it
    with Path(job["results"]).open("a", encoding="utf-8") as results:
        with runner.setup_kernel(env=environment, pass_fds=tuple(given.values())):
            for one in sockets.values():
                one.close()
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "code":
                    result = _run(runner, cell, index)
                    results.write(json.dumps(result) + "\n")
                    results.flush()
                    if result["status"] in ("died", "stuck"):
                        break
        with contextlib.suppress(RuntimeError):  # it may be dead already
            runner._cleanup_kernel()


def _run(runner: Runner, cell: NotebookNode, index: int) -> dict:
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
