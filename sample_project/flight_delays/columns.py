"""The columns that stages hand to each other: a stage that needs them imports them here, not another stage."""

# What every source gives: column -> type
FLIGHTS = {
    "scheduled": "datetime64[us]",  # scheduled departure, UTC
    "date": "datetime64[us]",  # local day of the scheduled departure
    "sched_dep_time": "float64",  # local clock, HHMM
    "dep_time": "float64",  # local clock, HHMM; empty if the flight never left
    "dep_delay": "float64",  # minutes; negative: early
    "sched_arr_time": "float64",  # local clock of the destination, HHMM
    "planned_arrival": "datetime64[us]",  # the same moment, UTC; empty if the destination's zone is not known
    "arr_time": "float64",
    "arr_delay": "float64",  # minutes; empty if cancelled or diverted
    "carrier": "object",
    "flight": "int64",
    "tailnum": "object",
    "origin": "object",
    "dest": "object",
    "air_time": "float64",  # minutes
    "sched_elapsed": "float64",  # minutes from gate to gate, planned; empty if the source does not tell
    "elapsed": "float64",  # the same as it came
    "distance": "float64",  # miles
    "line": "int64",  # of the source's file
}
WEATHER = {
    "origin": "object",
    "observed": "datetime64[us]",  # UTC; by then the reading was made
    "temp": "float64",  # degrees Fahrenheit
    "humid": "float64",  # percent
    "wind_speed": "float64",  # miles per hour
    "wind_gust": "float64",
    "precip": "float64",  # inches in the hour
    "pressure": "float64",  # millibars
    "visib": "float64",  # miles
    "line": "int64",
}
PLANES = {"tailnum": "object", "year": "float64", "seats": "float64", "line": "int64"}  # year: of manufacture
# What of a source's file could not be read: a row for each such value, `column` as the file calls it
UNREAD = {"line": "int64", "column": "object", "value": "object", "reason": "object"}

# What a prepared month has
KEY = ["scheduled", "origin", "carrier", "flight"]
CATEGORIES = ["carrier", "origin", "dest"]
# What a model may know of a flight, by where it comes from: `flight_delays/features.py` says how
SCHEDULE = [
    "minute_of_day",  # scheduled departure, local clock
    "weekday",  # Monday is 0
    "distance",
    "planned_minutes",  # from scheduled departure to scheduled arrival
    "hour_departures",  # how many flights are scheduled to leave this airport in the same hour
]
CONDITIONS = ["temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
AIRCRAFT = [
    "plane_age",  # years
    "seats",
    "plane_departure_delay",  # minutes, when it last left one of these airports
    "plane_departure_hours",  # how long ago that was
    "plane_arrival_delay",  # minutes, when it last landed on a flight from one of them
    "plane_arrival_hours",
]
DEPARTURES = [
    "origin_departures",  # how many flights left this airport in the window
    "origin_delay",  # their mean departure delay, minutes
    "carrier_departures",  # the same for the carrier's flights from this airport
    "carrier_delay",
]
BEHIND = [  # mean minutes behind schedule, of flights scheduled in the last hours: those that left, and those that wait
    "origin_behind",  # from this airport, 1 hour
    "carrier_behind",  # the carrier's from this airport, 4 hours
    "all_behind",  # from all airports, 1 hour
]
ARRIVALS = [  # of flights from these airports that landed in the last hours
    "dest_delay",  # mean arrival delay at the destination, 3 hours, minutes
    "dest_late",  # share of late arrivals there
    "origin_late",  # the same of flights from this airport, 6 hours
]
MONTH = [  # of the carrier's flights from this airport that landed earlier in the same month
    "number_flights",  # how many had this flight number
    "number_late",  # share of late arrivals among them
    "route_late",  # the same of the carrier's flights to this destination
]
GROUPS = {
    "schedule": SCHEDULE,
    "weather": CONDITIONS,
    "aircraft": AIRCRAFT,
    "departures": DEPARTURES,
    "behind schedule": BEHIND,
    "arrivals": ARRIVALS,
    "month so far": MONTH,
}
NUMBERS = [name for group in GROUPS.values() for name in group]
FEATURES = CATEGORIES + NUMBERS
TARGET = "late"
