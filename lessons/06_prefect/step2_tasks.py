"""Which share of a month's flights was late."""

from prefect import flow, task

from flight_delays.sources import nycflights13


@task(task_run_name="late_share {month}")
def late_share(month):
    flights = nycflights13.load(month, path=None).flights
    return round(float((flights["arr_delay"] >= 15).mean()), 3)


@flow
def report(months):
    return {month: late_share(month) for month in months}
