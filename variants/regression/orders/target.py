TARGET = "days_to_wait"
LABELS: tuple[str, ...] = ()  # it is a number, in days
MISSING_TARGET = "not arrived yet"


def read_target(orders: pd.DataFrame) -> pd.Series:
    """Return how many days each order took to arrive."""
    return orders["days_until_arrival"]
