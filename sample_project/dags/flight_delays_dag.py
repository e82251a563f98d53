"""
### Will the flight arrive late?

A **manual run** takes the months of `params.yaml`, or of its configuration:
`{"months": {"2013-01": "train", "2013-02": "test"}}`.

A **scheduled run** tests on the month of its data interval and trains on those before it. After the last month with
flights, `LAST_MONTH` in this file, it is skipped: nothing fails, and nothing changes.

A **backfill** asks what we would have had then. Its model becomes a version in the registry, but never the champion:
`airflow backfill create --dag-id flight_delays --from-date 2013-05-01 --to-date 2013-05-31 --max-active-runs 1`

The runs share one set of artefacts, so there is one run at a time, and all workers must see the same folder.
What failed for good is listed in `logs/failures.jsonl`. The package is found by `PYTHONPATH`, or because it is installed.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from airflow.sdk import (
    Asset,
    Context,
    CronDataIntervalTimetable,
    ExceptionRetryPolicy,
    RetryAction,
    RetryRule,
    dag,
    get_current_context,
    task,
    task_group,
)
from airflow.sdk.exceptions import AirflowSkipException

ROOT = Path(__file__).resolve().parent.parent

if TYPE_CHECKING:
    from flight_delays.pipeline import Project

# What `register` writes to. Not the champion: a backfill leaves that alone.
REGISTRY = Asset(name="flight-delays-registry")

# The last month with flights; None for a source that goes on. An `end_date` of the DAG would do more: a manual run, whose
# logical date is today, would end as a success in which no task ran.
LAST_MONTH: str | None = "2013-12"

# Bad data, bad parameters and a model that is not good enough do not mend themselves in ten seconds.
ONLY_WHAT_MAY_PASS = ExceptionRetryPolicy(
    [RetryRule("flight_delays.errors.PipelineError", RetryAction.FAIL, reason="trying again would not help")]
)


def report_failure(context: Context) -> None:
    """Add what failed for good to logs/failures.jsonl, one line of JSON. A team would send it to its chat as well."""
    instance, error = context["task_instance"], context.get("exception")
    failure = {
        "dag": instance.dag_id,
        "run": instance.run_id,
        "task": instance.task_id,
        "map_index": instance.map_index,
        "try": instance.try_number,
        "exception": type(error).__name__,
        "message": str(error),
    }
    file = ROOT / "logs" / "failures.jsonl"
    file.parent.mkdir(exist_ok=True)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(failure, ensure_ascii=False) + "\n")


def months_until(month: str, known: Mapping[str, str]) -> dict[str, str]:
    """Test on `month`; train on the months of its year before it and on the `known` ones before it."""
    year, number = month.split("-")
    earlier = {f"{year}-{n:02}" for n in range(1, int(number))} | {other for other in known if other < month}
    return dict.fromkeys(sorted(earlier), "train") | {month: "test"}


def project() -> "Project":
    """The project as this run is to see it: params.yaml, but the months may be the run's own.

    A scheduled or backfilled run is about the month of its data interval; a manual run takes params.yaml as it is.
    Either obeys {"months": {"2013-01": "train", ...}} in its configuration. In a backfill a champion that has learned
    from that month already is no measure, and `gate` does without it; nor does a backfill make a champion.
    """
    from flight_delays import params, place  # here, not above: Airflow parses this file again and again
    from flight_delays.pipeline import Project

    place.check(ROOT)
    context = get_current_context()
    run = context["dag_run"]
    given = params.load(ROOT / "params.yaml")
    months: Mapping[str, str] = given.months
    if run.run_type in ("scheduled", "backfill"):
        months = months_until(f"{context['data_interval_start']:%Y-%m}", given.months)
    months = (run.conf or {}).get("months", months)
    own = params.parse(given.model_dump(by_alias=True) | {"months": months}, f"run {run.run_id}")
    return Project(ROOT, own, backfill=run.run_type == "backfill")


@dag(
    dag_id="flight_delays",
    description="Will the flight arrive late? Trains, compares and registers models of flight delays",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("@monthly", timezone="UTC"),
    start_date=datetime(2013, 2, 1, tzinfo=UTC),  # the first month with one before it to learn from
    catchup=False,
    max_active_runs=1,  # the runs share one set of artefacts
    default_args={
        "owner": "mlops-team",
        "retries": 2,
        "retry_delay": timedelta(seconds=10),
        "retry_policy": ONLY_WHAT_MAY_PASS,
        "execution_timeout": timedelta(minutes=30),
        "on_failure_callback": report_failure,
    },
    tags=["ml", "flights"],
)
def flight_delays() -> None:
    """The stages as tasks, mapped over the months and candidates that each run finds out for itself."""

    @task
    def plan_months() -> list[str]:
        months = project().months
        if get_current_context()["dag_run"].run_type == "scheduled" and LAST_MONTH and months[-1] > LAST_MONTH:
            raise AirflowSkipException(f"no flights of {months[-1]}: they end with {LAST_MONTH}")
        return months

    @task
    def plan_candidates() -> list[str]:
        return project().candidates

    @task(map_index_template="{{ task.op_kwargs['month'] }}")
    def ingest(month: str) -> None:
        project().run("ingest", month)

    @task(map_index_template="{{ task.op_kwargs['month'] }}")
    def validate(month: str) -> None:
        project().run("validate", month)

    @task(map_index_template="{{ task.op_kwargs['month'] }}")
    def prepare(month: str) -> None:
        project().run("prepare", month)

    @task(map_index_template="{{ task.op_kwargs['candidate'] }}")
    def train(candidate: str) -> None:
        project().run("train", candidate)

    @task
    def evaluate() -> None:
        project().run("evaluate")

    @task
    def gate() -> None:
        project().run("gate")

    @task(outlets=[REGISTRY])
    def register() -> None:
        project().run("register")

    @task_group(prefix_group_id=False)
    def prepare_month(month: str) -> None:
        ingested, validated, prepared = ingest(month=month), validate(month=month), prepare(month=month)
        ingested >> validated >> prepared
        ingested >> prepared

    months = prepare_month.expand(month=plan_months())
    models = train.expand(candidate=plan_candidates())
    metrics, decision, champion = evaluate(), gate(), register()

    # who takes whose artefacts, written out in full
    months >> models
    [months, models] >> metrics
    [months, metrics] >> decision
    [months, models, metrics, decision] >> champion


flight_delays_dag = flight_delays()
