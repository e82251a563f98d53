"""Which share of a month's flights was late."""

from flight_delays.sources import nycflights13


def late_share(month):
    flights = nycflights13.load(month, path=None).flights
    return round(float((flights["arr_delay"] >= 15).mean()), 3)


def report(months):
    return {month: late_share(month) for month in months}
