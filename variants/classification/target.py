TARGET = "arrival"
LABELS: tuple[str, ...] = ("on_time", "late")  # the last one is the positive one
MISSING_TARGET = "cancelled or diverted"


def read_target(flights: pd.DataFrame) -> pd.Series:
    """Say for each flight whether it arrived late; missing when it never arrived as planned."""
    late = flights["arr_delay"] > 15  # minutes: the regulator's definition of late
    return late.map({False: "on_time", True: "late"}).where(flights["arr_delay"].notna())
