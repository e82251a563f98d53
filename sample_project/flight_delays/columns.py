"""The columns that stages hand to each other: a stage that needs them imports them here, not another stage."""

# What every source gives: column -> type
FLIGHTS = {
    "scheduled": "datetime64[us]",  # scheduled departure, UTC
    "date": "datetime64[us]",  # local day of the scheduled departure
    "sched_dep_time": "float64",  # local clock, HHMM
    "dep_time": "float64",  # local clock, HHMM; empty if the flight never left
    "dep_delay": "float64",  # minutes; negative: early
    "sched_arr_time": "float64",
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
    "observed": "datetime64[us]",  # UTC
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
NUMBERS = [
    "minute_of_day",  # scheduled departure, local clock
    "weekday",  # Monday is 0
    "distance",
    "temp",
    "humid",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib",
    "plane_age",  # years
    "seats",
    "origin_departures",  # how many flights left this airport in the window
    "origin_delay",  # their mean departure delay, minutes
    "carrier_departures",  # the same for the carrier's flights from this airport
    "carrier_delay",
]
FEATURES = CATEGORIES + NUMBERS
TARGET = "late"
