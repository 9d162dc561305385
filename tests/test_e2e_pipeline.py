"""A repo of level 1 replays a year: it serves, monitors, retrains, decides, and reports."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from first_run import (
    FirstRun,
    FirstRuns,
    copied,
    missing_of_its_tests,
    raised,
    run,
    try_to_run,
)
from postgres import free_port
from records import (
    FILES,
    copied_code,
    python,
    unlike_files,
    unlike_printed,
)
from rendering import TASKS, commit_all, git, update
from test_e2e_rollout import PORTS, require_programs

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize(
        "year",
        [
            pytest.param((TASKS[0], 3), id=f"{TASKS[0]}-until-autumn"),
            *(pytest.param((task, 5), id=task, marks=pytest.mark.all) for task in TASKS),
        ],
        indirect=True,
    ),
]

POINTER = "models/champion/pointer.json"
# the months of data/incoming, as they are: how many flights were late, by how many minutes
HAPPENED: dict[str, list[tuple[float, float]]] = {
    "classification": [(0.20, 0.28), (0.09, 0.15), (0.12, 0.25), (0.12, 0.25), (0.28, 0.38)],
    "regression": [(2, 12), (-8, 0), (-5, 5), (-5, 6), (8, 22)],
}
PLAUSIBLE: dict[str, tuple[float, float]] = {
    "classification": (0.60, 0.78),
    "regression": (20.0, 75.0),
}

# what `monitor` does when the contract lets it act
WITHDRAW = """
from late_flights._mlops.monitoring import withdraw
from late_flights._mlops.registry import versions
withdraw.stop(versions.read_pointer(), "it did harm")
"""


@pytest.fixture(scope="module")
def year(
    request: pytest.FixtureRequest, first_runs: FirstRuns, tmp_path_factory: pytest.TempPathFactory
) -> FirstRun:
    """Return a repo that ran the demos of level 0 and, once raised, of level 1, on some months."""
    (task, months), folder = request.param, tmp_path_factory.mktemp("year") / "late-flights"
    repo = copied(first_runs(task).repo, folder)
    for path in batches(repo)[months:]:
        path.unlink()
    raised(repo, 1)
    done = run(repo, "uv", "run", "just", "demo")
    return FirstRun(task, repo, done.stdout + done.stderr)


def batches(repo: Path) -> list[Path]:
    """Return the months that came later, oldest first."""
    return sorted((repo / "data/incoming").iterdir())


def test_the_champion_of_level_0_gave_way_only_to_a_better_one(year: FirstRun) -> None:
    verdict, pointer = year.json("reports/gate.json"), year.json(POINTER)

    assert verdict["version"] == "2"
    assert pointer["version"] == ("2" if verdict["accepted"] else "1")
    assert "# an edit of ours" in (year.repo / "src/late_flights/model.py").read_text()


def test_the_demo_lives_through_every_month_that_came_later(year: FirstRun) -> None:
    parts = year.json("reports/timeline.json")["parts"]
    low, high = PLAUSIBLE[year.task]

    assert [part["batch"] for part in parts] == [path.stem for path in batches(year.repo)]
    assert {part["rows"] for part in parts} == {4000}
    assert all(low < part["metric"] < high for part in parts)
    assert len(parts) in (3, 5)
    for part, (least, most) in zip(parts, HAPPENED[year.task][: len(parts)], strict=True):
        assert least < part["happened"] < most, part


def test_each_decision_follows_from_what_was_found(year: FirstRun) -> None:
    story = year.json("reports/timeline.json")
    serving = story["start"]["candidate"]
    for part in story["parts"]:
        alarms = {check["says"] for check in part["monitor"] if check["alarm"]}
        trained = part["trigger"].startswith("train: ")

        assert part["versions"] == [serving]
        assert part["verdict"] == next((v for v in ("withdraw", "retrain") if v in alarms), "ok")
        assert trained or part["verdict"] == "ok", part["trigger"]
        assert trained or part["trigger"].startswith("wait: ")
        assert (part["gate"] in ("accepted", "refused")) == trained
        assert bool(part["reasons"]) == (part["gate"] == "refused")
        if part["gate"] == "accepted":
            serving = part["candidate"]


def test_the_year_made_the_pipeline_train_again(year: FirstRun) -> None:
    parts = year.json("reports/timeline.json")["parts"]
    drifts = [c["found"] for part in parts for c in part["monitor"] if c["name"] == "input drift"]

    assert any(part["trigger"].startswith("train: ") and part["gate"] for part in parts)
    assert "ok" in {part["verdict"] for part in parts}
    assert max(drifts) > 0.2


def test_no_good_month_is_called_broken(year: FirstRun) -> None:
    parts = year.json("reports/timeline.json")["parts"]

    assert [part["ingest"] for part in parts] == [""] * len(parts)


def test_the_journal_of_the_replay_tells_the_same(year: FirstRun) -> None:
    story = year.json("reports/timeline.json")
    journal = journal_of(year.repo / "build/replay")
    since = [line for line in journal if line["time"] >= story["began"]]
    taken = [part["candidate"] for part in story["parts"] if part["gate"] == "accepted"]
    deployed = [line["version"] for line in since if line["event"] == "deployed"]

    assert deployed == [story["start"]["candidate"], *taken]


def journal_of(repo: Path) -> list[dict[str, Any]]:
    lines = (repo / "models/journal.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_the_story_is_told_as_text_and_as_a_picture(year: FirstRun) -> None:
    text = (year.repo / "reports/timeline.txt").read_text(encoding="utf-8")

    assert text in year.said
    assert len(text.splitlines()) >= 6
    assert (year.repo / "reports/timeline.png").read_bytes().startswith(b"\x89PNG")


def test_the_replay_left_the_repo_alone(year: FirstRun) -> None:
    assert [path.stem for path in batches(year.repo)][:3] == ["2013-08", "2013-09", "2013-10"]
    assert len(list((year.repo / "data/raw").iterdir())) == 7
    assert {line["version"] for line in journal_of(year.repo)} <= {"1", "2"}


def test_level_1_ships_what_its_tests_import_and_ask_for(year: FirstRun) -> None:
    assert missing_of_its_tests(year.repo) == ""


def test_a_request_of_the_demo_is_traced_to_its_version(year: FirstRun) -> None:
    version = year.json(POINTER)["version"]
    done = run(year.repo, "uv", "run", "late-flights", "trace", "demo")

    assert f"version {version}" in done.stdout.replace("  ", " ") + done.stderr
    assert "claims hold" in done.stderr


def test_a_poisoned_batch_is_refused_and_so_is_what_learned_of_it_by_force(
    year: FirstRun, tmp_path: Path
) -> None:
    repo = copied(year.repo, tmp_path / "late-flights")
    program = (
        "import pandas as pd; b = pd.read_parquet('data/incoming/2013-08.parquet');"
        "b['arr_delay'] = -3 * b['arr_delay'];"
        "b['arr_delay'] = b['arr_delay'].clip(-180, 1000);"
        "b.to_parquet('build/poison.parquet')"
    )
    run(repo, "uv", "run", "python", "-c", program)
    ingest = ("uv", "run", "late-flights", "ingest", "build/poison.parquet")
    stopped = try_to_run(repo, *ingest)

    assert stopped.returncode == 1, stopped.stderr
    assert "looks broken: " in stopped.stderr

    run(repo, *ingest, "--force", "to see what the gate says")
    refused = try_to_run(repo, "uv", "run", "just", "pipeline")

    assert refused.returncode == 1, refused.stderr
    assert "is refused" in refused.stderr
    assert json.loads((repo / POINTER).read_text()) == year.json(POINTER)


@pytest.mark.all
def test_what_it_writes_and_prints_has_the_keys_of_the_page(year: FirstRun, tmp_path: Path) -> None:
    replay = year.repo / "build/replay"
    copy = copied_code(replay, tmp_path / "late-flights")
    printed = unlike_printed(year.repo, copy, level=1)
    python(year.repo, copy, "-c", WITHDRAW)

    assert printed + unlike_files([year.repo, replay, copy], FILES[1]) == []


def test_raised_to_level_2_the_same_champion_answers_behind_the_proxy(year: FirstRun) -> None:
    require_programs()
    pointer, journal = year.json(POINTER), journal_of(year.repo)
    example = year.json(f"models/champion/{pointer['model_sha256']}/manifest.json")["data"][
        "example"
    ]
    commit_all(year.repo, "A year")
    update(year.repo, "HEAD", maturity_level=2)
    assert git(year.repo, "ls-files", "--unmerged") == ""
    run(year.repo, "uv", "lock")
    commit_all(year.repo, "Raise the level again")
    ports = {f"{name}_PORT": str(free_port()) for name in PORTS.split()}

    run(year.repo, "uv", "run", "just", "stack", "up", **ports)
    try:
        asked = urllib.request.Request(
            f"http://127.0.0.1:{ports['PROXY_PORT']}/predict",
            json.dumps({"rows": [example]}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=60) as answer:
            version = json.load(answer)["model_version"]
    finally:
        run(year.repo, "uv", "run", "just", "stack", "down", **ports)
    traced = run(year.repo, "uv", "run", "late-flights", "trace", "demo")  # a request of level 1

    assert version == pointer["version"]
    assert year.json(POINTER) == pointer
    assert journal_of(year.repo) == journal
    assert "claims hold" in traced.stderr
    assert "up to date" in run(year.repo, "uv", "run", "dvc", "status").stdout
