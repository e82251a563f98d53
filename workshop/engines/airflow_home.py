"""An AIRFLOW_HOME of a sandbox's own: configuration, log-in, and a database with nothing in it."""

import base64
import configparser
import json
import secrets
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from workshop.engines import databases
from workshop.places import as_documented, environment
from workshop.sandbox import Sandbox

AIRFLOW = (sys.executable, "-m", "airflow")
START_TIMEOUT = 300  # seconds; its servers come up in 12 to 25, on a busy machine in 120
USER = "admin"
_FOR_TWO_CORES: dict[str, dict[str, Any]] = {
    "core": {"parallelism": 2},
    "scheduler": {"scheduler_heartbeat_sec": 1, "scheduler_idle_sleep_time": 0.2},
    # Now and then a worker overlooks the end of its task until its next heartbeat, 5 s later by default.
    "workers": {"min_heartbeat_interval": 1},
    "dag_processor": {"parsing_processes": 1},
}


def make_home(sandbox: Sandbox, name: str, *, port: int = 8080, password: str | None = None, parse_every: int = 300) -> Path:
    """A new AIRFLOW_HOME in the sandbox, with configuration and an empty database, readable by its owner only."""
    home = sandbox.root / ".engines" / name
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, mode=0o700)
    empty_database(home / "airflow.db")
    url = f"http://127.0.0.1:{port}"
    config = configparser.ConfigParser(interpolation=None)
    config.read_dict(
        {
            "core": {
                "dags_folder": sandbox.root / "dags",
                "load_examples": False,
                "dags_are_paused_at_creation": False,
                "executor": "LocalExecutor",
                "execution_api_server_url": f"{url}/execution/",
                "simple_auth_manager_users": f"{USER}:admin",
                "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            },
            "database": {"sql_alchemy_conn": f"sqlite:///{home}/airflow.db"},
            "logging": {"colored_console_log": False},
            "api": {"base_url": url, "secret_key": secrets.token_urlsafe(32)},
            "api_auth": {"jwt_secret": secrets.token_urlsafe(64)},
            "scheduler": {
                # The months of the sample data are over: on a schedule, last month would be due at once. Its run would
                # be skipped, but in the way of ours, since there is one at a time.
                "use_job_schedule": False,
            },
            "workers": {"execution_api_timeout": 60},  # the default, 5 s, is too short for a busy laptop
        }
    )
    if not as_documented():
        config.read_dict(_FOR_TWO_CORES)
        config["dag_processor"]["min_file_process_interval"] = str(parse_every)
    for section in config.values():
        for key, value in section.items():
            section[key] = value.replace("%", "%%")  # or Airflow would look for a name behind it
    with (home / "airflow.cfg").open("w", encoding="utf-8") as stream:
        config.write(stream)
    if password:
        (home / "simple_auth_manager_passwords.json.generated").write_text(json.dumps({USER: password}) + "\n")
    for file in home.iterdir():
        file.chmod(0o600)
    return home


def empty_database(target: Path) -> None:
    """Put a database with all of Airflow's tables at `target`, a new file."""
    databases.provide(target, "apache-airflow", _make_database)


def _make_database(home: Path) -> Path:
    subprocess.run(
        [*AIRFLOW, "db", "migrate"],
        cwd=home,
        env=environment(AIRFLOW_HOME=str(home), AIRFLOW__CORE__LOAD_EXAMPLES="False"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
        timeout=START_TIMEOUT,
    )
    database = home / "airflow.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")  # stays with the file: readers do not lock writers out
    return database
