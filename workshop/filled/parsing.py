"""Read a notebook that somebody has filled in, by whichever program, expecting anything."""

import json
import re
from dataclasses import dataclass
from typing import Any

_MOST_CELLS, _MOST_CODE = 1000, 1_000_000  # characters; what takes longer than its limits to be read and shown
_ISSUE = re.compile(r"[0-9a-f]{8}")


class Refused(Exception):
    """A notebook that cannot be taken; `key` and `values` make the remark."""

    def __init__(self, key: str, **values: Any):
        self.key, self.values = key, values
        super().__init__(key)

    def __reduce__(self) -> tuple:
        """As processes send it to each other."""
        return _refused, (self.key, self.values)


def _refused(key: str, values: dict[str, Any]) -> Refused:
    return Refused(key, **values)


@dataclass(frozen=True)
class Submission:
    """A notebook that could be read: its cells with kind, text and id, and the id that a program kept elsewhere.

    `issue` is the issue that it says it is of, "" if it does not say.
    """

    cells: tuple[dict[str, str], ...]
    issue: str = ""


def parse(content: bytes) -> Submission:
    """Read a file; Refused if it is not a notebook."""
    if not content.strip():
        raise Refused("empty")
    try:
        read_ = json.loads(content)  # it knows UTF-8, also with a byte order mark, and UTF-16
    except UnicodeDecodeError:
        raise Refused("encoding") from None
    except (ValueError, RecursionError):
        raise Refused("web_page" if content.lstrip()[:1] == b"<" else "not_json") from None
    try:
        # before version 4 a notebook had sheets
        listed = read_["cells"] if "cells" in read_ else [cell for sheet in read_["worksheets"] for cell in sheet["cells"]]
        cells = tuple(_cell(cell) for cell in listed)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise Refused("not_a_notebook") from None
    if len(cells) > _MOST_CELLS or sum(len(cell["text"]) for cell in cells) > _MOST_CODE:
        raise Refused("too_much", cells=_MOST_CELLS, characters=_MOST_CODE)
    return Submission(cells, stated_issue(read_))


def stated_issue(notebook: dict[str, Any]) -> str:
    """The issue that a notebook says it is of; "" if it does not say."""
    ours: Any = notebook.get("metadata")
    for key in ("workshop", "issue"):
        ours = ours.get(key) if isinstance(ours, dict) else None
    return ours if isinstance(ours, str) and _ISSUE.fullmatch(ours) else ""


def _cell(cell: dict[str, Any]) -> dict[str, str]:
    kind = str(cell["cell_type"])
    text = cell["input"] if kind == "code" and "input" in cell else cell["source"]
    text = text if isinstance(text, str) else "".join(text)
    # half an emoji, as a cut in the middle leaves it, is no text: neither a kernel nor a page takes it
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    if kind == "heading":  # before version 4 too
        kind, text = "markdown", f"{'#' * min(int(cell.get('level', 1)), 6)} {text}"
    metadata = cell.get("metadata")
    kept = metadata.get("id", "") if isinstance(metadata, dict) else ""  # where Colab keeps it
    return {"id": str(cell.get("id", ""))[:100], "kept": str(kept)[:100], "kind": kind, "text": text}
