# The template's. The bars are yours, in contract.yaml.
"""What may take over, and what may not: each check alone can say no."""

import json
import shutil
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from ..conftest import alias, journal
from ..fixtures import Done, Repo, rewrite
from ..package import (
    artifact,
    batch_files,
    benchmark,
    dataset,
    files,
    gate,
    gate_checks,
    interface,
    outcome,
    paths,
    runs,
    schema,
    versions,
)

HOLDOUT_ROWS = paths.FEATURES / dataset.HOLDOUT_ROWS
FAST = gate_checks.Running(p95_ms=10.0, memory_mb=300.0)


def good(sign: int) -> gate_checks.Evidence:
    """Return what is known about a version that passes; with -1 a smaller metric is better."""
    bars = {"accept": 0.7 * sign, "retrain": 0.6 * sign, "withdraw": 0.5 * sign}
    contract = interface.Contract(
        service=interface.Service(latency_p95_ms=100, model_mb=10, memory_mb=500),
        quality=interface.Quality(
            metric="m",
            better="higher" if sign == 1 else "lower",
            minimal_change=0.02,
            calibration=0.1,
            **bars,
        ),
        slices=interface.Slices(columns=["place"], accept=0.6 * sign, min_rows=100),
    )
    small = {"column": "place", "value": "C", "rows": 99, "m": 0.1 * sign}
    large = {"column": "place", "value": "A", "rows": 100, "m": 0.65 * sign}
    return gate_checks.Evidence(
        contract=contract,
        evaluation={
            "metrics": {"m": 0.8 * sign},
            "baselines": {"simple": {"m": 0.75 * sign}},
            "slices": [large, small],
        },
        candidate=gate_checks.Standing("2", 0.8 * sign, FAST, calibration=0.05),
        champion=gate_checks.Standing("1", 0.77 * sign, FAST, calibration=0.05),
        registered={"x": "double", "y": "string"},
        features={"x": "double", "y": "string"},
        model_mb=1.0,
        scores={"m": 0.8 * sign},
    )


def evaluated(seen: gate_checks.Evidence, **changes: object) -> gate_checks.Evidence:
    """Change the evaluation; measured anew it is the same."""
    evaluation = {**seen.evaluation, **changes}
    return replace(seen, evaluation=evaluation, scores=evaluation["metrics"])


def running(seen: gate_checks.Evidence, **changes: float) -> gate_checks.Evidence:
    return replace(seen, candidate=replace(seen.candidate, running=replace(FAST, **changes)))


def no(seen: gate_checks.Evidence) -> list[gate_checks.Check]:
    return [check for check in gate_checks.judge(seen) if not check.ok]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_good_version_passes_every_check(sign: int) -> None:
    checks = gate_checks.judge(good(sign))

    assert [check.name for check in checks] == [
        "target",
        "as evaluated",
        "steady",
        "served",
        "possible",
        "complete",
        "champion",
        "baseline simple",
        "slice place=A",
        "signature",
        "calibration",
        "groups",
        "size",
        "memory",
        "latency",
    ]
    assert all(check.ok for check in checks)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_target_alone_refuses(sign: int) -> None:
    seen = evaluated(good(sign), metrics={"m": 0.69 * sign}, baselines={})

    assert [(check.name, check.expected) for check in no(seen)] == [("target", 0.7 * sign)]


def test_a_metric_that_was_not_evaluated_is_refused() -> None:
    (check,) = no(evaluated(good(1), metrics={"other": 1.0}, baselines={}))

    assert (check.name, check.found) == ("target", None)
    assert "m none; expected at least 0.7" in check.reason


@pytest.mark.parametrize("sign", [1, -1])
def test_the_champion_alone_refuses_what_is_too_little_better(sign: int) -> None:
    rival = gate_checks.Standing("1", 0.79 * sign, FAST)
    (check,) = no(replace(good(sign), champion=rival))

    assert (check.name, check.found, check.expected) == ("champion", 0.8 * sign, 0.79 * sign)
    assert "version 1" in check.reason


def test_before_the_first_champion_there_is_none_to_beat() -> None:
    checks = gate_checks.judge(replace(good(1), champion=None))
    (champion,) = (check for check in checks if check.name == "champion")

    assert all(check.ok for check in checks)
    assert "there is no champion yet" in champion.reason


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("than", [0.8, 0.81])
def test_a_baseline_alone_refuses(sign: int, than: float) -> None:
    seen = evaluated(good(sign), baselines={"simple": {"m": than * sign}, "other": {"m": 0.0}})
    seen = seen if sign == 1 else evaluated(seen, baselines={"simple": {"m": than * sign}})

    assert [check.name for check in no(seen)] == ["baseline simple"]


@pytest.mark.parametrize("sign", [1, -1])
def test_one_slice_alone_refuses_by_name(sign: int) -> None:
    seen = good(sign)
    weak = {"column": "place", "value": "B", "rows": 100, "m": 0.59 * sign}
    (check,) = no(evaluated(seen, slices=[*seen.evaluation["slices"], weak]))

    assert check.name == "slice place=B"
    assert "on 100 rows" in check.reason


def test_texts_that_are_all_missing_are_texts_in_a_signature() -> None:
    gaps = pd.Series([None, None], dtype="str")

    for said in (gaps, gaps.fillna("a")):
        table = pd.DataFrame({"x": [1.0, 2.0], "said": said})
        assert gate.inputs_of(table) == {"x": "double", "said": "string"}


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("best", "met"), [(0.61, True), (0.595, False)])
def test_a_slice_of_few_rows_is_unclear_where_they_could_meet_the_bar(
    sign: int, best: float, met: bool
) -> None:
    weak = {"column": "place", "value": "B", "rows": 100, "m": 0.59 * sign}
    seen = replace(evaluated(good(sign), slices=[weak]), at_best={("place", "B"): best * sign})
    (check,) = (one for one in gate_checks.judge(seen) if one.name == "slice place=B")

    assert (check.ok, check.unclear) == (met, met)
    assert ("so few rows could show" in check.reason) == met


@pytest.mark.parametrize(
    ("registered", "said"),
    [
        (None, "no signature"),
        ({"x": "double"}, "'y' is not there in the registered signature"),
        ({"x": "long", "y": "string"}, "'x' is long in the registered signature"),
        ({"x": "double", "y": "string", "z": "long"}, "build_features makes none"),
        ({"y": "string", "x": "double"}, "in another order"),
    ],
)
def test_the_signature_alone_refuses(registered: dict[str, str] | None, said: str) -> None:
    (check,) = no(replace(good(1), registered=registered))

    assert check.name == "signature"
    assert said in check.reason


@pytest.mark.parametrize("error", [0.11, float("nan")])
def test_the_calibration_alone_refuses(error: float) -> None:
    seen = replace(good(1), candidate=replace(good(1).candidate, calibration=error))

    assert [check.name for check in no(seen)] == ["calibration"]


def test_a_version_that_is_surely_worse_calibrated_than_the_champion_is_refused() -> None:
    (check,) = no(replace(good(1), calibration_worse=0.016))

    assert no(replace(good(1), calibration_worse=0.014)) == []
    assert (check.name, check.found, check.expected) == ("calibration", 0.05, 0.05)
    assert "at least 0.016 worse; expected at most 0.015" in check.reason


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rows": 399}, "399 rows of the hold-out are too few to say"),
        ({"calibration_most": 0.11}, "too few to say, where it may be 0.11"),
    ],
)
def test_too_few_rows_to_see_a_bad_calibration_pass_and_are_named(
    changes: dict[str, float], said: str
) -> None:
    (check,) = (c for c in gate_checks.judge(replace(good(1), **changes)) if c.unclear)

    assert (check.name, check.ok) == ("calibration", True)
    assert said in check.reason


@pytest.mark.parametrize("sign", [1, -1])
def test_too_few_rows_to_tell_it_from_one_to_withdraw_pass_and_are_named(sign: int) -> None:
    def unclear(worst: float) -> list[str]:
        between = sorted((worst * sign, 0.9 * sign))
        seen = evaluated(good(sign), intervals={"m": between})
        return [check.name for check in gate_checks.judge(seen) if check.unclear]

    assert (unclear(0.51), unclear(0.49)) == ([], ["target"])


def test_a_service_that_answers_otherwise_alone_refuses() -> None:
    assert [check.name for check in no(replace(good(1), unlike=0.006))] == ["served"]


def test_numbers_that_cannot_be_alone_refuse_unless_the_champion_says_as_many() -> None:
    seen = good(1)
    some = replace(seen.candidate, impossible=0.02)
    as_many = replace(seen, candidate=some, champion=replace(some, score=0.77))

    assert [check.name for check in no(replace(seen, candidate=some))] == ["possible"]
    assert no(as_many) == []


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("as evaluated", {"scores": {"m": 0.79}}),
        ("steady", {"unsteady": 0.001}),
        ("complete", {"silent": ["x missing: it fails"]}),
    ],
)
def test_answers_unlike_the_evaluation_unsteady_or_none_alone_refuse(
    name: str, changes: dict[str, Any]
) -> None:
    assert [check.name for check in no(replace(good(1), **changes))] == [name]


def test_the_size_of_the_file_alone_refuses() -> None:
    (check,) = no(replace(good(1), model_mb=10.1))

    assert (check.name, check.found, check.expected) == ("size", 10.1, 10)


def test_a_version_of_other_code_is_asked_by_the_columns_that_it_knows(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo.folder)
    version, rows = versions.find("1"), pd.read_parquet(paths.FEATURES / dataset.HOLDOUT_ROWS)
    today, then = (benchmark.Contender(version, tmp_path, root) for root in (Path.cwd(), tmp_path))
    shutil.copytree(version.folder, then.home)
    manifest = files.read_json(then.home / artifact.MANIFEST)
    came_later, _ = manifest["data"]["example"].popitem()
    files.write_json(then.home / artifact.MANIFEST, manifest)
    known, asked = (json.loads(benchmark.requests(rows, by)[0])["rows"][0] for by in (today, then))

    assert set(known) - set(asked) == {came_later}


def test_bars_that_were_moved_pass_and_are_named() -> None:
    seen = replace(good(1), moved=["quality.accept is 0.1, 0.7 when version 1 was trained"])
    (found,) = [check for check in gate_checks.judge(seen) if check.unclear]

    assert no(seen) == []
    assert found.name == "contract"
    assert "quality.accept is 0.1, 0.7 when" in found.reason


def test_an_improvement_that_is_too_good_to_be_true_passes_and_is_named() -> None:
    seen = good(1)
    assert seen.champion
    champion = replace(seen.champion, off=0.4)
    found = [
        next(one for one in gate_checks.judge(judged) if one.name == "champion")
        for off in (0.3, 0.05)
        for judged in [replace(seen, candidate=replace(seen.candidate, off=off), champion=champion)]
    ]

    assert [(one.ok, one.unclear) for one in found] == [(True, False), (True, True)]
    assert "off by 0.05, the champion's by 0.4: does an input tell the outcome?" in found[1].reason


def test_memory_that_grows_with_each_request_refuses() -> None:
    (check,) = no(running(good(1), grew_mb=0.24))

    assert check.name == "memory"
    assert "grows by 0.24 MB with each request" in check.reason
    assert not no(running(good(1), grew_mb=0.02))


def test_memory_alone_refuses_and_names_the_champion_s() -> None:
    (check,) = no(running(good(1), memory_mb=501))

    assert check.name == "memory"
    assert "champion, version 1: 300 MB in the same run" in check.reason


def test_latency_alone_refuses_and_names_the_champion_s() -> None:
    (check,) = no(running(good(1), p95_ms=101))

    assert check.name == "latency"
    assert "p95 101 ms; expected at most 100.0 ms" in check.reason
    assert "champion, version 1: 10 ms in the same run" in check.reason


def test_a_champion_that_is_as_slow_makes_the_machine_a_suspect() -> None:
    slow = gate_checks.Running(p95_ms=102.0, memory_mb=300.0)
    rival = gate_checks.Standing("1", 0.77, slow)
    (alone,), (both,) = (
        no(running(replace(good(1), champion=champion), p95_ms=101))
        for champion in (good(1).champion, rival)
    )

    assert "the machine may be busy" not in alone.reason
    assert "the machine may be busy" in both.reason


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let services be fast and small: starting two takes many seconds."""
    monkeypatch.setattr(
        benchmark, "serve", lambda contenders, rows, limit_ms: [FAST] * len(contenders)
    )


def refused(repo: Repo, *arguments: str) -> tuple[int, str]:
    """Judge what has to be refused, and see that no alias moved."""
    before = alias(repo, versions.CHAMPION), alias(repo, versions.CHALLENGER)
    done = repo.run("gate", *arguments)
    assert (alias(repo, versions.CHAMPION), alias(repo, versions.CHALLENGER)) == before
    return done.code, done.err


def untouched(repo: Repo) -> Done:
    """Run a gate that may not change anything."""
    before = repo.files(), journal(repo)
    done = repo.run("gate")
    assert (repo.files(), journal(repo)) == before
    assert alias(repo, versions.CHALLENGER) is None
    return done


@pytest.mark.usefixtures("measured")
def test_a_version_that_passes_is_the_challenger(own_rivals: Repo) -> None:
    done = own_rivals.must("gate", "--json")
    verdict = json.loads(done.out)

    assert {**verdict, files.SEAL: files.seal_of(verdict)} == own_rivals.read(paths.GATE)
    assert (verdict["version"], verdict["champion"], verdict["accepted"]) == ("2", "1", True)
    assert "version 2 is the challenger" in done.err
    assert "unclear: contract: quality.accept is " in done.err  # `rivals` moved bars
    assert alias(own_rivals, versions.CHALLENGER) == "2"
    assert alias(own_rivals, versions.CHAMPION) == "1"
    assert (journal(own_rivals)[-1]["event"], journal(own_rivals)[-1]["version"]) == (
        "accepted",
        "2",
    )


@pytest.mark.usefixtures("measured")
def test_a_version_no_better_than_the_champion_is_refused_with_the_reason(
    own_rivals: Repo,
) -> None:
    own_rivals.change(paths.CONTRACT, "quality", "minimal_change", to=0.001)
    code, said = refused(own_rivals)
    (reason,) = journal(own_rivals)[-1]["reasons"]

    assert code == 1
    assert "version 2 is refused: 1 of" in said
    assert reason in said
    assert "expected better by 0.001" in reason
    assert [c["name"] for c in own_rivals.read(paths.GATE)["checks"] if not c["ok"]] == ["champion"]


@pytest.mark.usefixtures("measured")
def test_a_challenger_that_is_refused_later_is_none_any_more(own_rivals: Repo) -> None:
    own_rivals.must("gate")
    own_rivals.change(paths.CONTRACT, "service", "model_mb", to=0.000_001)
    done = own_rivals.run("gate", "2")

    assert (done.code, "size" in done.err) == (1, True)
    assert alias(own_rivals, versions.CHALLENGER) is None


@pytest.mark.usefixtures("measured")
def test_the_first_version_is_judged_on_the_rest(own_rivals: Repo) -> None:
    with chdir(own_rivals.folder):
        versions.set_alias(versions.CHAMPION, None)
    done = own_rivals.must("gate")

    assert "there is no champion yet to compare with" in done.err


@pytest.mark.parametrize("kept", [True, False], ids=["its journal", "no journal"])
def test_a_champion_of_another_registry_cannot_be_compared_with(
    own_rivals: Repo, kept: bool
) -> None:
    """Without the journal, the number of the champion is that of another model here."""
    (own_rivals.folder / "mlflow.db").unlink()
    if not kept:
        (own_rivals.folder / paths.JOURNAL).unlink()
    own_rivals.must("register")
    judged = own_rivals.run("gate")

    assert judged.code == 3
    assert "version 1 is not in the registry" in judged.err


@pytest.mark.usefixtures("measured")
def test_however_often_a_version_is_asked_its_model_is_loaded_once(
    own_rivals: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, loaded = artifact.load, []

    def counted(folder: Path) -> artifact.Artifact:
        loaded.append(folder.name)
        return load(folder)

    monkeypatch.setattr(artifact, "load", counted)
    own_rivals.must("gate")

    assert len(loaded) == len({*loaded}) == 2


def test_the_champion_is_not_judged_again(rivals: Repo) -> None:
    before = rivals.files(), journal(rivals)
    done = rivals.must("gate", "1")

    assert done.err == "gate: version 1 is champion already\n"
    assert (rivals.files(), journal(rivals)) == before


def test_a_version_that_is_not_registered_is_wrong_use(rivals: Repo) -> None:
    done = rivals.run("gate", "7")

    assert (done.code, "registered are: 1, 2" in done.err) == (2, True)


@pytest.mark.parametrize("part", ["data_sha256", "holdout"])
def test_a_hold_out_of_other_data_is_wrong_input(own_rivals: Repo, part: str) -> None:
    rewrite(own_rivals.folder / paths.FEATURES / dataset.SUMMARY, **{part: "other"})
    done = untouched(own_rivals)

    assert done.code == 2
    assert f"is not the data of version 2: {part} is other" in done.err
    assert "uv run just repro" in done.err


def test_bytes_unlike_the_registry_are_refused(own_rivals: Repo) -> None:
    candidate = own_rivals.read(paths.CANDIDATE / artifact.MANIFEST)["model_sha256"]
    with (own_rivals.folder / paths.REGISTERED / candidate / artifact.MODEL).open("ab") as file:
        file.write(b"x")
    code, said = refused(own_rivals)

    assert (code, "SHA-256" in said) == (1, True)
    assert journal(own_rivals)[-1]["event"] == "refused"


def test_other_feature_code_is_refused(own_rivals: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_files, "makes_features_of", lambda *_: False)
    code, said = refused(own_rivals)

    assert (code, "other code in schema.py or features.py" in said) == (1, True)


def test_an_evaluation_of_another_model_is_refused(own_rivals: Repo, measured: None) -> None:
    candidate = own_rivals.read(paths.CANDIDATE / artifact.MANIFEST)["model_sha256"]
    evaluation = own_rivals.folder / paths.REGISTERED / candidate / versions.EVALUATION
    rewrite(evaluation, model_sha256="0" * 64)
    code, said = refused(own_rivals)

    assert (code, "is about another model" in said) == (1, True)


def test_a_store_that_is_down_changes_nothing(
    rivals: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{rivals.folder}/params.yaml/no.db")
    before = rivals.files(), journal(rivals)
    done = rivals.run("gate")

    assert (done.code, "does not answer" in done.err) == (3, True)
    assert (rivals.files(), journal(rivals)) == before


def test_a_champion_that_moved_meanwhile_asks_for_another_try(
    own_rivals: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(
        contenders: list[object], rows: pd.DataFrame, limit_ms: float
    ) -> list[gate_checks.Running]:
        versions.set_alias(versions.CHAMPION, "2")
        return [FAST] * len(contenders)

    monkeypatch.setattr(benchmark, "serve", slow)
    done = untouched(own_rivals)

    assert (done.code, "the champion became version 2 meanwhile" in done.err) == (3, True)


@contextmanager
def without_signature(repo: Repo, number: str) -> Iterator[None]:
    """Take the signature out of a registered model for a while."""
    with chdir(repo.folder):
        source = runs.client().get_model_version(versions.PROJECT, number).source
        where = runs.client().get_logged_model(source.rpartition("/")[2]).artifact_location
    path, yaml = Path(where.removeprefix("file://")) / "MLmodel", YAML()
    text = path.read_text(encoding="utf-8")
    content = yaml.load(text)
    del content["signature"]
    yaml.dump(content, path)
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


@pytest.mark.usefixtures("measured")
def test_a_registered_model_without_a_signature_is_refused(own_rivals: Repo) -> None:
    with without_signature(own_rivals, "2"):
        code, said = refused(own_rivals)

    assert (code, "signature: the registered model has no signature" in said) == (1, True)
    assert "1 of" in said


def test_a_champion_of_other_feature_code_predicts_by_its_own(
    rivals: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(rivals.folder)
    rows = pd.read_parquet(HOLDOUT_ROWS)
    model = artifact.load(versions.find("1").folder).model
    inputs = pd.read_parquet(paths.FEATURES / dataset.HOLDOUT).drop(columns=schema.TARGET)
    monkeypatch.setattr(batch_files, "makes_features_of", lambda *_: False)  # here, not there
    with benchmark.contender(versions.find("1")) as champion:
        found = benchmark.predict(champion, rows)

    assert champion.own_code
    pd.testing.assert_frame_equal(
        found, outcome.predict(model, inputs, tuple(schema.LABELS)), check_names=False
    )


@pytest.mark.slow
def test_a_real_service_that_is_too_slow_is_refused_and_leaves_no_trace(
    own_rivals: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(benchmark, "REQUESTS", 5)
    own_rivals.change(paths.CONTRACT, "service", "latency_p95_ms", to=0.001)
    before = own_rivals.files()
    code, said = refused(own_rivals)
    checks = {check["name"]: check for check in own_rivals.read(paths.GATE)["checks"]}

    assert code == 1
    assert "latency: p95" in said
    assert "champion, version 1" in said
    assert [name for name, check in checks.items() if not check["ok"]] == ["latency"]
    assert checks["latency"]["found"] > 0.001
    assert checks["memory"]["found"] > 50
    assert own_rivals.files() - before == {str(paths.GATE)}


def times(slow: int, noisy: int = 0, quick: int = 10) -> list[list[float]]:
    """Return the milliseconds of 100 requests to two contenders.

    Args:
        slow: How many the first answers slowly, the same ones each time.
        noisy: How many others the machine holds up, of both, the first ones.
        quick: Milliseconds of all others.
    """
    first = [200.0 if n >= 100 - slow or n < noisy else quick for n in range(100)]
    second = [200.0 if n < noisy else quick for n in range(100)]
    return [list(pair) for pair in zip(first, second, strict=True)]


@pytest.mark.parametrize(
    ("rounds", "found", "asked"),
    [
        ([times(0)], [10, 10], 1),  # a quiet machine
        ([times(0, noisy=90), times(0, noisy=30), times(0)], [10, 10], 3),  # one that gets quiet
        ([times(100)] * 4, [200, 10], benchmark.MOST_ROUNDS),  # a slow version beside a fast one
        ([times(8)] * 4, [200, 10], benchmark.MOST_ROUNDS),  # slow on some rows
        ([times(8, noisy=20), times(8)] * 2, [200, 10], benchmark.MOST_ROUNDS),
        ([times(4)], [10, 10], 1),  # on fewer than p95 speaks of
    ],
)
def test_only_a_busy_machine_gets_better_by_further_rounds(
    rounds: list[list[list[float]]], found: list[int], asked: int
) -> None:
    turns = iter(rounds)
    seen = benchmark.quietest(lambda: next(turns), 100)

    assert list(seen) == pytest.approx(found)
    assert len(list(turns)) == len(rounds) - asked


def test_a_service_that_answers_with_an_error_is_refused(rivals: Repo, known) -> None:
    class Line:
        """A connection whose server fails."""

        status = 500

        def request(self, *_: object) -> None: ...

        def getresponse(self) -> "Line":
            return self

        def read(self) -> bytes:
            return b"the service failed"

    with chdir(rivals.folder):
        by = benchmark.Contender(versions.find("2"), Path(), Path.cwd())

    with pytest.raises(gate.Refused, match="version 2 answered 500 to a row of the hold-out"):
        benchmark.ask(Line(), b"{}", by, [])
