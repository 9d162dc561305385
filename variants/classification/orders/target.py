TARGET = "outcome"
LABELS: tuple[str, ...] = ("kept", "returned")  # the last one is the positive one
MISSING_TARGET = "sold less than a month ago"


def read_target(orders: pd.DataFrame) -> pd.Series:
    """Say for each order whether it came back."""
    return orders["returned"].map({False: "kept", True: "returned"})
