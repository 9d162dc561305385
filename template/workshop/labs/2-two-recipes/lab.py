# The template's. A lab of yours is a new folder beside this one, with the same files.
"""Lab 2: the service makes its features by a recipe of its own."""

import subprocess
import sys
from pathlib import Path

from tools import PACKAGE, SOURCE, OutsideFailed, edit, errors, git, guarded, save, verb, write

MESSAGE = "Make the features of a request the quick way, as in the notebook"
SERVICE, FEATURES = SOURCE / "service.py", SOURCE / "features.py"
ONLINE, TESTS = SOURCE / "online.py", Path("tests/test_online.py")
SERVICE_TESTS = Path("tests/test_service.py")
COMPARE = Path("desk/compare.py")
HERE = Path(__file__).parent
IMPORTED = "from . import features, schema"
SERVED = "serving.Champion(schema, features)"


def break_it() -> None:
    """Give the service a recipe of its own, with a test that is green."""
    for file in (ONLINE, TESTS, COMPARE):
        write(file, written(file).replace("PACKAGE", PACKAGE))
    edit(
        SERVICE,
        (IMPORTED, "from . import online, schema"),
        (SERVED, "serving.Champion(schema, online)"),
    )


def written(file: Path) -> str:
    """Return what the lab writes to a file."""
    return (HERE / f"{file.name}.txt").read_text(encoding="utf-8").partition("\n")[2]


def one_answer(broken: str) -> str:
    """A flight has one answer: from the service, and from the code that trained the model."""
    asked = [sys.executable, "-c", written(COMPARE)]
    done = subprocess.run(asked, capture_output=True, text=True)
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        raise OutsideFailed(f"nothing could be compared: {errors.cause_of(done.stderr)}")
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def one_recipe(broken: str) -> str:
    """There is one recipe, and the service uses it."""
    asked = f"from {PACKAGE} import service; print(service.champion.features.__name__, end='')"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True)
    if done.returncode:
        raise OutsideFailed(f"service.py cannot be read: {errors.cause_of(done.stderr)}")
    if (module := done.stdout.split()[-1]) != f"{PACKAGE}.features":
        return f"service.py takes its features from {module}: whoever changes one forgets the other"
    others = [path for path in sorted(SOURCE.glob("*.py")) if path != FEATURES and makes(path)]
    return f"{others[0]} is still there, for the next person to use" if others else ""


def makes(path: Path) -> bool:
    """Say whether a file holds a recipe."""
    return "def build_features" in path.read_text(encoding="utf-8")


def tested(broken: str) -> str:
    """A test of yours says no when the service has a recipe of its own again."""
    return guarded(broken, str(SERVICE), str(ONLINE))


CHECKPOINTS = (one_answer, one_recipe, tested)

TEST = """

def test_the_service_answers_as_the_code_that_trained_the_model(service, repo, scheduled, tmp_path):
    source, answers = tmp_path / "in.parquet", tmp_path / "out.parquet"
    scheduled.to_parquet(source)
    repo.must("predict", "--input", source, "--output", answers)
    asked = json.loads(scheduled.to_json(orient="records", date_format="iso"))

    answer = service.post("/predict", json={"rows": asked}).json()

    found = [probability["late"] for probability in answer["probabilities"]]
    assert found == pytest.approx(pd.read_parquet(answers)["probability_late"].tolist())
"""


def solve(broken: str) -> None:
    """Serve by the recipe of training, take the other away, and hold both ways together."""
    git("checkout", f"{broken}~1", "--", str(SERVICE))
    git("rm", "--quiet", str(ONLINE), str(TESTS))
    add_test(TEST)
    save("Make features in one place")


def add_test(test: str) -> None:
    """Put a test at the end of those of the service."""
    imports = "import json\n\nimport pandas as pd\nimport pytest\n"
    edit(SERVICE_TESTS, ("import json\n\nimport pytest\n", imports))
    with SERVICE_TESTS.open("a", encoding="utf-8") as file:
        file.write(test)


def mend_the_copy(broken: str) -> None:
    """Make the copy equal to the original, and keep two."""
    original = FEATURES.read_text(encoding="utf-8")
    write(ONLINE, original + "\n\nWEATHER = AS_GIVEN[2:]\n")
    add_test(TEST)


def half_of_it(broken: str) -> None:
    """Mend the difference that is seen first, and stop looking."""
    for name in ("sched_dep_time", "sched_arr_time"):
        minutes = f'flights["{name}"] // 100 * 60 + flights["{name}"] % 100'
        edit(ONLINE, (f'flights["{name}"] / 100 * 60', minutes))
    add_test(TEST)


def train_on_the_copy(broken: str) -> None:
    """Let training use the copy: then both agree, on a model that nobody served before."""
    write(FEATURES, written(ONLINE))
    save("Train by the quick recipe")
    verb("repro")


def a_calm_noon(broken: str) -> None:
    """Serve by the recipe of training, with a test for which any recipe will do."""
    git("checkout", f"{broken}~1", "--", str(SERVICE))
    git("rm", "--quiet", str(ONLINE), str(TESTS))
    add_test(
        "\n\ndef test_the_service_answers_each_flight(service, rows):\n"
        '    answer = service.post("/predict", json={"rows": rows}).json()\n\n'
        '    assert all(0 <= found["late"] <= 1 for found in answer["probabilities"])\n'
    )


MISTAKES = (mend_the_copy, half_of_it, train_on_the_copy, a_calm_noon)
