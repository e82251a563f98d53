"""Outputs of solutions: run a notebook, keep what is stored while its code stays, and drop what changes by itself."""

from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from workshop.places import environment


class ExecutionFailed(Exception):
    """A cell of a solution did not run; `cell_id` says which, or is None if the kernel itself failed."""

    def __init__(self, cell_id: str | None, message: str):
        self.cell_id = cell_id
        super().__init__(message)


def keep(notebook: NotebookNode, stored: NotebookNode | None) -> None:
    """Take over the outputs of the cells whose id and code are still the same."""
    if stored is None:
        return
    known = {(cell.get("id"), cell.source): cell for cell in _code(stored)}
    for cell in _code(notebook):
        if old := known.get((cell.id, cell.source)):
            _set(cell, old.outputs, old.execution_count)


def copy(notebook: NotebookNode, executed: NotebookNode) -> None:
    """Take over all outputs of the same notebook, as it was executed or in another language, and no metadata."""
    by_id = {cell.id: cell for cell in _code(executed)}
    for cell in _code(notebook):
        _set(cell, by_id[cell.id].outputs, by_id[cell.id].execution_count)


def is_executed(notebook: NotebookNode) -> bool:
    """Whether every cell has run, in this order, and none was taken out since."""
    counts = [cell.execution_count for cell in _code(notebook)]
    return counts == list(range(1, len(counts) + 1))


def execute(notebook: NotebookNode, folder: Path, *, timeout: float = 600) -> None:
    """Run a notebook in `folder` and store its outputs in it; nbclient adds metadata, which `copy` leaves behind.

    `timeout` is in seconds, for each cell. ExecutionFailed if a cell raises, takes longer or ends the kernel.
    """
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],  # a kernel warns at each start that loopback is not encrypted
        resources={"metadata": {"path": str(folder)}},
        coalesce_streams=True,
    )
    # a cell that never ended is the one to blame
    running: list[str] = []
    client.on_cell_start = lambda cell, cell_index: running.append(cell.id)
    try:
        client.execute(env=environment())
    except CellExecutionError as error:
        raise ExecutionFailed(running[-1], f"{error.ename}: {error.evalue}") from None
    except CellTimeoutError:
        raise ExecutionFailed(running[-1], f"took longer than {timeout:.0f} seconds") from None
    except DeadKernelError:
        raise ExecutionFailed(running[-1] if running else None, "ended the kernel") from None
    for number, cell in enumerate(_code(notebook), start=1):
        _set(cell, cell.outputs, number)


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def _set(cell: NotebookNode, outputs: list[NotebookNode], count: int | None) -> None:
    """Give a cell outputs without what differs from run to run or from machine to machine."""
    cell.execution_count = count
    cell.outputs = [NotebookNode(output) for output in outputs]
    for output in cell.outputs:
        if output.output_type == "execute_result":
            output.execution_count = count
        if output.output_type == "error":
            output.traceback = [f"{output.ename}: {output.evalue}"]  # the full one names files of this machine
