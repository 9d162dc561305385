# The template's. A lab of yours is a new folder beside this one, with the same files.
"""Lab 3: a column of the future becomes a feature."""

from pathlib import Path

from tools import SOURCE, edit, git, guarded, module, read, save, trained_anew, verb

MESSAGE = "Use the delay at departure: it is in the feed, and it helps a lot"
SCHEMA, FEATURES = SOURCE / "schema.py", SOURCE / "features.py"
TESTS = Path("tests/test_features.py")
SERVICE_TESTS = Path("tests/test_service.py")

LATE = 'Column("dep_delay", "number", "arrival"'
EARLY = 'Column("dep_delay", "number", "departure"'
KNOWN = 'KNOWN_TOO_LATE = {"dep_delay", "arr_delay", "air_time"}'
TESTED = '@pytest.mark.parametrize("column", ["dep_delay", "arr_delay", "air_time"])'
TOO_GOOD = 0.85  # nobody tells that well an hour before departure


def break_it() -> None:
    """Declare the delay known at departure, take it as a feature, and let no test mind."""
    edit(SCHEMA, (LATE, EARLY))
    edit(
        FEATURES,
        ('    "visib",\n]', '    "visib",\n    "dep_delay",\n]'),
        (KNOWN, KNOWN.replace('"dep_delay", ', "")),
    )
    edit(TESTS, (TESTED, TESTED.replace('"dep_delay", ', "")))
    edit(
        SERVICE_TESTS,
        ('{**rows[0], "dep_delay": 40.0}', '{**rows[0], "arr_delay": 40.0}'),
        ('assert "dep_delay" in', 'assert "arr_delay" in'),
    )


def known_later(broken: str) -> str:
    """schema.py says that dep_delay is known too late."""
    schema = module("schema")
    moments = list(schema.MOMENTS)
    if schema.PREDICTION_MOMENT != "departure":
        return (
            f"PREDICTION_MOMENT is {schema.PREDICTION_MOMENT!r}, but the desk asks at the gate, "
            "an hour before departure: then the answer would come too late"
        )
    found = {column.name: column.known for column in schema.COLUMNS}
    if "dep_delay" not in found:
        return "the column is gone; the files still hold it, and the schema says when it is known"
    if moments.index(found["dep_delay"]) <= moments.index(schema.PREDICTION_MOMENT):
        return f"it says that dep_delay is known at {found['dep_delay']!r}"
    return ""


def refused(broken: str) -> str:
    """features.py does without dep_delay, and refuses it."""
    paths, tables = module("_mlops.paths"), module("_mlops.data.tables")
    schema, data, build = module("schema"), module("data"), module("features").build_features
    rows = tables.known_rows(tables.read(paths.SAMPLE, schema, data), schema)
    rows = rows.drop(columns="dep_delay", errors="ignore")
    try:
        build(rows)
    except KeyError as error:
        return f"build_features asks for {error}"
    try:
        build(rows.assign(dep_delay=0.0))
    except ValueError:
        return ""
    return "build_features takes rows with dep_delay and says nothing"


def trained(broken: str) -> str:
    """The model was trained anew, and its score can be believed."""
    if problem := trained_anew():
        return problem
    score = read(Path("reports/metrics.json"))["metrics"]["roc_auc"]
    return f"roc_auc {score:.3f} is too good to be true" if score > TOO_GOOD else ""


def tested(broken: str) -> str:
    """A test says no when somebody does it again."""
    return guarded(broken, str(SCHEMA), str(FEATURES))


CHECKPOINTS = (known_later, refused, trained, tested)


def solve(broken: str) -> None:
    """Bring back schema, features and tests, and train."""
    git("checkout", f"{broken}~1", "--", str(SCHEMA), str(FEATURES), "tests")
    save("Know the delay only after departure")
    verb("repro")


def only_the_feature(broken: str) -> None:
    """Take the feature out; the schema still offers it to the next person."""
    edit(FEATURES, ('    "dep_delay",\n', ""))
    save("Do without the delay")
    verb("repro")


def ask_later(broken: str) -> None:
    """Move the moment of prediction to arrival, so that nothing is known too late."""
    edit(SCHEMA, ('PREDICTION_MOMENT = "departure"', 'PREDICTION_MOMENT = "arrival"'))
    git("checkout", f"{broken}~1", "--", str(FEATURES), "tests")


def not_trained(broken: str) -> None:
    """Mend every file, and leave the model that learned from the future."""
    verb("repro")
    git("checkout", f"{broken}~1", "--", str(SCHEMA), str(FEATURES), "tests")


def no_test(broken: str) -> None:
    """Mend schema and features, and leave the test as the colleague left it."""
    git("checkout", f"{broken}~1", "--", str(SCHEMA), str(FEATURES))
    verb("repro")


MISTAKES = (only_the_feature, ask_later, not_trained, no_test)
