"""The runs of a DAG's schedule, as Airflow itself says; also in the project's environment, where the kit is not."""

from datetime import datetime, timedelta
from itertools import islice

from airflow.sdk import DAG
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import DagRunInfo


def stored(dag: DAG | SerializedDAG) -> SerializedDAG:
    """A DAG as the scheduler sees it, from the database."""
    return dag if isinstance(dag, SerializedDAG) else DagSerialization.from_dict(DagSerialization.to_dict(dag))


def starts(dag: DAG | SerializedDAG) -> datetime | None:
    """When the schedule of a DAG begins: its own start_date or the earliest of its tasks; None if nothing says so."""
    return min((one.start_date for one in (dag, *dag.tasks) if one.start_date), default=None)


def runs(dag: DAG | SerializedDAG, days: int = 400) -> list[DagRunInfo]:
    """The runs that a DAG's schedule makes in so many days from its start; none without a schedule."""
    first = starts(dag)
    if first is None:
        return []
    last = min(first + timedelta(days=days), dag.end_date or datetime.max.replace(tzinfo=first.tzinfo))
    return list(islice(stored(dag).iter_dagrun_infos_between(first, last), 2 * days))  # one a minute would take for ever
