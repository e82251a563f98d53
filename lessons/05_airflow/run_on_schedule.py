"""Run a DAG as its schedule would: `python run_on_schedule.py DAGS_FOLDER DAG_ID 2013-02-09T06:00 ...`.

`airflow dags test` makes a manual run, whose data interval is another than that of the scheduled run of the same moment.
Here each run has the dates that the timetable gives it. Ends with 1 if there is no run at such a moment, or if one fails.
"""

import sys
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

from airflow.dag_processing.dagbag import DagBag
from airflow.models import dagrun
from airflow.sdk import DAG
from airflow.timetables.base import DagRunInfo
from airflow.utils.session import create_session
from schedules import runs

make_run = dagrun.get_or_create_dagrun


def run_of(found: list[DagRunInfo], moment: str) -> DagRunInfo:
    """The run that begins at a moment of UTC; SystemExit if there is none."""
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    for run in found:
        if run.run_after == at:
            return run
    raise SystemExit(f"The schedule has no run at {moment}")


def forget(dag_id: str) -> None:
    """Delete the runs of a DAG: by another timetable the same moment was a run of another logical date."""
    with create_session() as session:
        for run in dagrun.DagRun.find(dag_id=dag_id, session=session):
            session.delete(run)


def run_as(dag: DAG, run: DagRunInfo) -> dagrun.DagRun:
    """Run a DAG with the dates of a run of its schedule, data interval and all."""

    def make(**asked: Any) -> dagrun.DagRun:
        return make_run(**asked | {"data_interval": run.data_interval})

    with patch.object(dagrun, "get_or_create_dagrun", make):
        return dag.test(run_after=run.run_after, logical_date=run.logical_date)


def main(folder: str, dag_id: str, *moments: str) -> None:
    """Run the DAG of the folder with this id, once for each moment."""
    sys.path.insert(0, folder)  # as Airflow does: modules may lie beside the DAG
    dag = DagBag(folder).dags[dag_id]
    found = runs(dag)
    forget(dag_id)
    for moment in moments:
        run = run_of(found, moment)
        ended = run_as(dag, run)
        print(moment, "ended as", ended.state)
        if ended.state != "success":
            raise SystemExit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
