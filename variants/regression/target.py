TARGET = "delay_minutes"
LABELS: tuple[str, ...] = ()  # it is a number, in minutes
MISSING_TARGET = "cancelled or diverted"


def read_target(flights: pd.DataFrame) -> pd.Series:
    """Return how many minutes late each flight arrived; missing when it never did as planned."""
    return flights["arr_delay"]
