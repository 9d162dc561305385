"""Do the tests that ship in a repo pass on schemas of users, whatever they declare?"""

from collections.abc import Callable
from pathlib import Path

import pytest
from any_schema import AnySchema, Field, schemas, write
from first_run import FirstRuns, copied, run, try_to_run
from hypothesis import HealthCheck, Phase, given, seed, settings
from rendering import TASKS, render

pytestmark = pytest.mark.e2e
Check = Callable[..., None]
# which of them take rows apart, one by one and as a table
ROWS = ("training", "serving/test_http.py", "serving/test_predict.py", "serving/test_short_way.py")
SOME = tuple(f"tests/_mlops/{one}" for one in ROWS)


@pytest.fixture(scope="module")
def check(template: Path, first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory) -> Check:
    """Return a function that puts a schema into a fresh repo of level 0 and runs tests of it."""
    folder = tmp_path_factory.mktemp("schemas")
    repos = {
        task: first_runs.equip(render(template, folder / task / "late-flights", task=task))
        for task in TASKS
    }

    def passes(found: AnySchema, task: str, *which: str) -> None:
        repo = copied(repos[task], Path(tmp_path_factory.mktemp("schema")) / "late-flights")
        write(found, repo, run)
        which = which or ("tests/_mlops",)
        done = try_to_run(repo, "uv", "run", "python", "-m", "pytest", "-q", *which)
        assert done.returncode == 0, f"{found}\n{done.stdout[-3000:]}{done.stderr[-1000:]}"
        assert " passed" in done.stdout

    return passes


def examples(number: int, task: str, check: Check) -> None:
    """Check that many schemas, the same ones each time."""
    settle = settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    @seed(number)
    @settle
    @given(schemas(task))
    def passes(found: AnySchema) -> None:
        check(found, task)

    passes()


@pytest.mark.parametrize(
    "which",
    [
        pytest.param(SOME, id="some"),
        pytest.param((), id="all of them", marks=pytest.mark.all),
    ],
)
def test_the_shipped_tests_pass_where_no_column_is_a_number_or_may_be_missing(
    check: Check, which: tuple[str, ...]
) -> None:
    key = (Field("id_0", "text"), Field("id_1", "integer"))
    features = (Field("signal", "text"), Field("column_0", "boolean"))
    check(AnySchema(key, features, "outcome", ("no", "yes"), 0), TASKS[0], *which)


@pytest.mark.all
@pytest.mark.parametrize("task", TASKS)
def test_the_shipped_tests_pass_on_any_schema(check: Check, task: str) -> None:
    examples(8, task, check)
