# The template's. Steps, waits and bounds are yours, in contract.yaml: rollout, service.
"""A rollout in a cluster: the steps and judgements of this host's, for Argo Rollouts."""

import math
import os
from pathlib import Path
from typing import Any

from .. import PROJECT
from ..interface import Contract
from . import analysis, host, rules

PROMETHEUS = "PROMETHEUS_ADDRESS"
DEFAULT = "http://prometheus-operated.monitoring.svc:9090"
GATEWAY = "GATEWAY_NAME"  # with its namespace before a slash, where that is another
ROUTES = "argoproj-labs/gatewayAPI"  # Argo's plugin for the Gateway API of Kubernetes
API = {"apiVersion": "argoproj.io/v1alpha1"}
SIDE = "rollouts_pod_template_hash"  # what tells the pods of one version from those of another
CANDIDATE, CHAMPION = "candidate", "champion"
VERDICT = f"{PROJECT}-verdict"
BESIDE = f"{PROJECT}-candidate"  # the service of the candidate's pods
NAMED = {"app.kubernetes.io/name": PROJECT}
AN_HOUR = 3600  # seconds of the champion that a step is compared with, at least
BASE = Path("base")


def extend(documents: dict[Path, dict[str, Any]], contract: Contract) -> list[str]:
    """Add a Rollout, its analysis, routes and scraping to manifests; return what to tell."""
    own = {"apiVersion": API["apiVersion"], "kind": "Rollout", "name": PROJECT}
    # the Rollout takes its pods from the Deployment, which runs none itself
    documents[BASE / "deployment.yaml"]["spec"]["replicas"] = 0
    documents[BASE / "autoscaler.yaml"]["spec"]["scaleTargetRef"] = own
    added = {
        "rollout.yaml": rollout(contract),
        "analysis.yaml": template(contract),
        "candidate.yaml": service(documents[BASE / "service.yaml"]),
        "route.yaml": route(contract),
        "scrape.yaml": scrape(contract),
    }
    documents[BASE / "kustomization.yaml"]["resources"] += list(added)
    documents.update({BASE / name: content for name, content in added.items()})
    if not blue_green(contract):
        for path in sorted(documents):
            if path.match("overlays/*/kustomization.yaml"):
                place(documents, path)
    if contract.rollout.shadow:
        first = "all at once" if blue_green(contract) else f"{contract.rollout.steps[0]} %"
        return [f"no shadow in a cluster: Argo mirrors with Istio alone; it begins with {first}"]
    return []


def place(documents: dict[Path, dict[str, Any]], overlay: Path) -> None:
    """Tell the Rollout of an overlay in which namespace its route is: kustomize cannot know."""
    content = documents[overlay]
    routed = {ROUTES: {"namespace": content.get("namespace", "default")}}
    patch = {"canary": {"trafficRouting": {"plugins": routed}}}
    name = "rollout.yaml"
    documents[overlay.with_name(name)] = {
        **API,
        "kind": "Rollout",
        "metadata": {"name": PROJECT},
        "spec": {"strategy": patch},
    }
    content["patches"] = [*content.get("patches", []), {"path": name}]


def blue_green(contract: Contract) -> bool:
    """Say whether all callers change sides at once."""
    return contract.rollout.steps == [100]


def rollout(contract: Contract) -> dict[str, Any]:
    """Return the Rollout: canary by the steps, or blue/green where there is only one."""
    strategy = {"blueGreen": at_once(contract)} if blue_green(contract) else canary(contract)
    return {
        **API,
        "kind": "Rollout",
        "metadata": {"name": PROJECT, "labels": NAMED},
        "spec": {
            "revisionHistoryLimit": 5,
            "selector": {"matchLabels": NAMED},
            "workloadRef": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "name": PROJECT,
                "scaleDown": "onsuccess",
            },
            "strategy": strategy,
        },
    }


def canary(contract: Contract) -> dict[str, Any]:
    """Return the strategy that gives the candidate its share, waits, and judges."""
    bounds, steps = contract.rollout, list[dict[str, Any]]()
    if bounds.autonomy != "act":
        # a person's word, as on a host: kubectl argo rollouts promote
        steps += [{"setCanaryScale": {"replicas": 1}}, {"pause": {}}]
        steps += [{"setCanaryScale": {"matchTrafficWeight": True}}]
    for share in bounds.steps:
        steps += [
            {"setWeight": share},
            {"pause": {"duration": seconds(bounds.wait_seconds)}},
            {"analysis": judged()},
        ]
    return {
        "canary": {
            "stableService": PROJECT,
            "canaryService": BESIDE,
            "trafficRouting": {"plugins": {ROUTES: {"httpRoute": PROJECT}}},
            "steps": steps,
        }
    }


def at_once(contract: Contract) -> dict[str, Any]:
    """Return the strategy that judges after all callers changed sides, and can go back."""
    bounds = contract.rollout
    return {
        "activeService": PROJECT,
        "previewService": BESIDE,
        "autoPromotionEnabled": bounds.autonomy == "act",
        "postPromotionAnalysis": judged(),
        "scaleDownDelaySeconds": math.ceil(bounds.wait_seconds + bounds.patience_seconds),
    }


def judged() -> dict[str, Any]:
    """Return which analysis runs, and how it tells the two sides apart."""
    sides = {CANDIDATE: "Latest", CHAMPION: "Stable"}
    args = [
        {"name": side, "valueFrom": {"podTemplateHashValue": which}}
        for side, which in sides.items()
    ]
    return {"templates": [{"templateName": VERDICT}], "args": args}


def template(contract: Contract) -> dict[str, Any]:
    """Return the analysis: one no aborts, and only all four yeses at once go on.

    In between it looks again, as `rollout` does; after the contract's patience it is held.
    """
    bounds = contract.rollout
    pause = max(1, min(15, math.ceil(bounds.wait_seconds / 10)))
    # after a switch all at once, the stage has not lasted yet when the analysis begins
    first = {"initialDelay": seconds(bounds.wait_seconds)} if blue_green(contract) else {}
    metric = {
        "name": "verdict",
        **first,
        "interval": f"{pause}s",
        "consecutiveSuccessLimit": 1,
        "failureLimit": 0,
        "inconclusiveLimit": math.ceil(bounds.patience_seconds / pause),
        "successCondition": f"len(result) == {len(queries(contract))} && all(result, # == 0)",
        "failureCondition": "any(result, # == 2)",
        "provider": {
            "prometheus": {
                "address": os.environ.get(PROMETHEUS) or DEFAULT,
                "query": query(contract),
            }
        },
    }
    args = [{"name": CANDIDATE}, {"name": CHAMPION}]
    return {
        **API,
        "kind": "AnalysisTemplate",
        "metadata": {"name": VERDICT, "labels": NAMED},
        "spec": {"args": args, "metrics": [metric]},
    }


def query(contract: Contract) -> str:
    """Return every judgement in one query: they count only together."""
    named = (
        f'label_replace({one}, "check", "{name}", "", "")'
        for name, one in queries(contract).items()
    )
    return "\nor ".join(named)


def queries(contract: Contract) -> dict[str, str]:
    """Return each judgement of `analysis` as a query: 0 is ok, 1 wait, 2 abort."""
    bounds = contract.rollout
    least = bounds.min_requests
    mine, theirs = requests(CANDIDATE, contract), requests(CHAMPION, contract)
    enough = f"({mine} >= bool {least})"
    failed = requests(CANDIDATE, contract, ',http_response_code=~"5.."')
    return {
        "requests": f"({mine} < bool {least})",
        "errors": f"2 * ({failed} > bool {bounds.max_error_rate} * clamp_min({mine}, {least}))",
        "latency": latency(mine, theirs, enough, contract),
        "answers": answers(mine, theirs, enough, contract),
    }


def latency(mine: str, theirs: str, enough: str, contract: Contract) -> str:
    """Return whether too many answers are slow, more than chance and more than the champion's."""
    slow, beside = slower(CANDIDATE, contract), slower(CHAMPION, contract)
    surely = f"({slow} - {margin(mine)} > bool {analysis.SLOW})"
    surely += f" * ({slow} - {beside} > bool {margin(both(mine, theirs))}) * {enough}"
    return f"(({slow} > bool {analysis.SLOW}) + {surely})"


def slower(side: str, contract: Contract) -> str:
    """Return the share of the answers over the contract's latency; nothing of nothing."""
    bound = rules.covering(contract.service.latency_p95_ms)
    within = count(f"{rules.TIMED}_bucket", side, contract, f',endpoint="/predict",le="{bound}"')
    whole = count(f"{rules.TIMED}_count", side, contract, ',endpoint="/predict"')
    return f"(({whole} - {within}) / clamp_min({whole}, 1))"


def answers(mine: str, theirs: str, enough: str, contract: Contract) -> str:
    """Return whether the answers are spread unlike the champion's, as labels or as numbers."""
    bounds = contract.rollout
    rows = [
        count("model_prediction_value_bucket", side, contract, ',le="+Inf"')
        for side in (CANDIDATE, CHAMPION)
    ]
    known = [f"({n} < {asked} or {asked})" for n, asked in zip(rows, (mine, theirs), strict=True)]
    labels, numbers = spread("model_predictions_total", "value", contract), steps_apart(contract)
    of_both = [f'label_replace({labels} / 2, "of", "labels", "", "")']
    of_both += [f'label_replace({numbers}, "of", "numbers", "", "")']
    found = f"max({' or '.join(of_both)})"
    of_each = by("model_predictions_total", CANDIDATE, "value", contract)
    kinds = f"clamp_min(count({of_each}) or vector(0), 1)"
    surely = f"({found} - {margin(both(*known), kinds)} > bool {bounds.max_shift}) * {enough}"
    few = [f"({one} < bool {bounds.min_requests})" for one in known]
    some = f"clamp_max({' + '.join(few)}, 1)"
    return f"({some} + (1 - {some}) * (({found} > bool {bounds.max_shift}) + {surely}))"


def spread(metric: str, label: str, contract: Contract) -> str:
    """Return the sum of how far the shares of each label are apart."""
    shares = []
    for side, other in ((CANDIDATE, CHAMPION), (CHAMPION, CANDIDATE)):
        own = by(metric, side, label, contract)
        filled = f"({own} or 0 * {by(metric, other, label, contract)})"
        shares.append(f"{filled} / scalar(clamp_min(sum({own}), 1))")
    return f"sum(abs({shares[0]} - {shares[1]}))"


def steps_apart(contract: Contract) -> str:
    """Return the largest distance of the two cumulative distributions of numbers."""
    metric, shares = "model_prediction_value_bucket", []
    for side in (CANDIDATE, CHAMPION):
        whole = count(metric, side, contract, ',le="+Inf"')
        shares.append(f"{by(metric, side, 'le', contract)} / scalar(clamp_min({whole}, 1))")
    return f"max(abs({shares[0]} - {shares[1]}))"


def requests(side: str, contract: Contract, more: str = "") -> str:
    """Return how many requests one side answered."""
    return count(rules.TOTAL, side, contract, f',endpoint="/predict"{more}')


def count(metric: str, side: str, contract: Contract, more: str = "") -> str:
    """Return how much a counter grew; zero where nothing was counted."""
    return f"(sum({since(metric, side, contract, more)}) or vector(0))"


def by(metric: str, side: str, label: str, contract: Contract) -> str:
    """Return how much a counter grew, for each value of a label."""
    return f"(sum by ({label}) ({since(metric, side, contract)}))"


def since(metric: str, side: str, contract: Contract, more: str = "") -> str:
    """Return how much each counter grew, exactly: `increase` guesses what lies between two looks.

    A counter that is new, or that began anew, counts from zero. The candidate's grew in this
    step; the champion's longer, for the last steps leave it no callers.
    """
    window = contract.rollout.wait_seconds
    window = max(window, AN_HOUR) if side == CHAMPION else window
    now = f'{metric}{{{SIDE}="{{{{args.{side}}}}}"{more}}}'
    return f"({now} - (({now} offset {seconds(window)} <= {now}) or 0 * {now}))"


def both(one: str, other: str) -> str:
    """Return the count that two shares, compared with each other, are as sure as."""
    return f"({one} * {other} / clamp_min({one} + {other}, 1))"


def margin(counted: str, kinds: str = "2") -> str:
    """Return how far a share of so many answers may be off by chance, as `analysis.margin`."""
    sets = f"({kinds} * {math.log(2)} + {-math.log(analysis.DOUBT)})"
    return f"clamp_max(sqrt({sets} / (2 * clamp_min({counted}, 0.001))), 1)"


def service(own: dict[str, Any]) -> dict[str, Any]:
    """Return the service of the candidate's pods; Argo narrows both down."""
    return {**own, "metadata": {**own["metadata"], "name": BESIDE}}


def route(contract: Contract) -> dict[str, Any]:
    """Return the route whose weights Argo changes; of blue/green the service itself is changed."""
    names = [PROJECT] if blue_green(contract) else [PROJECT, BESIDE]
    weights = [100, 0]
    namespace, _, gateway = (os.environ.get(GATEWAY) or "gateway").rpartition("/")
    parent = {"name": gateway, **({"namespace": namespace} if namespace else {})}
    backends = [
        {"name": name, "port": 80, "weight": weight}
        for name, weight in zip(names, weights, strict=False)
    ]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": PROJECT, "labels": NAMED},
        "spec": {
            "parentRefs": [parent],
            "rules": [{"backendRefs": backends}],
        },
    }


def scrape(contract: Contract) -> dict[str, Any]:
    """Return what lets Prometheus count each version by itself."""
    pods = {"port": "http", "path": "/metrics", "interval": f"{host.looks(contract)}s"}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {"name": PROJECT, "labels": NAMED},
        "spec": {
            "selector": {"matchLabels": NAMED},
            "podTargetLabels": ["rollouts-pod-template-hash"],
            "podMetricsEndpoints": [pods],
        },
    }


def seconds(number: float) -> str:
    """Return a time as Argo and Prometheus spell it."""
    return f"{math.ceil(number)}s"
