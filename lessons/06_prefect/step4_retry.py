"""Which share of a month's flights was late."""

import pandas as pd
from prefect import flow, task


@task(task_run_name="late_share {month}", retries=5, retry_delay_seconds=1)
def late_share(source, month):
    flights = pd.read_parquet(f"{source}/{month}/flights.parquet")
    return round(float((flights["arr_delay"] >= 15).mean()), 3)


@flow
def report(source, months):
    shares = late_share.map(source, months)
    return dict(zip(months, shares.result(), strict=True))
