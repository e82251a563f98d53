"""Write flights the way the US Bureau of Transportation Statistics publishes them.

The prezipped monthly file has 109 named columns and a comma at the end of each line, so a nameless last
column. Text and clock times are quoted ("0659"; "" where nothing happened), whole numbers have decimals
(2475.00), missing numbers are left out, city names hold a comma. A readme.html lies beside the CSV in the zip.
"""

import zipfile
from pathlib import Path

import pandas as pd

_DIVERSION = ["Airport", "AirportID", "AirportSeqID", "WheelsOn", "TotalGTime", "LongestGTime", "WheelsOff", "TailNum"]
COLUMNS = [
    *"Year Quarter Month DayofMonth DayOfWeek FlightDate Reporting_Airline DOT_ID_Reporting_Airline".split(),
    *"IATA_CODE_Reporting_Airline Tail_Number Flight_Number_Reporting_Airline".split(),
    *"OriginAirportID OriginAirportSeqID OriginCityMarketID Origin OriginCityName OriginState".split(),
    *"OriginStateFips OriginStateName OriginWac".split(),
    *"DestAirportID DestAirportSeqID DestCityMarketID Dest DestCityName DestState".split(),
    *"DestStateFips DestStateName DestWac".split(),
    *"CRSDepTime DepTime DepDelay DepDelayMinutes DepDel15 DepartureDelayGroups DepTimeBlk".split(),
    *"TaxiOut WheelsOff WheelsOn TaxiIn".split(),
    *"CRSArrTime ArrTime ArrDelay ArrDelayMinutes ArrDel15 ArrivalDelayGroups ArrTimeBlk".split(),
    *"Cancelled CancellationCode Diverted CRSElapsedTime ActualElapsedTime AirTime Flights Distance DistanceGroup".split(),
    *"CarrierDelay WeatherDelay NASDelay SecurityDelay LateAircraftDelay FirstDepTime TotalAddGTime LongestAddGTime".split(),
    *"DivAirportLandings DivReachedDest DivActualElapsedTime DivArrDelay DivDistance".split(),
    *[f"Div{landing}{column}" for landing in range(1, 6) for column in _DIVERSION],
]


def _quoted(values: pd.Series) -> pd.Series:
    return '"' + values.fillna("").astype(str) + '"'


def _clock(values: pd.Series) -> pd.Series:
    return '"' + values.map("{:04.0f}".format, na_action="ignore").fillna("") + '"'


def _decimal(values: pd.Series) -> pd.Series:
    return values.map("{:.2f}".format, na_action="ignore").fillna("")


def as_csv(flights: pd.DataFrame) -> str:
    """The text of the Bureau's CSV file with these flights (columns of `sources.tables.FLIGHTS`)."""
    cells = pd.DataFrame("", index=flights.index, columns=COLUMNS)
    date = flights["date"]
    for name, part in {"Year": date.dt.year, "Quarter": date.dt.quarter, "Month": date.dt.month}.items():
        cells[name] = part.astype(str)
    cells["DayofMonth"] = date.dt.day.astype(str)
    cells["DayOfWeek"] = (date.dt.weekday + 1).astype(str)
    cells["FlightDate"] = date.dt.strftime("%Y-%m-%d")
    for name, column in {
        "Reporting_Airline": "carrier",
        "IATA_CODE_Reporting_Airline": "carrier",
        "Tail_Number": "tailnum",
        "Flight_Number_Reporting_Airline": "flight",
        "Origin": "origin",
        "Dest": "dest",
    }.items():
        cells[name] = _quoted(flights[column])
    cells["OriginCityName"] = '"New York, NY"'
    cells["OriginStateFips"] = '"36"'
    cells["CancellationCode"] = _quoted(flights["dep_time"].isna().map({True: "B", False: ""}))
    for name, column in {
        "CRSDepTime": "sched_dep_time",
        "DepTime": "dep_time",
        "CRSArrTime": "sched_arr_time",
        "ArrTime": "arr_time",
    }.items():
        cells[name] = _clock(flights[column])
    for name, column in {"DepDelay": "dep_delay", "ArrDelay": "arr_delay", "AirTime": "air_time", "Distance": "distance"}.items():
        cells[name] = _decimal(flights[column])
    cells["Cancelled"] = _decimal(flights["dep_time"].isna().astype(float))
    lines = [",".join(f'"{name}"' for name in COLUMNS), *cells.agg(",".join, axis=1)]
    return "".join(f"{line},\n" for line in lines)


def write(path: Path, flights: pd.DataFrame) -> Path:
    """Write the flights to `path`, a .csv or a .zip like the Bureau's, and give the path."""
    text = as_csv(flights)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"On_Time_Reporting_Carrier_On_Time_Performance_(1987_present){path.stem[-7:]}.csv", text)
            archive.writestr("readme.html", "<html>BACKGROUND</html>")
    else:
        path.write_text(text, encoding="ascii")
    return path
