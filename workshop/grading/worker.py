"""Run one prepared notebook in a jailed kernel and write down, cell by cell, how it went.

A process of its own for every submission: whatever a student's code does to the kernel or sends us, at worst this
process is ended. The results are lines of JSON, written as they come, so what was reached before the end counts.
"""

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import Execute, LimitOutput
from traitlets import List, Unicode

_OUTPUT_LIMIT = 200_000  # characters of a cell's output that are kept
_CUT = "\n... Output truncated ...\n"  # as nbgrader says it


class JailedKernel(AsyncKernelManager):
    """Starts the kernel behind the jail's command; talks through socket files, which need no network."""

    jail = List(Unicode())

    def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
        """Our own Python, whatever kernels are installed for the user."""
        return [*self.jail, sys.executable, "-m", "ipykernel_launcher", "-f", self.connection_file, *(extra_arguments or [])]


class Runner(Execute):
    """nbgrader's execution, with an end to what a cell may print, and the kernel's reply kept."""

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.reply: dict = {}
        self._room = _OUTPUT_LIMIT

    def on_cell_executed(self, **event: Any) -> None:
        """Keep the reply: it says whether the cell failed."""
        super().on_cell_executed(**event)
        self.reply = event["execute_reply"]["content"]

    def start_cell(self) -> None:
        """Forget what the last cell left."""
        self.reply, self._room = {}, _OUTPUT_LIMIT

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
    with log.open("wb") as stream, Path(os.devnull).open("rb") as nothing:
        for source, target in ((nothing, 0), (stream, 1), (stream, 2)):
            os.dup2(source.fileno(), target)
    work(json.loads(job_file.read_text(encoding="utf-8")))


def work(job: dict) -> None:
    """Run the notebook; a job has notebook, results, connection_file, jail, environment, folder and cell_seconds."""
    notebook = nbformat.from_dict(json.loads(Path(job["notebook"]).read_text(encoding="utf-8")))
    kernel = JailedKernel(jail=job["jail"], transport="ipc", connection_file=job["connection_file"])
    spec = kernel.kernel_spec
    assert spec is not None  # ipykernel's own is always there
    spec.interrupt_mode = "message"  # a signal would stop at the jail's door
    runner = Runner(km=kernel, timeout=job["cell_seconds"], startup_timeout=120, store_widget_state=False)
    runner.nb = notebook  # nbconvert's constructor cannot take it
    with Path(job["results"]).open("a", encoding="utf-8") as results:
        with runner.setup_kernel(cwd=job["folder"], env=job["environment"]):
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
    if len(json.dumps(cell.outputs)) > 2 * _OUTPUT_LIMIT:  # errors, and what was changed after it was shown
        cell.outputs = [new_output("stream", name="stdout", text=_CUT)]
    reply = runner.reply if isinstance(runner.reply, dict) else {"status": None}
    said = reply.get("status", "ok")
    return {
        "id": cell.id,
        "status": status or (said if said in ("ok", "error") else "forged"),
        "name": str(reply.get("ename", ""))[:_OUTPUT_LIMIT],
        "text": str(reply.get("evalue", ""))[:_OUTPUT_LIMIT],
        "outputs": cell.outputs,
    }
