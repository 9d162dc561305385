# The template's. Bounds of yours are in contract.yaml: rollout.
"""What a cluster judges equals what `rollout` judges, on the same traffic."""

import json
import math
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from ..fixtures import ROOT
from ..package import analysis, argo, interface, manifests, rules, schema, tables
from ..scrape import scraped
from .conftest import needs

EVERY = 15  # seconds between two looks of Prometheus
BEFORE = 300  # looks before the candidate is there
STAGE = 20  # looks of the step: 300 seconds
SIDES = {argo.CANDIDATE: "new", argo.CHAMPION: "old"}
SAYS = {"ok": 0, "wait": 1, "abort": 2}
VALUES = (0.25, 0.5, 0.75, math.inf)


@dataclass(frozen=True)
class Answers:
    """What one side answered in a step: counts, and how its rows are spread."""

    requests: int = 2000
    errors: int = 0
    slow: int = 40
    late: float = 0.2  # share of the rows with the label `late`
    values: tuple[float, ...] = (0.3, 0.6, 0.9, 1.0)

    def side(self) -> Any:
        """Return it as what the host judges."""
        return analysis.Side(
            requests=self.requests,
            errors=self.errors,
            slower=self.slow,
            labels={"late": self.late * self.requests, "on_time": (1 - self.late) * self.requests},
            values={b: s * self.requests for b, s in zip(VALUES, self.values, strict=True)},
        )

    def series(self, which: str, before: int) -> list[dict[str, str]]:
        """Return it as counters that grow in each look of the step, and grew before."""
        pods = f'{argo.SIDE}="{which}"'
        calls = f'{pods},endpoint="/predict"'
        bound = rules.covering(contract().service.latency_p95_ms)
        counted = {
            f'{rules.TOTAL}{{{calls},http_response_code="200"}}': self.requests - self.errors,
            f'{rules.TOTAL}{{{calls},http_response_code="500"}}': self.errors,
            f"{rules.TIMED}_count{{{calls}}}": self.requests,
            f'{rules.TIMED}_bucket{{{calls},le="{bound}"}}': self.requests - self.slow,
        }
        for label, part in (("late", self.late), ("on_time", 1 - self.late)):
            counted[f'model_predictions_total{{{pods},value="{label}"}}'] = part * self.requests
        for limit, part in zip(VALUES, self.values, strict=True):
            le = "+Inf" if limit == math.inf else f"{limit}"
            counted[f'model_prediction_value_bucket{{{pods},le="{le}"}}'] = part * self.requests
        found = []
        for name, count in counted.items():
            rate = count / STAGE
            old = f"0+{rate}x{BEFORE} " if before else f"_x{BEFORE} "
            start = rate * (BEFORE + 1) if before else 0
            found.append({"series": name, "values": f"{old}{start}+{rate}x{STAGE}"})
        return found


def contract(**rollout: Any) -> Any:
    """Return a contract with these keys in its section `rollout`."""
    bars = {"metric": "m", "accept": 0.7, "retrain": 0.6, "withdraw": 0.5}
    bounds = {"wait_seconds": STAGE * EVERY, "patience_seconds": 3600, **rollout}
    return interface.Contract(quality=bars, rollout=bounds)


GOOD = Answers()
CASES = {
    "good": (GOOD, "promote"),
    "as good": (Answers(late=0.22, values=(0.28, 0.6, 0.88, 1.0)), "promote"),
    "slow": (Answers(slow=800), "abort"),
    "a little slow": (Answers(slow=110), "hold"),
    "failing": (Answers(errors=100), "abort"),
    "failing within bounds": (Answers(errors=10), "promote"),
    "shifted labels": (Answers(late=0.8), "abort"),
    "shifted a little": (Answers(late=0.37), "hold"),
    "shifted numbers": (Answers(values=(0.9, 0.95, 0.98, 1.0)), "abort"),
    "too few": (Answers(requests=100, slow=2), "hold"),
    "few and failing": (Answers(requests=100, slow=0, errors=60), "abort"),
    "few and slow": (Answers(requests=100, slow=90), "hold"),
}


def promtool(folder: Path, candidate: Answers, expected: dict[str, int], bounds: Any) -> str:
    """Return what promtool has against this verdict; nothing when it finds the same."""
    text = argo.query(bounds)
    for side, pods in SIDES.items():
        text = text.replace(f"{{{{args.{side}}}}}", pods)
    samples = [{"labels": f'{{check="{name}"}}', "value": one} for name, one in expected.items()]
    moment = f"{(BEFORE + 1 + STAGE) * EVERY}s"
    test = {
        "interval": f"{EVERY}s",
        "input_series": candidate.series("new", 0) + GOOD.series("old", BEFORE),
        "promql_expr_test": [{"expr": text, "eval_time": moment, "exp_samples": samples}],
    }
    (folder / "tests.yml").write_text(json.dumps({"tests": [test]}))
    command = ["promtool", "test", "rules", str(folder / "tests.yml")]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode else ""


def judged(candidate: Answers, bounds: Any) -> tuple[dict[str, int], str]:
    """Return what the host says of each question that a cluster can answer, and what follows."""
    champion = GOOD.side()
    facts = analysis.Facts(
        candidate=candidate.side(), champion=champion, before=champion, elapsed=STAGE * EVERY
    )
    outcome = analysis.judge(facts, bounds)
    says = {one.name: SAYS[one.says] for one in outcome.findings}
    return {name: says[name] for name in argo.queries(bounds)}, outcome.says


@needs("promtool")
@pytest.mark.parametrize("name", CASES)
def test_prometheus_says_of_each_candidate_what_the_host_says(name: str, tmp_path: Path) -> None:
    candidate, follows = CASES[name]
    expected, says = judged(candidate, contract())

    assert says == follows, expected
    assert promtool(tmp_path, candidate, expected, contract()) == ""


@needs("promtool")
def test_another_verdict_would_be_seen(tmp_path: Path) -> None:
    expected, _ = judged(GOOD, contract())

    assert "got:" in promtool(tmp_path, GOOD, {**expected, "errors": 2}, contract())


def test_what_the_query_counts_is_what_the_service_exports(
    service: httpx.Client, known: pd.DataFrame
) -> None:
    service.post("/predict", json={"rows": tables.as_records(known.head(3))})
    samples = scraped(service.get("/metrics").text)
    exported = {(name, *one) for name, labels in samples for one in (("", ""), *labels)}
    named = {name for name, *_ in exported}
    asked = re.findall(r'(\w+)\{\w+="[^"]*"((?:,\w+="[^"]*")*)', argo.query(contract()))

    assert len({name for name, _ in asked}) == 5
    for name, labels in asked:
        if name == "model_predictions_total" and not schema.LABELS:
            continue
        assert name in named
        for label, value in re.findall(r'(\w+)="([^"]*)"', labels):
            assert (name, label, value) in exported
    scaled = ROOT / manifests.SOURCE / "base/autoscaler.yaml"
    (by,) = re.findall(r"metric: \{name: (\w+)\}", scaled.read_text())
    assert by in named


def steps(**rollout: Any) -> list[dict[str, Any]]:
    """Return the steps of the Rollout that a contract makes."""
    found: list[dict[str, Any]] = argo.canary(contract(**rollout))["canary"]["steps"]
    return found


def test_the_steps_are_those_of_the_contract_each_waited_for_and_judged() -> None:
    found = steps(steps=[5, 50, 100], autonomy="act")

    assert [one["setWeight"] for one in found if "setWeight" in one] == [5, 50, 100]
    assert [next(iter(one)) for one in found] == ["setWeight", "pause", "analysis"] * 3
    assert found[1] == {"pause": {"duration": "300s"}}


def test_without_a_word_of_a_person_nothing_begins() -> None:
    found = steps(autonomy="propose")

    assert {"pause": {}} in found[:2]
    assert found[0] == {"setCanaryScale": {"replicas": 1}}
    assert {"pause": {}} not in steps(autonomy="act")


def test_one_step_is_blue_green_and_can_go_back() -> None:
    made = argo.rollout(contract(steps=[100]))["spec"]["strategy"]["blueGreen"]

    assert made["autoPromotionEnabled"] is False
    assert made["postPromotionAnalysis"]["templates"] == [{"templateName": argo.VERDICT}]
    assert made["scaleDownDelaySeconds"] == 3900
    assert len(argo.route(contract(steps=[100]))["spec"]["rules"][0]["backendRefs"]) == 1


def written(**rollout: Any) -> tuple[dict[Path, Any], list[str]]:
    """Return what is added to the manifests of this repo, and what is told."""
    named = dict.fromkeys(["NAME", "PACKAGE", "IMAGE", "VERSION", "MODEL_SHA256"], "late")
    documents = manifests.filled({**named, "MEMORY": "1Gi", "MODEL_SPACE": "1Gi"})
    return documents, argo.extend(documents, contract(**rollout))


def test_the_rollout_runs_the_pods_of_the_deployment_and_is_scaled_in_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    documents, told = written()

    own = documents[argo.BASE / "rollout.yaml"]
    assert documents[argo.BASE / "deployment.yaml"]["spec"]["replicas"] == 0
    assert own["spec"]["workloadRef"]["name"] == own["metadata"]["name"]
    assert documents[argo.BASE / "autoscaler.yaml"]["spec"]["scaleTargetRef"]["kind"] == "Rollout"
    assert len(told) == 1
    assert "no shadow in a cluster" in told[0]
    routed = documents[Path("overlays/test/rollout.yaml")]["spec"]["strategy"]["canary"]
    place = {argo.ROUTES: {"namespace": "late-test"}}
    assert routed["trafficRouting"]["plugins"] == place
    for path, content in documents.items():
        for name in content.get("resources", []) if path.name == "kustomization.yaml" else []:
            assert path.parent / name in documents or name == "../../base"


def test_blue_green_needs_no_weights_and_without_a_shadow_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    documents, told = written(steps=[100], shadow=False)

    assert told == []
    assert Path("overlays/test/rollout.yaml") not in documents


def test_a_gateway_may_be_in_another_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(argo.GATEWAY, "ingress/public")

    parents = argo.route(contract())["spec"]["parentRefs"]
    assert parents == [{"name": "public", "namespace": "ingress"}]


def test_no_data_is_no_consent_and_one_no_is_enough() -> None:
    (metric,) = argo.template(contract())["spec"]["metrics"]

    assert metric["successCondition"] == "len(result) == 4 && all(result, # == 0)"
    assert metric["failureCondition"] == "any(result, # == 2)"
    assert metric["failureLimit"] == 0
    assert metric["inconclusiveLimit"] == 3600 / 15


def test_a_latency_that_is_not_measured_is_refused() -> None:
    bounds = contract().model_copy(update={"service": interface.Service(latency_p95_ms=200_000)})

    with pytest.raises(Exception, match="BentoML measures up to"):
        argo.query(bounds)
