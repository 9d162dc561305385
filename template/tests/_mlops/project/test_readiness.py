# The template's. Tests of yours go into tests/.
"""What counts as proven, and does each check say no when its claim is false?"""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

from ..fixtures import Repo
from ..package import (
    chain,
    config,
    evidence,
    features,
    metrics,
    paths,
    rubric,
    schema,
    signatures,
    standing,
    tryout,
    validation,
    versions,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def here(own_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return a repo of the test's own without a record, which is the current folder."""
    shutil.rmtree(own_repo.folder / evidence.FILE.parent, ignore_errors=True)
    monkeypatch.chdir(own_repo.folder)
    return own_repo


def check(name: str) -> Any:
    return next(one for one in rubric.find_checks() if one.id == name)


def state(name: str, now: datetime | None = None) -> Any:
    found = standing.judge([check(name)], config.load_contract(), now or datetime.now(UTC))
    return found[0]


def test_ids_are_unique_and_each_check_says_all_that_the_page_shows() -> None:
    checks = rubric.find_checks()

    assert len({one.id for one in checks}) == len(checks) >= 34
    assert all(one.title and one.proof and one.show and one.barriers for one in checks)
    assert {n for one in checks for n in one.barriers} == set(range(1, 8))
    assert all(one.to_do or isinstance(one, rubric.Recorded | rubric.Signed) for one in checks)


def test_a_command_leaves_a_record_however_it_ends(here: Repo) -> None:
    here.must("validate")
    here.run("validate", "no-such-file.parquet")

    records, wrong = evidence.read()

    assert [(one["what"], one["exit_code"]) for one in records[-2:]] == [
        ("validate", 0),
        ("validate", 2),
    ]
    assert records[-2]["commit"] == here.git("rev-parse", "HEAD")
    assert "reports/validation.json" in records[-2]["files"]
    assert not wrong


def test_a_record_that_cannot_be_written_stops_no_command(
    here: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(path: Path) -> str:
        raise PermissionError(path)

    monkeypatch.setattr(evidence, "sha256", unreadable)

    here.must("validate")

    assert evidence.read() == ([], [])


def test_a_record_without_its_keys_is_damaged_though_its_hash_is_right(here: Repo) -> None:
    evidence.keep("run", 0, NOW.timestamp())
    record = evidence.read()[0][0]
    wrong = [
        {"what": "run"},
        {**record, "time": "yesterday"},
        {**record, "time": "2026-01-01"},
        {**record, "files": None},
    ]
    lines = [json.dumps(chain.sealed(one, chain.FIRST)) for one in wrong]
    evidence.FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")

    here.must("readiness")

    assert evidence.read()[1][:4] == [f"{evidence.FILE} line {n} is damaged" for n in range(1, 5)]


def test_help_is_no_evidence(here: Repo) -> None:
    here.run("demo", "--help")

    assert not [one for one in evidence.read()[0] if one["what"] == "demo"]


@pytest.mark.parametrize("later", [0, 1])
def test_an_end_that_was_cut_off_is_named_also_later(here: Repo, later: int) -> None:
    for number in range(3):
        evidence.keep(f"run {number}", number, NOW.timestamp())
    whole = evidence.FILE.read_bytes().splitlines(keepends=True)
    evidence.FILE.write_bytes(b"".join(whole[:-1]))
    for _ in range(later):
        evidence.keep("run 9", 0, NOW.timestamp())

    (wrong,) = evidence.read()[1]

    assert "cut off" in wrong or "taken out" in wrong


def test_a_command_that_was_killed_before_it_noted_its_line_is_no_loss(here: Repo) -> None:
    evidence.keep("run 0", 0, NOW.timestamp())
    before = evidence.LAST.read_bytes()
    evidence.keep("run 1", 0, NOW.timestamp())
    evidence.LAST.write_bytes(before)
    assert evidence.read()[1] == []
    evidence.keep("run 2", 0, NOW.timestamp())

    assert evidence.read()[1] == []


def test_a_record_without_a_hash_is_damaged(here: Repo) -> None:
    evidence.keep("run", 0, NOW.timestamp())
    body = evidence.read()[0][0]
    bare = {name: value for name, value in body.items() if name not in (chain.HASH, chain.BEFORE)}
    evidence.FILE.write_text(json.dumps(bare) + "\n", encoding="utf-8")

    assert evidence.read() == ([], [f"{evidence.FILE} line 1 is damaged"])


@pytest.mark.parametrize("how", ["edited", "dropped", "moved", "no JSON"])
def test_a_line_that_was_tampered_with_is_named(here: Repo, how: str) -> None:
    for number in range(4):
        evidence.keep(f"run {number}", 0, NOW.timestamp())
    lines = evidence.FILE.read_text(encoding="utf-8").splitlines()
    lines = lines[-4:]
    evidence.FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert len(evidence.read()[0]) == 4
    if how == "edited":
        lines[1] = lines[1].replace('"run 1"', '"run 9"')
    elif how == "dropped":
        del lines[1]
    elif how == "moved":
        lines[1], lines[2] = lines[2], lines[1]
    else:
        lines[1] = lines[1][:-20]
    evidence.FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")

    records, wrong = evidence.read()

    assert any(str(evidence.FILE) in said for said in wrong)
    assert "run 9" not in [one["what"] for one in records]


def prove(name: str, ok: bool = True, **more: Any) -> None:
    """Record what an experiment would have found."""
    began = datetime.now(UTC).timestamp()
    evidence.keep(f"check {name}", 0 if ok else 1, began, said="seen", **more)


def test_evidence_counts_while_what_it_rests_on_is_the_same(here: Repo) -> None:
    assert state("D1").state == "unproven"
    prove("D1")
    assert (state("D1").state, state("D1").score) == ("proven", 1)

    with paths.CONTRACT.open("a", encoding="utf-8") as file:
        file.write("# agreed anew\n")

    assert state("D1").state == "out of date"
    assert "contract changed" in state("D1").detail


def test_a_no_is_no_evidence_and_a_failed_start_leaves_the_last_answer(here: Repo) -> None:
    prove("I1")
    prove("I1", ok=False)
    assert state("I1").state == "refuted"

    evidence.keep("check I1", 3, datetime.now(UTC).timestamp())

    assert state("I1").state == "refuted"


def test_old_evidence_and_a_clock_that_was_wrong_do_not_count(here: Repo) -> None:
    prove("D1")
    later = datetime.now(UTC) + timedelta(days=91)
    earlier = datetime.now(UTC) - timedelta(hours=1)

    assert "counts for 90 days" in state("D1", later).detail
    assert "in the future" in state("D1", earlier).detail
    assert {state("D1", when).score for when in (later, earlier)} == {0}


def test_evidence_of_another_commit_or_of_none_does_not_count(
    here: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "git", lambda *_: "f" * 40)
    prove("D1")
    assert "not in the history of HEAD" in state("D1").detail

    monkeypatch.setattr(evidence, "git", lambda *_: "")
    prove("D1")

    assert "without a commit" in state("D1").detail


def test_a_report_that_was_edited_does_not_count(here: Repo) -> None:
    here.must("evaluate")
    assert state("M6").state in ("proven", "refuted")

    report = json.loads(paths.METRICS.read_text(encoding="utf-8"))
    paths.METRICS.write_text(json.dumps(report), encoding="utf-8")

    assert state("M6").state == "not trusted"
    assert "was edited after evaluate" in state("M6").detail


SIGNED = {
    "who": "Somebody",
    "role": "owner of the data",
    "date": "2026-01-01",
    "expires": "2026-12-31",
    "evidence": "contract.yaml",
}


def sign(name: str, **changes: Any) -> None:
    signatures.FOLDER.mkdir(exist_ok=True)
    content = {**SIGNED, "sha256": evidence.sha256(paths.CONTRACT), **changes}
    lines = [f"{key}: {value}" for key, value in content.items() if value is not None]
    (signatures.FOLDER / f"{name}.yaml").write_text("\n".join(lines), encoding="utf-8")


def test_a_sign_off_counts_half(here: Repo) -> None:
    assert state("D4", NOW).score == 0

    sign("D4")

    assert (state("D4", NOW).state, state("D4", NOW).score) == ("signed", 0.5)
    assert "signed by Somebody, owner of the data" in state("D4", NOW).detail


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"expires": "2026-05-31"}, "expired on 2026-05-31"),
        ({"date": "2026-06-02"}, "not yet"),
        ({"who": None}, "who: field required"),
        ({"who": '" "'}, "names nobody"),
        ({"sha256": "f" * 64}, "it changed since"),
        ({"evidence": "nowhere.md"}, "does not exist"),
        ({"who": "[unclosed"}, "cannot be read"),
    ],
)
def test_a_sign_off_that_does_not_count_says_why(
    here: Repo, changes: dict[str, Any], said: str
) -> None:
    sign("D4", **changes)

    found = state("D4", NOW)

    assert found.score == 0
    assert said in found.detail


def test_a_sign_off_that_was_edited_counts_again_with_its_commit(here: Repo) -> None:
    sign("D4")
    here.git("add", str(signatures.FOLDER))
    here.git("commit", "-qm", "Sign")
    assert state("D4", NOW).state == "signed"

    sign("D4", expires="2096-12-31")
    assert state("D4", NOW).score == 0
    assert "not as git has it" in state("D4", NOW).detail

    here.git("commit", "-qam", "Sign for longer")
    assert state("D4", NOW).state == "signed"


def test_a_check_that_raises_is_reported_and_the_others_go_on(
    here: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Any, repo: Any) -> Any:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(type(check("D4")), "prove", broken)
    standing.try_out([check("D4"), check("Mo2")], 0)

    assert state("D4").state == "refuted"
    assert "ZeroDivisionError" in state("D4").detail
    assert state("Mo2").state == "proven"


def test_the_level_is_required_and_the_next_step_raises_what_it_promises(here: Repo) -> None:
    refused = here.run("readiness", "--require", "0")
    assert refused.code == 1
    assert "level 0 is not evidenced" in refused.err
    assert "evidenced: none yet" in here.must("readiness").err
    before = here.read(Path("reports/readiness.json"))
    assert before["next"]["to_do"] == "uv run just readiness --run"

    here.must("readiness", "--run", before["next"]["check"])

    after = here.read(Path("reports/readiness.json"))
    section = before["next"]["section"]
    assert after["sections"][section] > before["sections"][section]


def test_wrong_use_is_one_line(here: Repo) -> None:
    assert "there is no check 'd1'" in here.run("readiness", "--run", "d1").err
    assert here.run("readiness", "D1").code == 2


def test_the_page_loads_nothing_and_shows_every_check(here: Repo) -> None:
    here.must("readiness")
    text = Path("reports/readiness.html").read_text(encoding="utf-8")

    assert "http" not in text.replace("http-equiv", "")
    assert all(f"{one.id}</td>" in text for one in rubric.find_checks())
    assert 'lang="en"' in text
    assert "This is the first run" in text
    here.must("readiness")
    assert "Sum of all checks over 2 runs" in Path("reports/readiness.html").read_text("utf-8")


# each check with its claim made false

CHANGES = pytest.MonkeyPatch


def tried(name: str) -> Any:
    return check(name).prove(tryout.Trial())


def also(monkeypatch: CHANGES, **columns: Any) -> None:
    """Let build_features make more columns."""
    build = features.build_features
    monkeypatch.setattr(features, "build_features", lambda rows: build(rows).assign(**columns))


def test_d1_says_no_when_wrong_rows_pass(monkeypatch: CHANGES) -> None:
    assert tried("D1").ok
    module = __import__(type(check("D1")).__module__, fromlist=["check"])
    monkeypatch.setattr(module, "check", lambda *_: [])

    assert "is taken as good data" in tried("D1").detail


def test_d1_says_no_when_the_sample_is_wrong(monkeypatch: CHANGES) -> None:
    spoilt = tryout.Trial().rows.drop(columns=schema.COLUMNS[0].name)
    monkeypatch.setattr(tryout.Trial, "rows", spoilt)

    assert "the sample is refused" in tried("D1").detail


def test_d3_says_no_when_features_take_too_long(here: Repo) -> None:
    assert tried("D3").ok
    here.change(paths.CONTRACT, "readiness", to={"features_ms": 1e-6})

    assert not tried("D3").ok


def test_d4_says_no_to_a_forbidden_feature(monkeypatch: CHANGES) -> None:
    assert tried("D4").ok
    also(monkeypatch, email_length=1.0)

    assert "email_length" in tried("D4").detail


def test_d5_says_no_when_an_address_gets_through(monkeypatch: CHANGES) -> None:
    assert tried("D5").ok
    also(monkeypatch, contact="somebody@example.org")

    assert "gets into features" in tried("D5").detail


def test_d5_says_no_when_an_address_is_good_data(monkeypatch: CHANGES) -> None:
    monkeypatch.setattr(validation, "_personal", lambda *_: [])

    assert not tried("D5").ok


def test_d7_says_no_without_tests_and_when_they_fail(here: Repo) -> None:
    assert "does not exist" in tried("D7").detail
    Path("tests").mkdir(exist_ok=True)
    Path("tests/test_features.py").write_text("def test_no():\n    assert 0\n", encoding="utf-8")
    assert "1 failed" in tried("D7").detail

    Path("tests/test_features.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")

    assert not tried("D7").ok


class Moody:
    """A model that answers otherwise each time, or not at all."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.classes_ = np.array(schema.LABELS)

    def fit(self, inputs: pd.DataFrame, target: pd.Series) -> "Moody":
        return self

    def predict_proba(self, inputs: pd.DataFrame) -> Any:
        share = np.full((len(inputs), len(schema.LABELS)), self.answer())
        return share / len(schema.LABELS)

    def predict(self, inputs: pd.DataFrame) -> Any:
        return np.full(len(inputs), self.answer())


def other_model(monkeypatch: CHANGES, build: Any) -> None:
    monkeypatch.setattr(tryout.Trial, "unfitted", lambda self: build())


def test_i1_says_no_to_a_model_without_a_seed(monkeypatch: CHANGES) -> None:
    assert tried("I1").ok
    other_model(monkeypatch, lambda: Moody(np.random.default_rng().random))

    assert not tried("I1").ok


def test_i2_says_no_to_a_model_that_learns_nothing(monkeypatch: CHANGES) -> None:
    assert tried("I2").ok
    dummy = DummyClassifier(strategy="prior") if schema.LABELS else DummyRegressor()
    other_model(monkeypatch, lambda: dummy)
    assert not tried("I2").ok

    other_model(monkeypatch, lambda: Moody(lambda: float("nan")))

    assert "not finite" in tried("I2").detail


def test_mo1_says_no_without_a_bot_or_a_lock(here: Repo) -> None:
    assert "does not exist" in tried("Mo1").detail
    bot = Path(".github/dependabot.yml")
    bot.parent.mkdir()
    bot.write_text("updates: [{package-ecosystem: uv}]\n", encoding="utf-8")

    assert "does not watch github-actions" in tried("Mo1").detail
    Path(".gitlab-ci.yml").touch()
    assert "renovate.json does not exist" in tried("Mo1").detail
    bot = Path(".gitlab/renovate.json")
    bot.parent.mkdir()
    bot.write_text('{"enabledManagers": ["pep621"]}', encoding="utf-8")

    assert "does not watch gitlabci" in tried("Mo1").detail


def test_mo2_says_no_when_a_wrong_request_is_answered(monkeypatch: CHANGES) -> None:
    assert tried("Mo2").ok
    monkeypatch.setattr(tryout.Trial, "problems", lambda *_: [])

    assert "is answered" in tried("Mo2").detail


def test_mo5_says_no_when_odd_numbers_give_odd_answers(monkeypatch: CHANGES) -> None:
    assert tried("Mo5").ok
    also(monkeypatch, odd=float("nan"))
    other_model(monkeypatch, lambda: Moody(lambda: float("inf")))
    numbers = [column for column in schema.COLUMNS if column.kind in ("integer", "number")]

    assert not numbers or not tried("Mo5").ok


def test_contract_says_no_when_its_bars_are_not_in_order(here: Repo) -> None:
    assert tried("contract").ok
    quality = config.load_contract().quality
    other = quality.accept + (1 if quality.better == "higher" else -1)
    here.change(paths.CONTRACT, "quality", "withdraw", to=other)

    assert "not in order" in tried("contract").detail


def test_contract_says_no_when_nobody_computes_its_metric(here: Repo, monkeypatch: CHANGES) -> None:
    monkeypatch.setattr(metrics, "score", lambda *_: {"other": 1.0})

    assert "does not compute" in tried("contract").detail


def test_audit_says_no_when_the_journal_was_edited_or_begins_anew(here: Repo) -> None:
    assert tried("audit").ok
    whole = paths.JOURNAL.read_text(encoding="utf-8")
    paths.JOURNAL.write_text(whole.replace('"by": "Test"', '"by": "Nobody"', 1), encoding="utf-8")
    assert "line 1 was edited" in tried("audit").detail

    paths.JOURNAL.write_text("".join(whole.splitlines(keepends=True)[:-1]), encoding="utf-8")
    assert "a last line that is not there" in tried("audit").detail

    paths.JOURNAL.unlink()
    assert "no decision is recorded" in tried("audit").detail


def test_owners_say_no_to_the_placeholder(here: Repo) -> None:
    somebody = {"name": "Team", "email": "team@our.company"}
    here.change(paths.CONTRACT, "owners", to=dict.fromkeys(("model", "data", "service"), somebody))
    assert tried("owners").ok

    here.change(paths.CONTRACT, "owners", to={"model": somebody, "data": somebody})

    assert "nobody answers for service" in tried("owners").detail


def test_card_says_no_without_a_champion(here: Repo) -> None:
    assert not tried("card").ok


def judged(name: str, report: dict[str, Any]) -> Any:
    return check(name).judge(report, config.load_contract())


def evaluation(best: float, worst: float) -> dict[str, Any]:
    quality = config.load_contract().quality
    rows = config.load_contract().slices.min_rows
    column = (config.load_contract().slices.columns or ["group"])[0]
    return {
        "metric": quality.metric,
        "metrics": {quality.metric: best},
        "baselines": {"simple": {quality.metric: worst}},
        "slices": [
            {"column": column, "value": value, "rows": rows, quality.metric: score}
            for value, score in (("a", best), ("b", worst))
        ],
        "importance": {"one": 0.1, "two": 0.2},
    }


def test_checks_of_the_evaluation_say_no() -> None:
    quality = config.load_contract().quality
    step = 1 if quality.better == "higher" else -1
    good, bad = quality.accept + step * 0.01, quality.accept - step * abs(quality.accept)

    assert judged("M5", evaluation(good, bad)).ok
    assert not judged("M5", evaluation(bad, good)).ok
    assert not judged("M5", {**evaluation(good, bad), "baselines": {}}).ok
    assert not judged("M6", evaluation(good, bad)).ok
    assert not judged("M6", {**evaluation(good, good), "slices": []}).ok
    assert not judged("M7", evaluation(good, bad)).ok
    assert judged("D2", evaluation(good, bad)).ok
    useless = judged("D2", {**evaluation(good, bad), "importance": {"one": 0.1, "two": 0.0}})
    assert "two" in useless.detail
    assert not useless.ok


def test_checks_of_later_reports_say_no() -> None:
    ok = {"name": "quality", "state": "ok", "found": 0.7, "bound": 1, "detail": ""}
    age = {"name": "age", "state": "ok", "found": 3.0, "bound": 120}
    assert judged("M2", {"checks": [ok]}).ok
    assert not judged("M2", {"checks": [{**ok, "state": "too few"}]}).ok
    assert judged("Mo4", {"checks": [age]}).ok
    assert not judged("Mo4", {"checks": [{**age, "state": "raised"}]}).ok
    assert not judged("Mo4", {"checks": [{**age, "found": None}]}).ok
    measured = [{"name": name, "ok": True, "reason": ""} for name in ("latency", "memory")]
    assert judged("Mo6", {"checks": measured}).ok
    assert not judged("Mo6", {"checks": measured[:1]}).ok
    assert not judged("Mo6", {"checks": [{**measured[0], "ok": False}, measured[1]]}).ok
    assert judged("M4", {"parts": [{"metric": 0.7}, {"metric": 0.6}]}).ok
    assert not judged("M4", {"parts": [{"metric": 0.7}]}).ok
    rollout = {"rollouts": [{"state": "promoted"}], "bad": {"rollout": {"state": "aborted"}}}
    assert judged("I6", rollout).ok
    assert not judged("I6", {**rollout, "bad": {"rollout": {"state": "promoted"}}}).ok
    assert not judged("I6", {**rollout, "rollouts": [{"state": "aborted"}]}).ok


def test_checks_of_commands_say_no_when_one_failed(here: Repo) -> None:
    for name in ("repro", "demo"):
        evidence.keep(name, 0, datetime.now(UTC).timestamp())
    assert {state(name).state for name in ("I3", "Mo3", "integration")} == {"proven"}

    evidence.keep("demo", 1, datetime.now(UTC).timestamp())

    assert {state(name).state for name in ("I3", "Mo3", "integration")} == {"refuted"}


def test_i4_and_mo7_say_no_at_the_level_that_has_them(here: Repo) -> None:
    if standing.claimed_level() < 1:
        assert {state(name).state for name in ("I4", "Mo7")} == {"later"}
        return
    assert tried("Mo7").ok
    quality = config.load_contract().quality
    far = 100 * max(1, abs(quality.accept))
    worse = quality.accept - (far if quality.better == "higher" else -far)
    here.change(paths.CONTRACT, "quality", "accept", to=worse)
    here.change(paths.CONTRACT, "quality", "retrain", to=worse)

    assert not tried("I4").ok
    assert not tried("Mo7").ok


def test_i5_says_no_when_a_record_is_not_what_it_was(here: Repo) -> None:
    assert tried("I5").ok
    pointer = versions.read_pointer()
    paths.DATA_POINTER.with_suffix("").rename("elsewhere")
    assert "data missing" in tried("I5").detail

    shutil.rmtree(paths.CHAMPION)

    assert pointer
    assert "no champion" in tried("I5").detail
