"""The share of late flights, counted as the task asks for it and as one easily counts it instead."""

from collections.abc import Iterable
from numbers import Real

LATE = 15  # minutes
CLOSE = 1e-3


def counted_as(share: Real, delays: Iterable[float]) -> str | None:
    """Which way of counting gives `share`, of flights with these arrival delays (NaN: never arrived).

    "as asked", "all flights" if those that never arrived are among them, "longer only" if exactly 15 minutes are no
    delay, None if it is none of these.
    """
    everything = list(delays)
    arrived = [delay for delay in everything if delay == delay]
    late = sum(delay >= LATE for delay in arrived)
    ways = {
        "as asked": late / len(arrived),
        "all flights": late / len(everything),
        "longer only": (late - arrived.count(LATE)) / len(arrived),
    }
    return next((way for way, right in ways.items() if abs(float(share) - right) < CLOSE), None)
