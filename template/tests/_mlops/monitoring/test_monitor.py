# The template's. Claims about your own bounds go into a file beside these folders.
"""What `monitor` finds, when that is an alarm, who hears of it, and what it does not know."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from ..fixtures import Done, Repo, StandIn, standing_in
from ..package import (
    artifact,
    checks,
    features,
    interface,
    metrics,
    monitor,
    outcome,
    paths,
    prediction_log,
    schema,
    tables,
    windows,
    withdraw,
)

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
WEEK = timedelta(days=7)
ADDRESSES = (
    "ALERT_WEBHOOK",
    *("GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_API_URL"),
    *("GITLAB_TOKEN", "CI_PROJECT_ID", "CI_API_V4_URL"),
)
BEFORE = 10  # rows of the sample about which nobody asked
TOLERANT = {
    "number": {"method": "wasserstein", "threshold": 5.0},
    "text": {"method": "jensenshannon", "threshold": 0.99},
    "prediction": {"method": "wasserstein", "threshold": 5.0},
    "missing": 1.0,
    "share": 0.9,
    "min_rows": 20,
}


@pytest.fixture(autouse=True)
def nobody_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the addresses of this machine."""
    for name in (*ADDRESSES, prediction_log.FOLDER):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def calm(own_repo: Repo) -> Repo:
    """Return a repo in which nothing is raised: a test moves the one bound that it is about."""
    own_repo.change(paths.PARAMS, "drift", to=TOLERANT)
    better = bars(own_repo)["better"]
    bar = -1e9 if better == "higher" else 1e9
    for name in ("accept", "retrain", "withdraw"):
        own_repo.change(paths.CONTRACT, "quality", name, to=bar)
    own_repo.change(paths.CONTRACT, "service", "latency_p95_ms", to=100)
    own_repo.change(paths.CONTRACT, "service", "availability", to=0.9)
    rules = {"min_rows": 20, "min_labels": 20, "windows": 3, "alarms": 1, "max_age_days": 100_000}
    own_repo.change(paths.CONTRACT, "monitoring", to=rules)
    return own_repo


def bars(repo: Repo) -> dict[str, Any]:
    """Return section `quality` of the contract."""
    return dict(YAML(typ="safe", pure=True).load(repo.folder / paths.CONTRACT)["quality"])


def asked_about(sample: pd.DataFrame) -> pd.DataFrame:
    """Return the last rows of the sample, which came after the first `BEFORE` of them."""
    rows = sample.drop_duplicates(list(schema.KEY))
    return rows.tail(min(60, len(rows) - BEFORE))


@pytest.fixture(scope="session")
def answered(repo: Repo, sample: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the lines of a log in which version 1 answered up to 60 rows, 2 a request."""
    rows = asked_about(sample).reset_index(drop=True)
    rows = rows[schema.read_target(rows).notna()].reset_index(drop=True)
    pointer = repo.read(paths.CHAMPION / artifact.POINTER)
    model = artifact.load(repo.folder / paths.CHAMPION / pointer["model_sha256"]).model
    known = tables.known_rows(rows, schema)
    y_pred = outcome.predict(model, features.build_features(known), schema.LABELS)
    hidden = [column.name for column in schema.COLUMNS if column.personal and column.name in known]
    asked = tables.as_records(known.drop(columns=hidden))
    said = tables.as_records(outcome.as_columns(y_pred))
    return [
        {**call(number // 2, row=number % 2), **asked[number], **said[number]}
        for number in range(len(rows))
    ]


def call(number: int, row: int | None = None, **facts: object) -> dict[str, Any]:
    """Return the part of a line that is about the request."""
    return {
        "call.id": f"request-{number}",
        "call.time": (BEGIN + timedelta(hours=number)).isoformat(),
        "call.version": "1",
        "call.status": 200,
        "call.ms": 10.0,
        "call.row": row,
        "timestamp": "of BentoML",
        **facts,
    }


def failed(number: int, status: int, **facts: object) -> dict[str, Any]:
    """Return the line of a request that was answered by no model."""
    return {**call(number, **facts), "call.status": status, prediction_log.PREDICTION: None}


def later(lines: list[dict[str, Any]], by: timedelta) -> list[dict[str, Any]]:
    """Return the same lines at a later time, as other requests."""
    return [
        {
            **line,
            "call.id": f"{line['call.id']} after {by}",
            "call.time": (datetime.fromisoformat(line["call.time"]) + by).isoformat(),
        }
        for line in lines
    ]


def write(repo: Repo, lines: list[dict[str, Any]], name: str = "data.1.log") -> Path:
    """Write lines as a worker of the service does."""
    path = repo.folder / "monitoring/predictions/server/predictions/data" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def look(repo: Repo, *options: object, week: int = 0) -> Done:
    """Run `monitor` over one week."""
    since = BEGIN + week * WEEK
    return repo.run("monitor", "--since", since, "--until", since + WEEK, *options)


def states(repo: Repo) -> dict[str, str]:
    """Return the state of each check in the report."""
    return {check["name"]: check["state"] for check in repo.read(paths.MONITOR)["checks"]}


def never(repo: Repo, name: str) -> None:
    """Set a bar of quality that no model meets."""
    bar = 1e9 if bars(repo)["better"] == "higher" else -1e9
    repo.change(paths.CONTRACT, "quality", name, to=bar)


def test_inputs_raise_drift_unless_they_moved_as_seasons_do() -> None:
    bars = interface.Quality(metric="m", accept=0.7, retrain=0.6, withdraw=0.5)
    facts = checks.Facts(rows=1000, champion_rows=0, drifted_share=0.9, drifted=["x"])
    found = {
        seasonal: checks.judge(
            replace(facts, looks="so it looks", seasonal=seasonal),
            interface.Contract(quality=bars),
            0.2,
            0.15,
        )[0]
        for seasonal in (True, False)
    }

    assert {seasonal: one.state for seasonal, one in found.items()} == {True: "ok", False: "raised"}
    assert all(one.detail == "1,000 rows; drifted: x; so it looks" for one in found.values())


def test_a_calm_week_is_ok_and_each_check_is_judged(
    calm: Repo, answered: list[dict[str, Any]]
) -> None:
    write(calm, answered)
    done = look(calm, "--json")
    report = json.loads(done.out)

    assert (done.code, report["verdict"]) == (0, "ok"), done.err
    assert set(states(calm).values()) == {"ok"}
    assert (report["rows"], report["requests"]) == (len(answered), (len(answered) + 1) // 2)
    assert report == calm.read(paths.MONITOR)
    page = (calm.folder / paths.MONITOR_PAGE).read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") >= 3
    assert "http" not in page.lower()
    assert report["owner"]["name"] in page


def test_the_quality_is_that_of_the_logged_predictions(
    calm: Repo, answered: list[dict[str, Any]], sample: pd.DataFrame
) -> None:
    write(calm, answered)
    look(calm)
    rows = asked_about(sample)
    y_true = schema.read_target(rows).dropna().reset_index(drop=True)
    table = pd.DataFrame(answered)
    names = {f"probability_{label}": label for label in schema.LABELS} or {"prediction": "p"}
    expected = metrics.score(y_true, table[list(names)].rename(columns=names).astype(float))

    (found,) = calm.read(paths.MONITOR)["versions"].values()
    assert found["scores"] == pytest.approx(expected, nan_ok=True)
    assert found["labelled"] == len(answered)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "code"),
    [
        (checks.INPUTS, 10),
        (checks.PREDICTIONS, 10),
        (checks.QUALITY, 10),
        (checks.AGE, 10),
        (checks.HARM, 11),
        (checks.LATENCY, 11),
        (checks.ERRORS, 11),
    ],
)
def test_each_check_alone_raises_its_verdict(
    calm: Repo, answered: list[dict[str, Any]], name: str, code: int
) -> None:
    if name == checks.AGE and not schema.TIME:
        pytest.skip("this schema's rows have no time")
    lines = [dict(line) for line in answered]
    tiny = {"method": "wasserstein", "threshold": 1e-9}
    if name == checks.INPUTS:
        calm.change(paths.PARAMS, "drift", "number", to=tiny)
        text = {"method": "jensenshannon", "threshold": 1e-9}
        calm.change(paths.PARAMS, "drift", "text", to=text)  # you may declare no number
        calm.change(paths.PARAMS, "drift", "share", to=0.01)
    elif name == checks.PREDICTIONS:
        calm.change(paths.PARAMS, "drift", "prediction", to=tiny)
    elif name in (checks.QUALITY, checks.HARM):
        never(calm, {checks.QUALITY: "retrain", checks.HARM: "withdraw"}[name])
    elif name == checks.AGE:
        calm.change(paths.CONTRACT, "monitoring", "max_age_days", to=1e-6)
        lines = [{**line, schema.TIME: "2040-01-01T00:00:00"} for line in lines]
    elif name == checks.LATENCY:
        lines = [{**line, "call.ms": 101.0} for line in lines]
    else:
        lines += [failed(number, 500) for number in range(100, 110)]
    write(calm, lines)
    done = look(calm)

    assert done.code == code, done.err
    assert [known for known, state in states(calm).items() if state == "raised"] == [name]
    assert f"{done.out.strip()}: {name}: " in done.err


def test_what_its_caller_did_wrong_is_no_error(calm: Repo, answered: list[dict[str, Any]]) -> None:
    write(calm, answered + [failed(number, 422) for number in range(100, 150)])

    assert look(calm).code == 0
    assert states(calm)[checks.ERRORS] == "ok"


def test_latency_is_of_requests_not_of_rows(calm: Repo, answered: list[dict[str, Any]]) -> None:
    slow = [
        {**call(120, row=row), prediction_log.PREDICTION: answered[0][prediction_log.PREDICTION]}
        for row in range(60)
    ]
    write(calm, answered + [{**line, "call.ms": 5000.0} for line in slow])
    look(calm)
    (found,) = [c for c in calm.read(paths.MONITOR)["checks"] if c["name"] == checks.LATENCY]

    assert (found["state"], found["found"]) == ("ok", 10.0)


def test_no_data_is_no_health(calm: Repo, answered: list[dict[str, Any]]) -> None:
    assert look(calm).code == 2
    write(calm, answered)
    done = look(calm, week=3)

    assert (done.code, "no data, no verdict" in done.err) == (2, True)
    assert not (calm.folder / paths.MONITOR).exists()


def test_a_column_that_was_logged_as_another_kind_is_named(
    calm: Repo, answered: list[dict[str, Any]]
) -> None:
    others = [
        one for one in tables.known_columns(schema) if one.kind != "text" and not one.personal
    ]
    if not others:
        pytest.skip("a text may be anything")
    column = others[0]
    write(calm, [*answered, {**answered[0], "call.id": "other", column.name: "far"}])
    done = look(calm)

    said = f"{column.name!r} is 'far'; schema.py says {column.kind}"
    assert (done.code, said in done.err) == (2, True)


def test_a_window_in_which_nothing_can_be_judged_is_no_health(calm: Repo) -> None:
    write(calm, [failed(1, 422)])
    done = look(calm)

    assert (done.code, "too few to judge" in done.err) == (2, True)


def test_with_few_rows_and_labels_the_age_alone_is_no_health(
    calm: Repo, answered: list[dict[str, Any]]
) -> None:
    never(calm, "withdraw")
    write(calm, answered[:5])
    done = look(calm)

    assert (done.code, "5 lines from" in done.err) == (2, True)
    assert "too few to judge anything" in done.err


def test_a_finding_is_an_alarm_in_the_second_of_three_windows(
    calm: Repo, answered: list[dict[str, Any]]
) -> None:
    calm.change(paths.CONTRACT, "monitoring", "alarms", to=2)
    never(calm, "retrain")
    write(calm, answered + later(answered, WEEK))
    first, again, second = look(calm), look(calm), look(calm, week=1)

    assert (first.code, again.code, second.code) == (0, 0, 10)
    assert "raised in 1 of the last 3 windows, an alarm from 2" in again.err
    assert len((calm.folder / windows.FILE).read_text(encoding="utf-8").splitlines()) == 2


def test_an_earlier_window_with_another_byte_does_not_count_and_is_named(
    calm: Repo, answered: list[dict[str, Any]]
) -> None:
    calm.change(paths.CONTRACT, "monitoring", "alarms", to=2)
    never(calm, "retrain")
    write(calm, answered + later(answered, WEEK))
    look(calm)
    file = calm.folder / windows.FILE
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"verdict": "ok"', '"verdict": "oK"'), encoding="utf-8")
    second = look(calm, week=1)

    assert second.code == 0
    assert f"warning: earlier windows do not count: {windows.FILE} line 1 is damaged" in second.err
    assert len(file.read_text(encoding="utf-8").splitlines()) == 1


def test_labels_that_belong_to_nothing_logged_are_wrong_input(
    calm: Repo, answered: list[dict[str, Any]], sample: pd.DataFrame
) -> None:
    write(calm, answered)
    rows = sample.drop_duplicates(list(schema.KEY))
    rows.head(BEFORE).to_parquet(calm.folder / "early.parquet")
    rows.to_parquet(calm.folder / "all.parquet")
    early = look(calm, "--labels", "early.parquet")
    both = look(calm, "--labels", "early.parquet", "all.parquet")

    assert (early.code, "hint: rows are joined by" in early.err) == (2, True)
    assert both.code == 0
    assert calm.read(paths.MONITOR)["unmatched"] > 0
    assert look(calm, "all.parquet").code == 2


def test_outcomes_that_did_not_arrive_are_counted_not_guessed(
    calm: Repo, answered: list[dict[str, Any]], sample: pd.DataFrame
) -> None:
    never(calm, "withdraw")
    write(calm, answered)
    for path in (calm.folder / paths.RAW).glob("*.parquet"):
        sample.drop_duplicates(list(schema.KEY)).head(BEFORE).to_parquet(path)
    look(calm)

    assert states(calm)[checks.HARM] == "not known yet"
    assert calm.read(paths.MONITOR)["waiting"] == len(answered)


def test_the_verdict_is_about_the_champion_not_about_a_version_before_it(
    calm: Repo, answered: list[dict[str, Any]]
) -> None:
    never(calm, "withdraw")
    write(calm, [{**line, "call.version": "0", "call.ms": 900.0} for line in answered])
    done = look(calm)

    assert done.code == 0
    assert states(calm)[checks.HARM] == "not known yet"
    assert list(calm.read(paths.MONITOR)["versions"]) == ["0"]


def test_damaged_lines_are_named_and_repeated_ones_count_once(
    calm: Repo, answered: list[dict[str, Any]]
) -> None:
    whole = json.dumps(answered[0])
    path = write(calm, answered)
    write(calm, answered[:10], "data.2.log.2026-11-02")
    with path.open("a", encoding="utf-8") as file:
        file.write(f'[]\n{{"call.id": 1}}\n{whole[: len(whole) // 2]}')
    done = look(calm)
    report = calm.read(paths.MONITOR)

    last = len(answered) + 3
    assert report["damaged"] == [f"data.1.log:{number}" for number in range(last - 2, last + 1)]
    assert f"skipped 3 damaged lines: data.1.log:{last - 2}" in done.err
    assert report["rows"] == len(answered)


def test_a_row_sent_again_counts_once_and_each_failed_try_by_itself(
    calm: Repo, answered: list[dict[str, Any]]
) -> None:
    again = [{**line, "call.time": (BEGIN + timedelta(days=5)).isoformat()} for line in answered]
    tries = [{**failed(number, 503), "call.id": ""} for number in range(100, 104)]
    write(calm, answered + again + tries + tries[:1])
    done = look(calm)
    report = calm.read(paths.MONITOR)

    assert report["rows"] == len(answered), done.err
    assert report["requests"] == (len(answered) + 1) // 2 + 4
    (found,) = [one for one in report["checks"] if one["name"] == checks.ERRORS]
    assert found["found"] == pytest.approx(4 / report["requests"])


def test_the_log_may_be_elsewhere(
    calm: Repo,
    answered: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(calm, answered[:5])
    write(Repo(tmp_path), answered[:9])
    monkeypatch.setenv(prediction_log.FOLDER, str(tmp_path / "monitoring" / "predictions"))
    done = look(calm)

    assert "9 lines from" in done.err


@pytest.mark.skipif(not schema.TIME, reason="this schema's rows have no time")
def test_without_the_time_of_the_rows_their_age_is_that_of_the_call(
    calm: Repo, answered: list[dict[str, Any]]
) -> None:
    write(calm, [{**line, schema.TIME: None} for line in answered])
    look(calm)
    manifest = calm.read(paths.CANDIDATE / artifact.MANIFEST)
    last = pd.Timestamp(max(line["call.time"] for line in answered)).tz_localize(None)
    (found,) = [c for c in calm.read(paths.MONITOR)["checks"] if c["name"] == checks.AGE]

    days = (last - pd.Timestamp(manifest["data"]["holdout"]["last"])) / pd.Timedelta(days=1)
    assert found["found"] == pytest.approx(days)


def test_a_withdrawal_is_proposed(calm: Repo, answered: list[dict[str, Any]]) -> None:
    never(calm, "withdraw")
    write(calm, answered)

    assert look(calm).code == 11
    assert calm.read(paths.MONITOR)["done"] == "proposed only: nothing was withdrawn"
    assert "withdrawn" not in calm.read(paths.CHAMPION / artifact.POINTER)


def test_a_withdrawal_is_carried_out_when_the_contract_says_so(
    calm: Repo, answered: list[dict[str, Any]]
) -> None:
    never(calm, "withdraw")
    calm.change(paths.CONTRACT, "monitoring", "on_withdraw", to="act")
    calm.change(paths.CONTRACT, "monitoring", "fallback", to="previous")  # there is none
    write(calm, answered)
    done, again = look(calm), look(calm)
    pointer = calm.read(paths.CHAMPION / artifact.POINTER)
    journal = (calm.folder / paths.JOURNAL).read_text(encoding="utf-8").splitlines()

    assert (done.code, again.code) == (11, 11)
    assert pointer["withdrawn"].startswith("harm: ")
    assert sum(json.loads(line)["event"] == "withdrawn" for line in journal) == 1
    assert "no earlier version can be served" in done.err
    refused = calm.run("predict", "--input", paths.SAMPLE, "--output", "out.parquet")
    assert (refused.code, "was withdrawn: harm" in refused.err) == (1, True)


def test_slow_answers_are_never_acted_on(calm: Repo, answered: list[dict[str, Any]]) -> None:
    calm.change(paths.CONTRACT, "monitoring", "on_withdraw", to="act")
    write(calm, [{**line, "call.ms": 101.0} for line in answered])

    assert look(calm).code == 11
    assert "withdrawn" not in calm.read(paths.CHAMPION / artifact.POINTER)


def test_the_previous_champion_takes_over(own_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(own_repo.folder)
    done = withdraw.carry_out("it does harm", "previous", lambda reason: {"version": "0"})

    assert done == "version 1 was replaced by version 0"
    assert "withdrawn" not in own_repo.read(paths.CHAMPION / artifact.POINTER)


def test_before_the_first_champion_there_is_nothing_to_monitor(calm: Repo) -> None:
    (calm.folder / paths.CHAMPION / artifact.POINTER).unlink()

    assert look(calm).code == 2


@pytest.mark.parametrize(
    "times", [["--since", "soon"], ["--since", "2027-01-01", "--until", "2026"]]
)
def test_a_wrong_time_is_wrong_input(calm: Repo, times: list[str]) -> None:
    assert calm.run("monitor", *times).code == 2


def test_a_minute_later_it_is_the_same_window() -> None:
    one = monitor.window_of(None, None, 7, datetime(2026, 11, 22, 9, 1, tzinfo=UTC))
    other = monitor.window_of(None, None, 7, datetime(2026, 11, 22, 9, 59, tzinfo=UTC))

    assert one == other
    assert (one.until, one.until - one.since) == (datetime(2026, 11, 22, 10, tzinfo=UTC), WEEK)


RULES = interface.Monitoring(windows=3, alarms=2)


def raised(name: str = checks.ERRORS) -> checks.Check:
    """Return a raised check."""
    return checks.Check(name, 0.2, 0.1, "raised", checks.WITHDRAW)


@pytest.mark.parametrize(
    ("earlier", "alarm"),
    [
        ([], False),
        ([["errors"]], True),
        ([["errors"], []], True),
        ([["errors"], [], []], False),
        ([["latency"], ["latency"]], False),
    ],
)
def test_alarms_are_counted_in_the_latest_windows(earlier: list[list[str]], alarm: bool) -> None:
    (found,) = checks.with_alarms([raised()], earlier, RULES)

    assert found.alarm is alarm
    assert checks.verdict([found]) == ("withdraw" if alarm else "ok")


def test_what_is_good_now_is_no_alarm() -> None:
    good = checks.Check(checks.ERRORS, 0.0, 0.1, "ok", checks.WITHDRAW)
    (found,) = checks.with_alarms([good], [["errors"], ["errors"]], RULES)

    assert (found.raised_in, found.alarm) == (2, False)


class Web(StandIn):
    """Answers as GitHub and a chat do, and keeps what it was sent."""

    seen: list[tuple[str, str, Any]]
    issues: list[dict[str, Any]]
    status: int

    def respond(self) -> None:
        if self.command == "GET":
            self.answer(json.dumps(self.issues).encode(), self.status)
            return
        content = json.loads(self.body())
        token = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
        self.seen.append((self.path, token, content))
        self.answer(b"{}", self.status)


@contextmanager
def web(status: int = 200, issues: list[dict[str, Any]] | None = None) -> Iterator[Any]:
    """Run a server on a free port; give what it was sent, and its address."""
    kind = type("Own", (Web,), {"seen": [], "issues": issues or [], "status": status})
    with standing_in(kind) as server:
        yield kind.seen, server.address


@pytest.fixture
def alarmed(calm: Repo, answered: list[dict[str, Any]]) -> Repo:
    """Return a repo whose service is too slow."""
    owner = {"name": "Service Desk", "email": "desk@example.com"}
    calm.change(paths.CONTRACT, "owners", "service", to=owner)
    write(calm, [{**line, "call.ms": 101.0} for line in answered[:20]])
    return calm


def test_the_webhook_is_told_who_answers_for_it(
    alarmed: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web() as (seen, address):
        monkeypatch.setenv("ALERT_WEBHOOK", f"{address}/hook")
        done = look(alarmed, "--notify")
    ((path, _, message),) = seen

    assert (done.code, path, message["verdict"]) == (11, "/hook", "withdraw")
    assert message["owner"] == {"name": "Service Desk", "email": "desk@example.com"}
    assert message["title"].endswith("withdraw version 1")
    assert "latency: 101 against 100" in message["text"]


@pytest.mark.parametrize("known", [True, False])
def test_an_open_issue_gets_a_comment_not_a_second_issue(
    alarmed: Repo, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    title = f"{monitor.PROJECT}: withdraw version 1"
    others = [{"title": "another", "number": 6}] * 99
    with web(issues=[*others, {"title": title if known else "", "number": 7}][1:]) as (seen, url):
        monkeypatch.setenv("GITHUB_API_URL", url)
        monkeypatch.setenv("GITHUB_REPOSITORY", "owner/repo")
        monkeypatch.setenv("GITHUB_TOKEN", "secret")
        done = look(alarmed, "--notify")
    ((path, token, content),) = seen

    assert (done.code, token) == (11, "Bearer secret")
    assert path == "/repos/owner/repo/issues" + ("/7/comments" if known else "")
    assert content.get("title") == (None if known else title)
    assert "Service Desk <desk@example.com>" in content["body"]


@pytest.mark.parametrize("known", [True, False])
def test_an_open_issue_of_gitlab_gets_a_note_not_a_second_issue(
    alarmed: Repo, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    title = f"{monitor.PROJECT}: withdraw version 1"
    others = [{"title": "another", "iid": 6}] * 98
    with web(issues=[*others, {"title": title if known else "", "iid": 7}]) as (seen, url):
        monkeypatch.setenv("CI_API_V4_URL", f"{url}/api/v4")
        monkeypatch.setenv("CI_PROJECT_ID", "17")
        without = look(alarmed, "--notify")
        monkeypatch.setenv("GITLAB_TOKEN", "secret")
        done = look(alarmed, "--notify")
    ((path, token, content),) = seen

    assert "neither ALERT_WEBHOOK nor GITLAB_TOKEN is set" in without.err
    assert (done.code, token) == (11, "secret")
    assert path == "/api/v4/projects/17/issues" + ("/7/notes" if known else "")
    assert content.get("title") == (None if known else title)
    assert "Service Desk <desk@example.com>" in content["body" if known else "description"]


def test_when_nobody_can_be_told_the_verdict_stands(
    alarmed: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = look(alarmed, "--notify")
    with web(status=500) as (_, address):
        monkeypatch.setenv("ALERT_WEBHOOK", f"{address}/secret")
        broken = look(alarmed, "--notify")
    gone = look(alarmed, "--notify")

    assert (silent.code, broken.code, gone.code) == (11, 11, 11)
    assert "warning: Service Desk was not told: neither ALERT_WEBHOOK" in silent.err
    assert "ALERT_WEBHOOK answered 500" in broken.err
    assert "ALERT_WEBHOOK cannot be reached" in gone.err
    assert "/secret" not in broken.err + gone.err


def test_a_request_is_traced_to_its_version(calm: Repo, answered: list[dict[str, Any]]) -> None:
    write(calm, [*answered, failed(90, 503)])
    done = calm.run("trace", "request-1", "--json")
    record = json.loads(done.out)
    unknown, refused = calm.run("trace", "nobody"), calm.run("trace", "request-90")

    assert record["version"] == record["request"]["version"] == "1"
    assert record["request"]["predictions"] == [line["prediction"] for line in answered[2:4]]
    assert (record["request"]["rows"], record["request"]["status"]) == (2, 200)
    assert (unknown.code, "the log goes back to 2026-11-02 00:00 UTC" in unknown.err) == (2, True)
    assert (refused.code, "was answered 503 by no model" in refused.err) == (2, True)


def test_a_request_that_may_be_in_a_damaged_line_is_not_said_to_be_missing(
    calm: Repo, answered: list[dict[str, Any]]
) -> None:
    log = write(calm, answered)
    log.write_text(log.read_text("utf-8").replace('"request-1",', '"request-1"', 1), "utf-8")
    write(calm, answered[2:3], "data.2.log")
    log.with_name("data.2.log").write_text("{", "utf-8")
    done = calm.run("trace", "request-nobody")

    assert done.code == 2
    assert "that can be read; damaged: 2 lines, the first data.1.log:3" in done.err
