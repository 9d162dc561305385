# The template's. Objectives and burn rates are yours, in contract.yaml: service and alerting.
"""What Prometheus records, and when it alerts: the contract's promises as rules."""

import re
from itertools import chain
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from ..config import load_contract
from ..errors import WrongInput
from ..files import whole_file
from ..interface import BurnRate, Contract
from . import routes

FILE = "rules.yml"
RUNBOOK = "docs/handbook/runbook.md"
# BentoML's upper bounds, in seconds; a test holds them equal to what a service exports
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 180.0)
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
SLOW_BUDGET = 0.05  # the promise is about 95 of 100 answers
ALONE = 300  # seconds; a command that leads a rollout looks every 15, and starts a process in 120
TOTAL = "bentoml_service_request_total"
TIMED = "bentoml_service_request_duration_seconds"
Rule = dict[str, Any]


def render(folder: Path) -> None:
    """Write rules and routes to a folder, each whole or not at all.

    Raises:
        WrongInput: If a promise of the contract cannot be watched.
    """
    contract = load_contract()
    content = rules(contract)
    yaml = YAML()
    yaml.width = 4096  # an expression stays on one line
    with whole_file(folder / FILE) as part:
        yaml.dump(content, part)
    routes.render(folder, contract)


def rules(contract: Contract) -> dict[str, Any]:
    """Return every group of rules, as Prometheus reads it.

    Raises:
        WrongInput: If a promise of the contract cannot be watched.
    """
    burns = [checked(burn, contract) for burn in contract.alerting.burn_rates]
    windows = sorted({w for burn in burns for w in (burn.long, burn.short)}, key=seconds)
    burning = chain.from_iterable(budget_burns(burn, contract) for burn in burns)
    groups = {
        "requests": recorded(contract),
        "ratios": [one for window in windows for one in ratios(window)],
        "promises": list(burning),
        "processes": processes(),
        "monitor": monitor(contract),
        "rollout": rollout(),
    }
    for one in chain.from_iterable(groups.values()):
        if "alert" in one:
            one["annotations"]["owner"] = answers(one["labels"].get("owner", ""), contract)
    return {"groups": [{"name": name, "rules": found} for name, found in groups.items()]}


def answers(role: str, contract: Contract) -> str:
    """Return who has a role, by name; without a role, as Prometheus finds it in the metric."""
    named = {known: routes.person(owner) for known, owner in contract.owners}
    if role:
        return named[role]
    found = [f'{{{{ if eq $labels.owner "{known}" }}}}{who}' for known, who in named.items()]
    return "".join(f"{one}{{{{ end }}}}" for one in found)


def recorded(contract: Contract) -> list[Rule]:
    """Return what users asked for, what failed and what was slow, per second.

    A candidate counts while callers are sent to it, and not as a shadow, which no user sees.
    """
    limit = covering(contract.service.latency_p95_ms)
    within = users(f"{TIMED}_bucket", f',le="{limit}"')
    return [
        {"record": "service:requests:rate1m", "expr": users(TOTAL)},
        {"record": "service:errors:rate1m", "expr": users(TOTAL, ',http_response_code=~"5.."')},
        {"record": "service:slow:rate1m", "expr": f"{users(f'{TIMED}_count')} - {within}"},
    ]


def users(metric: str, more: str = "") -> str:
    """Return the rate of a counter of `/predict`, zero where nothing was counted."""

    def of(variant: str) -> str:
        return f'sum(rate({metric}{{variant="{variant}",endpoint="/predict"{more}}}[1m]))'

    live = f"({of('candidate')} and on() (rollout_step_percent > 0) or vector(0))"
    return f"(({of('champion')} or vector(0)) + {live})"


def ratios(window: str) -> list[Rule]:
    """Return the shares of failed and of slow requests in a window; of nothing there is none."""
    whole = f"avg_over_time(service:requests:rate1m[{window}])"
    return [
        {
            "record": f"service:{name}_ratio:{window}",
            "expr": f"avg_over_time(service:{name}:rate1m[{window}]) / {whole}",
        }
        for name in ("errors", "slow")
    ]


def budget_burns(burn: BurnRate, contract: Contract) -> list[Rule]:
    """Return the alerts of one burn rate: one for availability, one for latency."""
    service, days = contract.service, contract.alerting.period_days
    limit = covering(service.latency_p95_ms)
    unsaid = 1000 * limit - service.latency_p95_ms
    coarse = f"; counted from {1000 * limit:g} ms, the next bound that is measured"
    gone = f"at this rate the budget of {days} days is gone in {days / burn.factor:.3g} days"
    failed = f"{{{{ $value | humanizePercentage }}}} of the requests failed in {burn.long}"
    slow = f"{{{{ $value | humanizePercentage }}}} of the answers were slow in {burn.long}"
    promised = f"{100 * (1 - service.availability):.3g} %"
    return [
        alert(
            "AvailabilityBudgetBurns",
            both("errors", burn, 1 - service.availability, contract),
            burn.severity,
            "service",
            f"{failed}; promised is {promised} at most, and {gone}",
            window=burn.long,
        ),
        alert(
            "LatencyBudgetBurns",
            both("slow", burn, SLOW_BUDGET, contract),
            burn.severity,
            "service",
            f"{slow}; promised are 95 of 100 within {service.latency_p95_ms:g} ms"
            f"{coarse if unsaid else ''}, and {gone}",
            window=burn.long,
        ),
    ]


def both(name: str, burn: BurnRate, budget: float, contract: Contract) -> str:
    """Return that a budget burns too fast in the long window, and still does in the short one.

    Of a few requests a single failure is a large share, so the long window must hold enough.
    """
    bar, least = f"> {burn.factor * budget:.6g}", contract.alerting.min_requests
    burns = [f"service:{name}_ratio:{window} {bar}" for window in (burn.long, burn.short)]
    asked = f"avg_over_time(service:requests:rate1m[{burn.long}]) * {seconds(burn.long)}"
    return " and ".join([*burns, f"{asked} >= {least}"])


def processes() -> list[Rule]:
    """Return the alerts about what runs, and about what is not seen."""
    silent = "avg_over_time(service:requests:rate1m[1h]) == 0"
    return [
        alert(
            "ServiceDown",
            down('variant="champion"'),
            "page",
            "service",
            "the champion's process does not answer",
            "1m",
        ),
        alert("ProxyDown", down('job="repo"'), "page", "service", "nginx does not answer", "1m"),
        alert(
            "NoRequests",
            silent,
            "ticket",
            "service",
            "nobody asked for an hour, or no count came",
            "30m",
        ),
        alert(
            "CallsNotLogged",
            "sum(increase(prediction_log_lost_total[10m])) > 0",
            "ticket",
            "service",
            "calls are answered that the prediction log does not have",
        ),
    ]


def down(target: str) -> str:
    """Return that a target does not answer, or that nobody asks it."""
    return f"up{{{target}}} == 0 or absent(up{{{target}}})"


def monitor(contract: Contract) -> list[Rule]:
    """Return the alerts of the monitor's verdict; whose they are, the exported metric says."""
    days = contract.monitoring.window_days
    late = f"time() - monitor_seen_timestamp_seconds > {days * SECONDS['d']:.6g}"
    found = "{{ $labels.check }}: the monitor says "
    return [
        alert("MonitorWithdraw", alarm("withdraw"), "page", "", f"{found}withdraw"),
        alert("MonitorRetrain", alarm("retrain"), "ticket", "", f"{found}retrain"),
        alert(
            "MonitorSilent",
            f"{late} or absent(monitor_seen_timestamp_seconds)",
            "ticket",
            "model",
            f"the monitor has not looked for {days:g} days",
            "1h",
        ),
    ]


def alarm(says: str) -> str:
    """Return that a check of the monitor is an alarm which asks for something."""
    return f'monitor_alarm{{says="{says}"}} == 1'


def rollout() -> list[Rule]:
    """Return the alerts of a rollout that does not go on."""
    gone = 'rollout_state{state="aborted"} == 1'
    # for a day: it stays the last one until somebody starts another
    fresh = f'{gone} unless (rollout_state{{state="aborted"}} offset 1d == 1)'
    on_its_way = 'rollout_state{state=~"running|held"} == 1'
    why = "`rollout status` says why"
    return [
        alert("RolloutAborted", fresh, "ticket", "model", f"a rollout was aborted; {why}"),
        alert(
            "RolloutHeld",
            'rollout_state{state="held"} == 1',
            "ticket",
            "model",
            f"a rollout is held at its step; {why}",
        ),
        alert(
            "RolloutAlone",
            f"time() - rollout_seen_timestamp_seconds > {ALONE} and on() ({on_its_way})",
            "page",
            "service",
            "a candidate gets traffic, or a copy of it, and no command watches it",
        ),
    ]


def alert(
    name: str, expr: str, severity: str, owner: str, summary: str, wait: str = "", **labels: str
) -> Rule:
    """Return an alert; without an owner that of the metric stays."""
    found: Rule = {"alert": name, "expr": expr}
    if wait:
        found["for"] = wait
    found["labels"] = {"severity": severity, **({"owner": owner} if owner else {}), **labels}
    found["annotations"] = {"summary": summary, "runbook": f"{RUNBOOK}#{name.lower()}"}
    return found


def covering(limit_ms: float) -> float:
    """Return the smallest measured bound, in seconds, that is not below a latency.

    Raises:
        WrongInput: If there is none.
    """
    for bound in BUCKETS:
        if limit_ms <= 1000 * bound:
            return bound
    message = f"service.latency_p95_ms is {limit_ms:g}; BentoML measures up to {BUCKETS[-1]:g} s"
    raise WrongInput(f"contract.yaml: {message}", "promise a latency that can be measured")


def checked(burn: BurnRate, contract: Contract) -> BurnRate:
    """Return a burn rate that can fire; `WrongInput` for one that cannot."""
    where = f"contract.yaml: alerting.burn_rates: {burn.long} and {burn.short}"
    if not seconds(burn.short) < seconds(burn.long) <= contract.alerting.period_days * 86400:
        message = f"{where}: expected short < long ≤ period_days ({contract.alerting.period_days})"
        raise WrongInput(message, "write them as 5m, 1h or 3d")
    for name, budget in (
        ("availability", 1 - contract.service.availability),
        ("latency", SLOW_BUDGET),
    ):
        if burn.factor * budget >= 1:
            message = f"{where}: {burn.factor:g} times the budget of {name}, {budget:.3g}, is 1 or"
            hint = f"take a factor below {1 / budget:.3g}"
            raise WrongInput(f"{message} more: it could never fire", hint)
    return burn


def seconds(window: str) -> int:
    """Return the length of a window such as `5m`; `WrongInput` for what is none."""
    found = re.fullmatch(r"([1-9]\d*)([smhdw])", window)
    if found is None:
        message = f"contract.yaml: alerting.burn_rates: {window!r} is no window"
        raise WrongInput(message, "write it as 5m, 1h or 3d")
    return int(found[1]) * SECONDS[found[2]]
