"""MLflow Projects: `mlflow run` on the project's folder, which records each run in a database of the sandbox."""

import time

from workshop.engines.base import Outcome
from workshop.sandbox import Sandbox


def run(sandbox: Sandbox, entry_point: str = "main", **params: str) -> Outcome:
    """Run an entry point of MLproject with its parameters, in the environment we are in.

    MLflow knows success and failure only: `exit_code` is 1 also where the project's own is 2 or 3.
    """
    home = sandbox.root / ".engines/mlflow"
    storage = home / "downloads"  # made in any case, in the machine's temporary folder if not told
    storage.mkdir(parents=True, exist_ok=True)
    command = ["mlflow", "run", ".", "--entry-point", entry_point, "--env-manager", "local", "--storage-dir", str(storage)]
    for name, value in params.items():
        command += ["--param-list", f"{name}={value}"]
    wall, clock = time.time(), time.perf_counter()
    done = sandbox.run(command, log="mlflow.log", check=False, MLFLOW_TRACKING_URI=f"sqlite:///{home / 'runs.db'}")
    return Outcome(wall, time.perf_counter() - clock, done.returncode, sandbox.records(since=wall), done.stdout)
