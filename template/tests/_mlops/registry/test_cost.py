# The template's. The budget is yours, in contract.yaml.
"""What training cost, and when that is too much."""

import json
from contextlib import chdir
from datetime import UTC, datetime

import pytest

from ..fixtures import Repo
from ..package import artifact, cost, interface, paths, runs, versions

NOW = datetime(2026, 11, 15, tzinfo=UTC)
PRICES = {"wall_hour": 3600, "cpu_hour": 7200, "memory_gb_hour": 360}


def run(name: str, started: str, price: float, **tags: str) -> cost.Run:
    return cost.Run(name, name, started, 1.0, 1.0, 1.0, tags, price)


RUNS = [
    run("a", "2026-10-31T23:59:59+00:00", 4.0, team="red"),
    run("b", "2026-11-01T00:00:00+00:00", 1.0, team="blue"),
    run("c", "2026-11-14T00:00:00+00:00", 2.0, team="blue", **{"mlflow.user": "x"}),
]


def test_a_price_adds_up_machine_cores_and_memory() -> None:
    found = cost.price(2.0, 3.0, 512.0, interface.Prices(**PRICES))

    assert found == pytest.approx(2 * 1 + 3 * 2 + 2 * 0.5 * 0.1)


def test_a_month_adds_up_its_own_runs() -> None:
    found = cost.bill(RUNS, interface.Budget(per_training_run=4, per_month=3), NOW)

    assert (found["month"], found["month_cost"], found["cost"]) == ("2026-11", 3, 7)
    assert found["over"] == []


def test_a_month_over_the_budget_is_named() -> None:
    found = cost.bill(RUNS, interface.Budget(per_training_run=4, per_month=2.9), NOW)

    assert found["over"] == ["2026-11 cost 3 USD, the budget is 2.9 USD a month"]


def test_every_run_over_the_budget_is_named() -> None:
    found = cost.bill(RUNS, interface.Budget(per_training_run=1.5), NOW)

    assert [text.split()[1] for text in found["over"]] == ["a", "c"]


def test_groups_are_sorted_by_what_they_cost() -> None:
    assert cost.grouped(RUNS, "team") == {
        "red": {"runs": 1, "cost": 4.0},
        "blue": {"runs": 2, "cost": 3.0},
    }
    assert cost.grouped(RUNS, "user") == {
        cost.NONE: {"runs": 2, "cost": 5.0},
        "x": {"runs": 1, "cost": 2.0},
    }


def test_a_training_run_is_priced_by_what_it_logged(own_repo: Repo) -> None:
    own_repo.change(paths.CONTRACT, "budget", to={"prices": PRICES, "per_training_run": 1e9})
    manifest = own_repo.read(paths.CANDIDATE / artifact.MANIFEST)
    found = json.loads(own_repo.must("cost", "--by", "commit", "--json").out)
    used = manifest["cost"]
    expected = (
        used["wall_seconds"]
        + used["cpu_seconds"] * 2
        + used["wall_seconds"] * used["peak_memory_mb"] / 1024 / 10
    )

    assert [run["run_id"] for run in found["runs"]] == [manifest["run_id"]]
    assert found["cost"] == pytest.approx(expected)
    assert found["groups"] == {manifest["commit"]: {"runs": 1, "cost": found["cost"]}}
    assert found["counted"] == "train"


def test_a_run_over_the_budget_ends_with_1_and_names_it(own_repo: Repo) -> None:
    own_repo.change(paths.CONTRACT, "budget", "per_training_run", to=0)
    done = own_repo.run("cost")

    assert done.code == 1
    assert own_repo.read(paths.CANDIDATE / artifact.MANIFEST)["run_id"] in done.err
    assert "the budget is 0 USD a run" in done.err
    assert "counted is the stage train" in done.out


def test_a_tag_that_no_run_has_gets_a_suggestion(repo: Repo) -> None:
    done = repo.run("cost", "--by", "comit")

    assert (done.code, "did you mean 'commit'?" in done.err) == (2, True)


def test_runs_without_costs_are_counted_apart(own_repo: Repo) -> None:
    with chdir(own_repo.folder):
        client = runs.client()
        client.create_run(client.get_experiment_by_name(versions.PROJECT).experiment_id)
    found = json.loads(own_repo.must("cost", "--json").out)

    assert (len(found["runs"]), found["not_counted"]) == (1, 1)


def test_without_a_run_there_is_nothing_to_add_up(own_repo: Repo) -> None:
    with chdir(own_repo.folder):
        runs.client().delete_run(own_repo.read(paths.CANDIDATE / artifact.MANIFEST)["run_id"])
    done = own_repo.run("cost")

    assert (done.code, "uv run just repro" in done.err) == (2, True)


def test_a_store_that_is_down_is_an_outside_failure(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{repo.folder}/params.yaml/no.db")
    done = repo.run("cost")

    assert (done.code, "does not answer" in done.err) == (3, True)
