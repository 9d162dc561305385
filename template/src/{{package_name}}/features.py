"""How a flight becomes model inputs: the same code in training and in serving."""

import pandas as pd

CATEGORIES = ["carrier", "origin", "dest"]
AS_GIVEN = [
    "distance",
    "plane_seats",
    "temp",
    "dewp",
    "humid",
    "wind_speed",
    "wind_gust",
    "precip",
    "pressure",
    "visib",
]
KNOWN_TOO_LATE = {"dep_delay", "arr_delay", "air_time"}


def build_features(flights: pd.DataFrame) -> pd.DataFrame:
    """Turn scheduled flights into model inputs, one row per flight.

    Args:
        flights: (n, 20) table with the columns known at departure; distance in miles.

    Returns:
        (n, 18) table, same index; missing weather stays missing for the model to handle.

    Raises:
        ValueError: If a column known only after departure is present.
    """
    if leaks := KNOWN_TOO_LATE & set(flights):
        message = f"known only after departure, so they leak the answer: {sorted(leaks)}"
        raise ValueError(message)
    scheduled = flights["time_hour"].dt.tz_localize("UTC").dt.tz_convert("America/New_York")
    departure = minute_of_day(flights["sched_dep_time"])
    arrival = minute_of_day(flights["sched_arr_time"])
    return flights[CATEGORIES + AS_GIVEN].assign(
        departure_minute=departure,
        arrival_minute=arrival,
        scheduled_minutes=(arrival - departure) % (24 * 60),
        weekday=scheduled.dt.weekday,
        plane_age_years=scheduled.dt.year - flights["plane_year"],
    )


def minute_of_day(hhmm: pd.Series) -> pd.Series:
    """Turn 1830, meaning half past six in the evening, into minutes since midnight."""
    return hhmm // 100 * 60 + hhmm % 100
