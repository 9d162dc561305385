# The template's. Promises of yours stand in contract.yaml; rules of yours in another Prometheus.
"""Each alert fires on the series that it is about, and all are quiet while all is well."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ..fixtures import ROOT
from ..package import config, errors, interface, rules
from .conftest import needs

pytestmark = pytest.mark.command

STEPS = 220  # of half a minute: nearly two hours
CALLS = 'bentoml_service_request_total{variant="%s",endpoint="/predict",http_response_code="%s"}'
TIMED = 'bentoml_service_request_duration_seconds_%s{variant="champion",endpoint="/predict"%s}'
OKAY, FAILED = CALLS % ("champion", 200), CALLS % ("champion", 500)
ANSWERED, QUICK = TIMED % ("count", ""), TIMED % ("bucket", ',le="0.1"')
RETRAIN = 'monitor_alarm{check="input drift",says="retrain",owner="data"}'
WITHDRAW = 'monitor_alarm{check="errors",says="withdraw",owner="service"}'
SEEN, PERCENT = "monitor_seen_timestamp_seconds", "rollout_step_percent"
LOST = 'prediction_log_lost_total{variant="champion"}'
CHAMPION_UP, PROXY_UP = 'up{job="service",variant="champion"}', 'up{job="repo"}'
ABORTED, HELD = 'rollout_state{state="aborted"}', 'rollout_state{state="held"}'
LED, WATCHED = 'rollout_state{state="running"}', "rollout_seen_timestamp_seconds"
Series = dict[str, str]
Fired = tuple[str, str, str, str]  # alert, severity, owner, window


def grows(by: float) -> str:
    """Return a counter that grows by so much each step."""
    return f"0+{by}x{STEPS}"


def stays(value: float) -> str:
    """Return a gauge that does not move."""
    return f"{value}+0x{STEPS}"


HEALTHY: Series = {
    OKAY: grows(1000),
    FAILED: grows(1),
    ANSWERED: grows(1000),
    QUICK: grows(990),
    RETRAIN: stays(0),
    WITHDRAW: stays(0),
    SEEN: grows(30),
    PERCENT: stays(0),
    CHAMPION_UP: stays(1),
    PROXY_UP: stays(1),
    LOST: stays(7),  # once, and no longer
    ABORTED: stays(0),
    HELD: stays(0),
    LED: stays(0),
    WATCHED: stays(0),  # long ago: none is on its way
}
FAST, MIDDLE = ("page", "service", "1h"), ("page", "service", "6h")
SLOW = ("ticket", "service", "3d")
AVAILABILITY, LATENCY = "AvailabilityBudgetBurns", "LatencyBudgetBurns"
BROKEN: dict[str, tuple[Series, set[Fired]]] = {
    "2 % fail": ({FAILED: grows(20)}, {(AVAILABILITY, *SLOW)}),
    "4 % fail": ({FAILED: grows(42)}, {(AVAILABILITY, *SLOW), (AVAILABILITY, *MIDDLE)}),
    "10 % fail": (
        {FAILED: grows(111)},
        {(AVAILABILITY, *SLOW), (AVAILABILITY, *MIDDLE), (AVAILABILITY, *FAST)},
    ),
    "10 % are slow": ({QUICK: grows(900)}, {(LATENCY, *SLOW)}),
    "40 % are slow": ({QUICK: grows(600)}, {(LATENCY, *SLOW), (LATENCY, *MIDDLE)}),
    "80 % are slow": (
        {QUICK: grows(200)},
        {(LATENCY, *SLOW), (LATENCY, *MIDDLE), (LATENCY, *FAST)},
    ),
    "all failed, and do not any more": (  # the short windows have seen the end of it
        {FAILED: f"0+1000x{STEPS - 80} {1000 * (STEPS - 80)}+0x80"},
        {(AVAILABILITY, *SLOW)},
    ),
    "a candidate with callers fails": (
        {CALLS % ("candidate", 500): grows(20), PERCENT: stays(20)},
        {(AVAILABILITY, *SLOW)},
    ),
    "the champion is down": ({CHAMPION_UP: stays(0)}, {("ServiceDown", "page", "service", "")}),
    "nobody asks for it": ({CHAMPION_UP: ""}, {("ServiceDown", "page", "service", "")}),
    "the proxy is down": ({PROXY_UP: stays(0)}, {("ProxyDown", "page", "service", "")}),
    "no request": (
        {OKAY: stays(7), FAILED: stays(0), ANSWERED: stays(7), QUICK: stays(7)},
        {("NoRequests", "ticket", "service", "")},
    ),
    "no count": (
        {OKAY: "", FAILED: "", ANSWERED: "", QUICK: ""},
        {("NoRequests", "ticket", "service", "")},
    ),
    "a full disk": ({LOST: grows(1)}, {("CallsNotLogged", "ticket", "service", "")}),
    "drift": ({RETRAIN: stays(1)}, {("MonitorRetrain", "ticket", "data", "")}),
    "harm": ({WITHDRAW: stays(1)}, {("MonitorWithdraw", "page", "service", "")}),
    "an old look": ({SEEN: stays(0)}, {("MonitorSilent", "ticket", "model", "")}),
    "no look": ({SEEN: ""}, {("MonitorSilent", "ticket", "model", "")}),
    "aborted": ({ABORTED: stays(1)}, {("RolloutAborted", "ticket", "model", "")}),
    "held": (
        {HELD: stays(1), WATCHED: grows(30)},
        {("RolloutHeld", "ticket", "model", "")},
    ),
    "its command was killed": ({LED: stays(1)}, {("RolloutAlone", "page", "service", "")}),
}
QUIET: dict[str, Series] = {
    "healthy": {},
    "a shadow fails, which no user sees": {CALLS % ("candidate", 500): grows(2000)},
    "a rollout is led": {LED: stays(1), WATCHED: grows(30)},
    "half of a few fail, and are slow": {
        OKAY: grows(0.001),
        FAILED: grows(0.001),
        ANSWERED: grows(0.001),
        QUICK: grows(0.0005),
    },
}


@pytest.fixture(scope="session")
def contract() -> interface.Contract:
    """Return the contract with promises for which the series above are made."""
    known = config.load_contract(ROOT / "contract.yaml")
    fixed = {
        "service": interface.Service(latency_p95_ms=100, availability=0.995),
        "alerting": interface.Alerting(),
        "monitoring": interface.Monitoring(window_days=0.01),
    }
    return known.model_copy(update=fixed)


def fires(
    series: Series, contract: interface.Contract, folder: Path, seconds: int = 30
) -> set[Fired]:
    """Return what fires at the end: promtool, told to expect nothing, lists it."""
    query = 'count by (alertname, severity, owner, window) (ALERTS{alertstate="firing"})'
    content = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": f"{seconds}s",
        "tests": [
            {
                "interval": f"{seconds}s",
                "input_series": [{"series": k, "values": v} for k, v in series.items() if v],
                "promql_expr_test": [
                    {"expr": query, "eval_time": f"{seconds * STEPS}s", "exp_samples": []}
                ],
            }
        ],
    }
    (folder / "rules.yml").write_text(json.dumps(rules.rules(contract)), encoding="utf-8")
    (folder / "tests.yml").write_text(json.dumps(content), encoding="utf-8")
    said = promtool("test", "rules", str(folder / "tests.yml"))
    assert "SUCCESS" in said or "alertname=" in said, said
    return {alert(found) for found in re.findall(r"\{[^{}]*alertname=[^{}]*\}", said)}


def alert(labels: str) -> Fired:
    """Read an alert that promtool found though none was expected."""
    found = dict(re.findall(r'(\w+)="([^"]*)"', labels))
    return found["alertname"], found["severity"], found["owner"], found.get("window", "")


def promtool(*arguments: str) -> str:
    """Return all that promtool says."""
    done = subprocess.run(["promtool", *arguments], capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.mark.slow
@needs("promtool")
@pytest.mark.parametrize("what", BROKEN)
def test_an_alert_fires(what: str, contract: interface.Contract, tmp_path: Path) -> None:
    changed, expected = BROKEN[what]

    assert fires({**HEALTHY, **changed}, contract, tmp_path) == expected


@needs("promtool")
@pytest.mark.parametrize("what", QUIET)
def test_all_are_quiet(what: str, contract: interface.Contract, tmp_path: Path) -> None:
    assert fires({**HEALTHY, **QUIET[what]}, contract, tmp_path) == set()


@needs("promtool")
def test_a_rollout_that_was_aborted_is_old_news_after_a_day(
    contract: interface.Contract, tmp_path: Path
) -> None:
    aborted = {**HEALTHY, ABORTED: stays(1)}
    news, old = (
        {name for name, *_ in fires(aborted, contract, tmp_path, seconds)} for seconds in (60, 600)
    )

    assert "RolloutAborted" in news
    assert "RolloutAborted" not in old  # 37 hours later


def test_every_alert_is_fired_by_a_test(contract: interface.Contract) -> None:
    made = {(name, window) for _, fired in BROKEN.values() for name, _, _, window in fired}

    assert made == {(one["alert"], one["labels"].get("window", "")) for one in alerts(contract)}


def alerts(contract: interface.Contract) -> list[dict[str, Any]]:
    """Return every rule that alerts."""
    groups = rules.rules(contract)["groups"]
    return [one for group in groups for one in group["rules"] if "alert" in one]


def test_every_alert_says_how_bad_whose_and_where_to_read_on(contract: interface.Contract) -> None:
    for one in alerts(contract):
        assert one["labels"]["severity"] in ("page", "ticket")
        of_metric = "monitor_alarm{" in one["expr"]
        assert of_metric or one["labels"]["owner"] in dict(contract.owners)
        assert one["annotations"]["summary"]
        assert contract.owners.model.email in one["annotations"]["owner"] or not of_metric
        assert one["annotations"]["runbook"] == f"{rules.RUNBOOK}#{one['alert'].lower()}"


@needs("promtool")
def test_the_rules_of_this_contract_are_valid(tmp_path: Path) -> None:
    content = rules.rules(config.load_contract(ROOT / "contract.yaml"))
    (tmp_path / "rules.yml").write_text(json.dumps(content), encoding="utf-8")

    assert "SUCCESS" in promtool("check", "rules", str(tmp_path / "rules.yml"))


@pytest.mark.parametrize(
    ("burn", "found"),
    [
        ({"long": "1 hour"}, "'1 hour' is no window"),
        ({"short": "1h"}, "expected short < long"),
        ({"long": "90d"}, "period_days"),
        ({"factor": 20}, "could never fire"),
    ],
)
def test_a_burn_rate_that_cannot_fire_is_wrong_input(
    burn: dict[str, Any], found: str, contract: interface.Contract
) -> None:
    wrong = interface.BurnRate(
        **{"long": "1h", "short": "5m", "factor": 1, "severity": "page", **burn}
    )
    asked = contract.model_copy(update={"alerting": interface.Alerting(burn_rates=[wrong])})
    with pytest.raises(errors.WrongInput, match=found):
        rules.rules(asked)


def test_a_latency_that_is_not_measured_is_wrong_input(contract: interface.Contract) -> None:
    slow = interface.Service(latency_p95_ms=200_000)
    with pytest.raises(errors.WrongInput, match="BentoML measures up to 180 s"):
        rules.rules(contract.model_copy(update={"service": slow}))


def test_a_latency_between_two_buckets_is_said_to_be_coarse(contract: interface.Contract) -> None:
    odd = contract.model_copy(update={"service": interface.Service(latency_p95_ms=60)})
    said = [one["annotations"]["summary"] for one in alerts(odd) if one["alert"] == LATENCY]

    assert said
    assert all("counted from 100 ms" in text for text in said)
