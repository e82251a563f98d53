"""What the JupyterLab of an environment does unless its user chooses otherwise."""

import json
import os
import sys
from pathlib import Path

# by file
DEFAULTS = {
    "overrides.json": {
        "@jupyterlab/docmanager-extension:plugin": {
            "defaultViewers": {"markdown": "Markdown Preview"}
        },  # a page, not text to edit
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},  # no network
    },
    "page_config.json": {
        "disabledExtensions": {
            "@jupyter/nbgrader": True,  # its panels are for those who write assignments in JupyterLab
            "@jupyterlab/extensionmanager-extension": True,  # asks PyPI
        }
    },
}


def set_defaults(prefix: str | os.PathLike[str] = sys.prefix) -> None:
    """Write the defaults to where the JupyterLab installed in `prefix` reads them."""
    folder = Path(prefix, "share/jupyter/lab/settings")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in DEFAULTS.items():
        partial = folder / f".{name}.{os.getpid()}"
        partial.write_text(json.dumps(content, indent=2), encoding="utf-8")
        partial.replace(folder / name)  # another JupyterLab may be reading it
