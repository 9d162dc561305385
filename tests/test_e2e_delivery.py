"""A repo of level 2 is replayed: traffic, verdict, training, gate, rollout, rollback."""

import json
import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from browser import DARK, barriers, look_at
from first_run import FirstRun, FirstRuns, copied, raised, run
from records import FILES, copied_code, unlike_files, unlike_metrics, unlike_printed
from rendering import TASKS, once
from test_e2e_rollout import require_programs

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize(
        "replayed",
        [TASKS[0], *(pytest.param(task, marks=pytest.mark.all) for task in TASKS[1:])],
        indirect=True,
    ),
]

REPLAY = "build/replay"
# until a later month made a better version: the whole year is replayed at level 1
MONTHS = {
    "classification": [f"2013-{month:02}" for month in range(8, 11)],
    "regression": [f"2013-{month:02}" for month in range(8, 13)],
}
# The tests that ship in a repo in parts, so that the workers share the minutes that they take.
PARTS = {
    "own tests of data and monitoring": ("data", "monitoring", "tracking"),
    "own tests of delivery": ("delivery",),
    "own tests of serving": ("serving", "training"),
}
QUICK = ("-m", "not slow")
OWN_TESTS = {
    **{name: [*QUICK, *(f"tests/_mlops/{p}" for p in parts)] for name, parts in PARTS.items()},
    "own tests of starting": [
        "tests/_mlops/project/test_profile.py",
        "tests/_mlops/project/test_source.py",
        "-m",
        "slow",
    ],
    "own tests": [
        *QUICK,
        "tests",
        *(f"--ignore=tests/_mlops/{p}" for ps in PARTS.values() for p in ps),
    ],
}
# Those of serving run at level 0 too, and those of starting are slow: both wait for
# `make own-tests`.
WAIT = ("own tests of serving", "own tests of starting")
ENDS = {"rollout finished": "promoted", "rollout aborted": "aborted"}


@pytest.fixture(scope="session")
def replayed(request: pytest.FixtureRequest, first_runs: FirstRuns, shared: Path) -> FirstRun:
    """Return a repo that ran the demos of level 0 and, once raised, of level 2."""
    require_programs()
    task: str = request.param

    def replay(folder: Path) -> None:
        repo = copied(first_runs(task).repo, folder / "late-flights")
        for path in sorted((repo / "data/incoming").iterdir())[len(MONTHS[task]) :]:
            path.unlink()
        raised(repo, 2)
        done = run(repo, "uv", "run", "just", "demo")
        (folder / "said").write_text(done.stdout + done.stderr, encoding="utf-8")

    made = once(shared / "replayed" / task, replay)
    return FirstRun(task, made / "late-flights", (made / "said").read_text(encoding="utf-8"))


def journal(repo: Path) -> list[dict[str, Any]]:
    """Return every decision that a repo wrote down, oldest first."""
    lines = (repo / "models/journal.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def record(replayed: FirstRun) -> dict[str, Any]:
    """Return what the demo tells."""
    return replayed.json("reports/end-to-end.json")


def led(replayed: FirstRun) -> list[list[dict[str, Any]]]:
    """Return what the journal of the replay says of each rollout, from its start to its end."""
    found: list[list[dict[str, Any]]] = []
    for line in journal(replayed.repo / REPLAY):
        if line["event"] == "rollout started":
            found.append([line])
        elif found and line["event"] in ("rollout step", "rollout held", *ENDS):
            found[-1].append(line)
    return found


def test_the_record_s_rollouts_are_those_of_the_journal(replayed: FirstRun) -> None:
    told = [(one["version"], one["state"]) for one in record(replayed)["rollouts"]]
    written = [(one[0]["version"], ENDS.get(one[-1]["event"], "open")) for one in led(replayed)]

    assert told == written
    assert told


def test_every_batch_was_answered_through_the_proxy(replayed: FirstRun) -> None:
    parts = record(replayed)["parts"]

    assert [part["batch"] for part in parts] == MONTHS[replayed.task]
    assert all(part["rows"] > 0 for part in parts)


def test_each_accepted_candidate_was_rolled_out_and_no_other(replayed: FirstRun) -> None:
    told = record(replayed)
    taken = [part["candidate"] for part in told["parts"] if part["gate"] == "accepted"]

    assert [one["version"] for one in told["rollouts"]] == [*taken, told["bad"]["candidate"]]
    for part in told["parts"]:
        assert (part["gate"] != "") == part["trigger"].startswith("train: ")
        assert bool(part["reasons"]) == (part["gate"] == "refused")


def test_a_promoted_version_took_every_stage_in_order(replayed: FirstRun) -> None:
    promoted = [one for one in led(replayed) if one[-1]["event"] == "rollout finished"]

    assert promoted, [one[-1] for one in led(replayed)]  # else nothing was shown
    for start, *steps, _ in promoted:
        passed = [line["passed"] for line in steps if line["event"] == "rollout step"]
        numbers = [int(stage) for stage in start["stages"] if stage.isdecimal()]

        assert start["stages"][:2] == ["prepare", "shadow"]
        assert [*passed, "promote"] == start["stages"]
        assert numbers[-1] == 100
        assert all(one < other for one, other in pairwise(numbers))


def test_the_share_grew_with_the_steps(replayed: FirstRun) -> None:
    for one in record(replayed)["rollouts"]:
        shares = {part["stage"]: part["share"] for part in one["history"]}
        seen = [share for stage, share in shares.items() if stage.isdecimal() and share is not None]

        assert seen == sorted(seen)
        if one["state"] == "promoted":
            assert seen
            assert seen[-1] > 0.9


def test_who_answers_next_is_who_won(replayed: FirstRun) -> None:
    told = record(replayed)
    serving = told["start"]["candidate"]
    ends = {one["version"]: one["state"] for one in told["rollouts"]}
    for part in told["parts"]:
        assert part["versions"] == [serving]
        if ends.get(part["candidate"] if part["gate"] else "") == "promoted":
            serving = part["candidate"]

    assert told["bad"]["champion_before"] == serving


def test_the_gate_refused_the_bad_one_and_the_rollout_sent_it_back(replayed: FirstRun) -> None:
    bad = record(replayed)["bad"]
    start, *_, end = led(replayed)[-1]
    refusals = [line for line in journal(replayed.repo / REPLAY) if line["event"] == "refused"]

    assert bad["gate"] == "refused"
    assert bad["reasons"]
    assert bad["candidate"] in {line["version"] for line in refusals}
    assert start["version"] == end["version"] == bad["candidate"]
    assert start["forced"], "it went past the gate without a recorded reason"
    assert end["event"] == "rollout aborted"
    assert end["stage"] in start["stages"][:3], "it was caught late"
    # caught by what it answered, not because the machine was busy
    assert re.search(r"agreement|answers|quality", end["reason"]), end["reason"]


def test_the_champion_answers_as_if_the_bad_one_had_never_been(replayed: FirstRun) -> None:
    bad = record(replayed)["bad"]
    pointer = replayed.json(f"{REPLAY}/models/champion/pointer.json")
    flags = replayed.repo / REPLAY / "monitoring/rollout/flags"

    assert bad["champion_before"] == bad["champion_after"] == pointer["version"]
    assert bad["candidate"] != pointer["version"]
    assert not list(flags.iterdir())


def test_not_one_request_went_unanswered_while_versions_changed(replayed: FirstRun) -> None:
    for one in record(replayed)["rollouts"]:
        asked, sides = one["clients"], {one["version"], one["champion"]}

        assert asked["requests"] > 0
        assert asked["not_answered"] == 0, one["version"]
        assert set(asked["versions"]) <= sides
        if one["state"] == "promoted":
            assert set(asked["versions"]) == sides


def test_the_demo_left_repo_ports_and_champion_alone(replayed: FirstRun) -> None:
    events = {line["event"] for line in journal(replayed.repo)}

    assert not events & {"rollout started", *ENDS}
    assert len(list((replayed.repo / "data/incoming").iterdir())) == len(MONTHS[replayed.task])
    assert not (replayed.repo / REPLAY / "build/deploy/nginx.pid").exists()
    assert "autonomy: act" not in (replayed.repo / "contract.yaml").read_text(encoding="utf-8")
    assert "# an edit of ours" in (replayed.repo / "src/late_flights/model.py").read_text()


def test_what_it_writes_and_prints_has_the_keys_of_the_page(
    replayed: FirstRun, tmp_path: Path
) -> None:
    run(replayed.repo, "uv", "run", "just", "package")
    copy = copied_code(replayed.repo / REPLAY, tmp_path / "late-flights")
    shutil.copytree(replayed.repo / "build/package", copy / "build/package", symlinks=True)
    printed = unlike_printed(replayed.repo, copy, level=2)

    assert printed + unlike_files([replayed.repo, copy], FILES[2]) == []
    assert unlike_metrics(copy, "monitoring/monitor.prom", "monitor") == []
    assert unlike_metrics(copy, "monitoring/rollout/metrics.prom", "rollout") == []


def test_the_report_shows_in_a_browser_what_the_journal_says(
    replayed: FirstRun, tmp_path: Path
) -> None:
    page = replayed.repo / "reports/end-to-end.html"
    words = look_at(page.as_uri(), tmp_path / "profile")
    text = page.read_text(encoding="utf-8")

    for one in record(replayed)["rollouts"]:
        assert f"Rollout of version {one['version']}: {one['state']}" in words
        for part in one["history"]:
            assert all(" ".join(reason.split()) in words for reason in part["reasons"])
        assert f"{one['clients']['requests']:,} requests" in words
    for part in record(replayed)["parts"]:
        assert part["batch"] in words
    assert not re.search(r"""(?:src|href)=["'](?!data:|#)""", text), "it loads from elsewhere"


@pytest.mark.parametrize("options", [(), (DARK,)], ids=["light", "dark"])
@pytest.mark.parametrize(
    "path", ["reports/end-to-end.html", "reports/index.html", "build/replay/reports/monitor.html"]
)
def test_its_pages_can_be_used_by_everybody(
    path: str, options: tuple[str, ...], replayed: FirstRun, tmp_path: Path
) -> None:
    page = Path(shutil.copy(replayed.repo / path, tmp_path))

    assert barriers(page, tmp_path / "profile", *options) == []


def test_a_report_of_another_run_would_be_seen(replayed: FirstRun, tmp_path: Path) -> None:
    copy = tmp_path / "end-to-end.html"
    shutil.copy(replayed.repo / "reports/end-to-end.html", copy)
    state = record(replayed)["rollouts"][-1]["state"]
    copy.write_text(copy.read_text(encoding="utf-8").replace(state, "another"), encoding="utf-8")

    words = look_at(copy.as_uri(), tmp_path / "profile")
    assert f"Rollout of version {record(replayed)['bad']['candidate']}: {state}" not in words


@pytest.mark.parametrize(
    "own_tests",
    [pytest.param(name, marks=pytest.mark.all if name in WAIT else ()) for name in OWN_TESTS],
)
def test_a_lived_in_repo_that_was_raised_passes_the_tests_of_its_own(
    replayed: FirstRun, own_tests: str
) -> None:
    done = run(replayed.repo, "uv", "run", "just", "test-all", *OWN_TESTS[own_tests], CI="true")

    assert re.search(r"^=+ \d{2,} passed", done.stdout, re.MULTILINE), done.stdout
    assert " skipped" not in done.stdout


@pytest.mark.all
def test_those_of_its_own_that_take_long_pass_too(replayed: FirstRun) -> None:
    done = run(replayed.repo, "uv", "run", "just", "test-all", "-m", "slow", CI="true")

    assert re.search(r"^=+ \d{2,} passed", done.stdout, re.MULTILINE), done.stdout
    assert " skipped" not in done.stdout
