# The template's. The bars are yours, in contract.yaml.
"""What a package is asked before it goes anywhere; each question has a case in which it fails."""

import dataclasses
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..broken import NEEDED
from ..fixtures import Done, Repo, rewrite
from ..package import (
    accept,
    acceptance,
    bundle,
    config,
    data,
    errors,
    gate_checks,
    load_test,
    paths,
    schema,
    tables,
)


@pytest.fixture(scope="module")
def accepted(package: Repo) -> Done:
    """Return what `accept` says about a sound package, load test included."""
    return package.must("accept", "--json")


def no(checks: list[gate_checks.Check]) -> list[str]:
    """Name the checks that say no."""
    return [check.name for check in checks if not check.ok]


@pytest.mark.slow
def test_a_sound_package_is_accepted(accepted: Done) -> None:
    verdict = json.loads(accepted.out)
    names = {check["name"] for check in verdict["checks"]}

    assert verdict["accepted"]
    assert {"python", "packages", "features", "contract", "files"} <= names
    assert {"answers", "version", "throughput", "latency", "failures", "quality"} <= names


def test_the_load_test_counts_real_requests(accepted: Done) -> None:
    (found,) = (c for c in json.loads(accepted.out)["checks"] if c["name"] == "failures")

    assert found["reason"].startswith("of ")
    assert int(found["reason"].split()[1]) >= 1


@pytest.fixture
def target(package: Repo, monkeypatch: pytest.MonkeyPatch) -> acceptance.Target:
    """Return this host, in the folder of the package."""
    monkeypatch.chdir(package.folder)
    return acceptance.this_host(Path(str(schema.__file__)).parent)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({}, []),
        ({"python": "3.10.1"}, ["python"]),
        ({"system": "Windows"}, ["system"]),
        ({"features_sha256": "0" * 64}, ["features"]),
    ],
)
def test_a_host_that_does_not_fit_is_named(
    target: acceptance.Target, change: dict[str, Any], check: list[str]
) -> None:
    host = dataclasses.replace(target, **change)
    checks = acceptance.compatible(host, bundle.read(), bundle.PACKAGE / bundle.BENTO)

    assert no(checks) == check


def test_a_package_made_under_another_contract_is_named(own_package: Repo) -> None:
    own_package.change(paths.CONTRACT, "service", "model_mb", to=7)
    done = own_package.run("accept", "target")

    assert done.code == 1
    assert "accept: contract: 1 section of contract.yaml unlike the package's: service" in done.err


def test_a_contract_with_unknown_keys_is_named(target: acceptance.Target, tmp_path: Path) -> None:
    (tmp_path / "contract.yaml").write_text("quality: {metric: f1}\nservise: {}\n")
    check = acceptance.same_contract(target.contract, tmp_path / "contract.yaml")

    assert not check.ok
    assert "servise" in check.reason or "accept" in check.reason


@pytest.mark.parametrize("question", ["target", "quality"])
def test_of_a_package_that_was_changed_nothing_is_accepted(
    own_package: Repo, question: str
) -> None:
    (path,) = (own_package.folder / bundle.PACKAGE).rglob("evaluation.json")
    rewrite(path, metrics={"accuracy": 1.0})
    done = own_package.run("accept", question)

    assert done.code == 1
    assert "evaluation.json" in done.err
    assert "1 of 1 checks failed (files)" in done.err
    assert "accept: quality" not in done.err


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (bundle.LOCKED, b"\xff no name of a package\n"),
        (bundle.LOCKED, b"one ?= 1.0\n"),
        (bundle.LOCKED, None),
        (bundle.RECORD, b"?=3.11"),
        (bundle.SUMS, b""),
    ],
    ids=["bytes", "a line", "gone", "the record", "the sums"],
)
def test_files_that_were_changed_and_cannot_be_read_are_named(
    own_package: Repo, path: Path, content: bytes | None
) -> None:
    place = own_package.folder / bundle.PACKAGE / path
    if content is None:
        place.unlink()
    elif path == bundle.RECORD:
        rewrite(place, requires_python=content.decode())
    elif path == bundle.SUMS:  # one bit of the line about the record
        whole, path = place.read_bytes(), bundle.RECORD
        line = next(one for one in whole.splitlines() if one.endswith(b" package.json"))
        place.write_bytes(whole.replace(line, bytes([line[0] | 0x80]) + line[1:]))
    else:
        place.write_bytes(content)
    done = own_package.run("accept", "target")

    assert done.code == 1
    assert f"accept: files: 1 file changed since it was made: {path}" in done.err


def test_pins_are_those_of_this_machine() -> None:
    text = "# c\none==1.0 \\\n    --hash=sha256:0\n\ntwo==2 ; sys_platform == 'none'\n    # via x\n"

    assert acceptance.pins(text) == {"one": "1.0"}
    assert acceptance.unlike({"pytest": "0.0"})[0].startswith("pytest ")
    assert acceptance.unlike({"pytest": acceptance.installed("pytest")}) == []


EXPECTED = {"predictions": ["a", "b"], "probabilities": [{"a": 1.0}, {"a": 0.0}]}


@pytest.mark.parametrize(
    ("change", "says_no"),
    [
        ({}, []),
        ({"predictions": ["b", "a"]}, ["answers"]),
        ({"predictions": ["a"]}, ["answers"]),
        ({"probabilities": [{"a": 1.0}, {"a": 0.1}]}, ["answers"]),
        ({"probabilities": [{"a": 1.0}, {"b": 0.0}]}, ["answers"]),
        ({"probabilities": [{"a": 1.0}, {"a": 1e-6}]}, ["answers"]),
        ({"probabilities": [{"a": 1.0 - 1e-15}, {"a": 0.0}]}, []),
        ({"model_version": "2"}, ["version"]),
    ],
)
def test_answers_unlike_the_model_s_are_named(change: dict[str, Any], says_no: list[str]) -> None:
    answer = {**EXPECTED, "model_version": "1", **change}

    assert no(acceptance.answers(EXPECTED, answer, "1")) == says_no


@pytest.mark.parametrize(("status", "ok"), [(400, True), (422, True), (200, False), (500, False)])
def test_a_wrong_request_has_to_be_the_caller_s_fault(status: int, ok: bool) -> None:
    assert acceptance.refusal(status, "no rows").ok == ok


@pytest.mark.parametrize(
    ("found", "says_no"),
    [
        (load_test.Load(100, 0, 5.0, 40.0), []),
        (load_test.Load(99, 0, 5.0, 40.0), ["throughput"]),
        (load_test.Load(100, 0, 5.0, 101.0), ["latency"]),
        (load_test.Load(120, 1, 5.0, 40.0), ["failures"]),
        (load_test.Load(0, 0, 5.0, math.inf), ["throughput", "latency"]),
        (load_test.Load(100, 0, 5.0, 101.0, 0.2, 0.1, 0.7), ["host"]),
        (load_test.Load(50, 0, 5.0, 101.0, 0.2, 0.5, 0.25), ["host"]),
        (load_test.Load(100, 0, 5.0, 40.0, 0.2, 0.1, 0.7), []),
        (load_test.Load(100, 0, 5.0, 101.0, 0.6, 0.1, 0.3), ["latency"]),
        (load_test.Load(100, 0, 5.0, 101.0, 0.2, 0.1, 0.4), ["latency"]),
        (load_test.Load(120, 1, 5.0, 40.0, 0.2, 0.1, 0.7), ["failures"]),
    ],
)
def test_load_is_held_against_the_contract(
    package: Repo, monkeypatch: pytest.MonkeyPatch, found: load_test.Load, says_no: list[str]
) -> None:
    monkeypatch.chdir(package.folder)
    contract = config.load_contract()
    contract = contract.model_copy(
        update={
            "service": contract.service.model_copy(update={"latency_p95_ms": 100}),
            "delivery": contract.delivery.model_copy(update={"throughput_rps": 20}),
        }
    )

    assert no(load_test.judge(found, contract)) == says_no


def test_a_full_machine_is_named_and_is_no_fault_of_the_version(
    package: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(package.folder)
    busy = load_test.Load(100, 0, 5.0, 1e6, service=0.2, maker=0.1, others=0.7)
    asked = {"load": lambda _: load_test.judge(busy, config.load_contract())}
    monkeypatch.setattr(accept, "QUESTIONS", asked)

    with pytest.raises(errors.OutsideFailed, match="says nothing"):
        accept.command.main(["load"], standalone_mode=False)
    said = capsys.readouterr().err
    assert "other work had 70 % of its cores, the load test 10 %, the service 20 %" in said
    assert "p95 under load 1e+06 ms" in said


def test_who_had_the_cores_is_told_apart() -> None:
    with subprocess.Popen([sys.executable, "-c", "sum(range(10**7))"]) as other:
        before = load_test.cores(None)
        other.wait()
        found = load_test.shares(before, load_test.cores(os.getpid()))

    assert set(found) == {"service", "maker", "others"}
    assert found["maker"] > 0  # a child that was waited for
    assert found["service"] > 0


def test_a_service_that_fails_under_load_is_seen(
    package: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(package.folder)
    contract = config.load_contract()
    found = load_test.offer("http://127.0.0.1:9", [{"rows": []}], contract)

    assert found.failures == found.requests > 0
    assert {"throughput", "failures"} <= set(no(load_test.judge(found, contract)))


def test_locust_s_figures_are_read() -> None:
    stats = [
        {
            "num_requests": 20,
            "num_failures": 1,
            "start_time": 100.0,
            "last_request_timestamp": 104.0,
            "response_times": {"10": 18, "50": 1, "300": 1},
        }
    ]

    assert load_test.read(stats, 5) == load_test.Load(20, 1, 5, 50)
    assert load_test.read(stats, 2) == load_test.Load(20, 1, 4.0, 50)
    assert load_test.read([], 5) == load_test.Load(0, 0, 5, math.inf)


def test_rows_that_break_the_schema_are_named(own_package: Repo) -> None:
    path = own_package.folder / paths.RAW / paths.SAMPLE.name
    rows = tables.read(path, schema, data)
    gone = next(one.name for one in NEEDED if one.name not in schema.KEY)  # data.py may make a key
    rows.drop(columns=gone).to_parquet(path)
    done = own_package.run("accept", "data")

    assert (done.code, gone in done.err) == (1, True)


def test_a_model_under_the_bar_is_named(package: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(package.folder)
    contract, made = config.load_contract(), bundle.read()
    sign = 1 if contract.quality.better == "higher" else -1
    at_bar = {contract.quality.metric: contract.quality.accept}
    under = {contract.quality.metric: contract.quality.accept - sign}
    of_the_sample = dataclasses.replace(made, version=None)

    assert acceptance.quality({"metrics": at_bar}, contract, made).ok
    assert not acceptance.quality({"metrics": under}, contract, made).ok
    assert not acceptance.quality({"metrics": {}}, contract, made).ok
    shown = acceptance.quality({"metrics": under}, contract, of_the_sample)
    assert (shown.ok, "smoke only" in shown.reason) == (True, True)


def test_an_unknown_question_is_wrong_input(package: Repo) -> None:
    done = package.run("accept", "lod")

    assert (done.code, "did you mean 'load'?" in done.err) == (2, True)


def test_every_question_is_asked_by_default() -> None:
    assert set(accept.QUESTIONS) == {"target", "calls", "load", "data", "quality"}
