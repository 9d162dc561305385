"""Does the handbook's page on your own data lead from the render to a served model of yours?"""

import re
from pathlib import Path

import pytest
from first_run import FirstRun, FirstRuns, run
from rendering import TASKS, git, render

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize(
        "orders",
        [TASKS[0], *(pytest.param(task, marks=pytest.mark.all) for task in TASKS[1:])],
        indirect=True,
    ),
]

BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LABELS = {"classification": {"kept", "returned"}, "regression": set()}
COLUMNS = "sold_at,order_number,shop,price_eur,weight_kg,gift,returned,days_until_arrival"
# the template's own tests run for minutes: the last test of this file runs them all
TESTS = "uv run just test"
OUR_TESTS = f"{TESTS} tests/test_*.py tests/_mlops/test_interface.py"


def follow(repo: Path, page: str) -> str:
    """Write each file and run each command of a page, in order; return what was said."""
    said = []
    for kind, path, text in BLOCK.findall((repo / page).read_text(encoding="utf-8")):
        if kind == "console":
            script = re.sub(r"^\$ ", "", text, flags=re.MULTILINE).replace(TESTS, OUR_TESTS)
            done = run(repo, "bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", script)
            said.append(done.stdout + done.stderr)
        else:
            assert path, f"a block of {kind} without the name of its file"
            (repo / path).write_text(text, encoding="utf-8")
    return "".join(said)


@pytest.fixture(scope="module")
def orders(
    request: pytest.FixtureRequest,
    template: Path,
    first_runs: FirstRuns,
    tmp_path_factory: pytest.TempPathFactory,
) -> FirstRun:
    """Return a repo in which somebody followed the page from the render to its end."""
    task, folder = request.param, tmp_path_factory.mktemp("orders") / "late-flights"
    repo = first_runs.equip(render(template, folder, task=task))
    return FirstRun(task, repo, follow(repo, "docs/handbook/your-own-data.md"))


def test_the_page_ends_with_a_model_of_orders_that_beats_both_baselines(orders: FirstRun) -> None:
    manifest = orders.json("models/candidate/manifest.json")

    assert orders.beats_baselines()
    assert manifest["dirty"] is False, manifest["dirty_reasons"]
    assert {feature["name"] for feature in manifest["features"]} == {
        *("shop", "price_eur", "weight_kg", "gift", "weekday", "hour")
    }
    assert orders.json("reports/validation.json")["batches"][0]["file"] == "data/raw/2025-01.csv"
    assert orders.json("models/champion/pointer.json")["version"] == "1"


def test_the_service_answers_an_order(orders: FirstRun) -> None:
    labels = LABELS[orders.task]

    assert "data/incoming/2025-05.csv" in orders.said
    assert orders.served["model_version"] == "1"
    assert orders.served["request_id"] == "demo"
    if labels:
        assert orders.served["predictions"][0] in labels
        assert set(orders.served["probabilities"][0]) == labels
        assert sum(orders.served["probabilities"][0].values()) == pytest.approx(1)
    else:
        assert 0 < orders.served["predictions"][0] < 20
        assert "probabilities" not in orders.served


def test_predict_writes_every_order_of_may_in_order(orders: FirstRun) -> None:
    files = ("--input", "data/incoming/2025-05.csv", "--output", "build/may.csv")
    done = run(orders.repo, "uv", "run", "late-flights", "predict", *files)
    head, *lines = (orders.repo / "build/may.csv").read_text(encoding="utf-8").splitlines()
    labels = sorted(LABELS[orders.task])
    added = ["prediction", *(f"probability_{label}" for label in labels)]

    assert "by version 1" in done.stderr
    assert head == ",".join([COLUMNS, *added, *(["probability"] if labels else [])])
    assert [line.split(",")[1] for line in lines] == [str(4800 + row) for row in range(1200)]


def test_the_page_leaves_nothing_uncommitted(orders: FirstRun) -> None:
    assert git(orders.repo, "status", "--porcelain") == ""
    assert git(orders.repo, "log", "--format=%s").splitlines()[:2] == [
        "First model of orders",
        "Replace flights by orders",
    ]


@pytest.mark.all
def test_the_template_s_tests_pass_on_orders(orders: FirstRun) -> None:
    done = run(orders.repo, "uv", "run", "just", "test", "-ra")

    assert " passed" in done.stdout
    assert " failed" not in done.stdout
