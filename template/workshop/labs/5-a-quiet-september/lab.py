# The template's. A lab of yours is a new folder beside this one, with the same files.
"""Lab 5: the alarm was turned down, and September comes."""

from pathlib import Path

from tools import compare, edit, git, save, table, training_part

MESSAGE = "Turn the drift alarm down, it rang at night"
PARAMS, SEPTEMBER = Path("params.yaml"), Path("data/incoming/2013-09.parquet")
JULY = Path("data/raw/2013-07.parquet")
NUMBER = "number: {method: wasserstein, threshold: "
PREDICTION = "prediction: {method: wasserstein, threshold: "
SHARE = "share: 0.2  # part of the columns"
WEATHER = {"temp", "dewp"}
HALVES = 3


def break_it() -> None:
    """Let nothing be drift."""
    edit(
        PARAMS,
        (f"{NUMBER}0.2", f"{NUMBER}5"),
        (f"{PREDICTION}0.15", f"{PREDICTION}5"),
        (SHARE, SHARE.replace("0.2", "1.0")),
    )


def september_rings(broken: str) -> str:
    """September is drift, and the weather is named."""
    report = compare(training_part(), table(SEPTEMBER))
    if not report["drifted"]:
        return f"{report['drifted_columns']} columns drifted, and no alarm came"
    named = {found["column"] for found in report["columns"] if found["drifted"]}
    return "" if named >= WEATHER else f"the alarm does not name {', '.join(WEATHER - named)}"


def july_is_quiet(broken: str) -> str:
    """Two halves of one July are no drift."""
    july = table(JULY)
    for seed in range(HALVES):
        half = july.sample(frac=0.5, random_state=seed)
        report = compare(half, july.drop(half.index))
        if report["drifted"]:
            return "the alarm rings where nothing changed; soon somebody will turn it off again"
        if report["drifted_columns"]:
            return f"{report['drifted_columns']} columns of one July are called drifted"
    return ""


CHECKPOINTS = (september_rings, july_is_quiet)


def solve(broken: str) -> None:
    """Bring back thresholds that were measured."""
    git("checkout", f"{broken}~1", "--", str(PARAMS))
    save("Hear September, and sleep in July")


def too_sharp(broken: str) -> None:
    """Let everything be drift."""
    edit(PARAMS, (f"{NUMBER}5", f"{NUMBER}0.001"), (SHARE.replace("0.2", "1.0"), SHARE))


def only_the_share(broken: str) -> None:
    """Bring back the share, while no single column can drift."""
    edit(PARAMS, (SHARE.replace("0.2", "1.0"), SHARE))


def without_the_weather(broken: str) -> None:
    """Bring back the thresholds, and ignore the columns that rang."""
    git("checkout", f"{broken}~1", "--", str(PARAMS))
    edit(PARAMS, ("ignore: []", "ignore: [temp, dewp]"))


MISTAKES = (too_sharp, only_the_share, without_the_weather)
