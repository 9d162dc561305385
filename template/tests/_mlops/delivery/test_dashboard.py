# The template's. Dashboards of yours need tests of yours, beside this folder.
"""Every query of dashboard and rules finds data in a Prometheus that scraped a real service."""

import json
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from ruamel.yaml import YAML

from ..fixtures import ROOT
from ..package import checks, config, ports, prometheus, rules, schema, state, tables
from ..scrape import scraped
from .alerting import answering, until, watching
from .conftest import free_ports, needs

GRAFANA = ROOT / "ops/host/grafana"
DASHBOARD = GRAFANA / "dashboards/service.json"
ONLY_LABELS = "model_predictions_total"  # where numbers are predicted there is none
BUSY = (  # each side is scraped in its own time, and a rate takes two samples
    "service:errors_ratio:5m",
    "service:requests:rate1m > 0",
    'rate(bentoml_service_request_total{variant="champion"}[1m]) > 0',
    'rate(bentoml_service_request_total{variant="candidate"}[1m]) > 0',
)
FACTS = checks.Facts(
    rows=1000,
    champion_rows=1000,
    drifted_share=0.5,
    drifted=("a column",),
    prediction_drift=0.3,
    labelled=1000,
    quality=0.5,
    age_days=3.0,
    requests=1000,
    failed=1,
    lines=1000,
    latency_p95_ms=20.0,
)


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana reads it."""
    content: dict[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return content


def queries() -> list[str]:
    """Return every query of the dashboard and every recording rule."""
    groups = rules.rules(config.load_contract(ROOT / "contract.yaml"))["groups"]
    drawn = [one["expr"] for panel in dashboard()["panels"] for one in panel["targets"]]
    recorded = [one for group in groups for one in group["rules"] if "record" in one]
    return [*drawn, *(one["expr"] for one in recorded), *(one["record"] for one in recorded)]


def repo_metrics() -> str:
    """Return what the proxy shows of a rollout and of the monitor."""
    contract = config.load_contract(ROOT / "contract.yaml")
    found = checks.judge(FACTS, contract, 0.3, 0.1)
    report = {"verdict": "retrain", "rows": 1000, "checks": checks.records(found)}
    moving = state.Rollout(number=1, version="2", champion="1", stages=["20"], agreement=0.9)
    moving.stage = "20"
    return state.as_metrics(moving) + prometheus.as_metrics(report, contract, time.time())


@pytest.fixture(scope="module")
def server(
    service: httpx.Client, known: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """Return a Prometheus that scraped the service, as champion and as candidate, under traffic."""
    rows = tables.as_records(known.head(3))
    with pytest.MonkeyPatch.context() as patch, answering(lambda *_: repo_metrics()) as port:
        served = str(service.base_url.port)
        chosen = {**free_ports(), "STATUS_PORT": str(port), "CHAMPION_PORT": served}
        with answering(lambda *_: service.get("/metrics").text) as other:
            chosen["CANDIDATE_PORT"] = str(other)
            for name in ports.DEFAULTS:
                patch.setenv(name, chosen[name])
            base = f"http://127.0.0.1:{chosen['PROMETHEUS_PORT']}"
            with (
                watching(tmp_path_factory.mktemp("prometheus"), chosen),
                httpx.Client(base_url=base, timeout=30) as client,
            ):

                def seen() -> bool:
                    service.post("/predict", json={"rows": rows})
                    service.post("/predict", json={})
                    return all(ask(client, *BUSY))

                until(seen, lambda: client.get("/api/v1/targets").text)
                yield client


def ask(client: httpx.Client, *asked: str) -> list[list[dict[str, Any]]]:
    """Return what Prometheus answers to each query; it has to understand it."""
    answers = [client.get("/api/v1/query", params={"query": query}) for query in asked]
    for query, answer in zip(asked, answers, strict=True):
        assert answer.status_code == 200, f"{query}: {answer.text}"
    return [answer.json()["data"]["result"] for answer in answers]


@needs("prometheus")
def test_every_query_finds_data(server: httpx.Client) -> None:
    asked = queries()
    found = dict(zip(asked, ask(server, *asked), strict=True))
    nothing = [query for query, result in found.items() if not result]

    assert nothing == [query for query in found if ONLY_LABELS in query and not schema.LABELS]


@needs("prometheus")
def test_a_query_for_what_is_not_counted_finds_none(server: httpx.Client) -> None:
    assert ask(server, "model_predictions_of_nobody_total") == [[]]


@needs("prometheus")
def test_prometheus_has_loaded_every_rule_and_each_is_well(server: httpx.Client) -> None:
    groups = server.get("/api/v1/rules").json()["data"]["groups"]
    written = rules.rules(config.load_contract(ROOT / "contract.yaml"))["groups"]

    assert {group["name"]: len(group["rules"]) for group in groups} == {
        group["name"]: len(group["rules"]) for group in written
    }
    until(lambda: {one["health"] for one in loaded(server)} == {"ok"})


def loaded(client: httpx.Client) -> list[dict[str, Any]]:
    """Return every rule that Prometheus evaluates."""
    groups = client.get("/api/v1/rules").json()["data"]["groups"]
    return [one for group in groups for one in group["rules"]]


def test_the_bounds_of_latency_are_those_that_the_service_measures(
    service: httpx.Client,
) -> None:
    service.post("/predict", json={})
    found = {
        float(dict(labels)["le"])
        for name, labels in scraped(service.get("/metrics").text)
        if name == f"{rules.TIMED}_bucket"
    }

    assert sorted(found) == [*rules.BUCKETS, float("inf")]


def test_the_dashboard_is_as_grafana_wants_it() -> None:
    (source,) = read(GRAFANA / "datasources/prometheus.yaml")["datasources"]
    (provider,) = read(GRAFANA / "dashboards/provider.yaml")["providers"]
    content = dashboard()
    panels = content["panels"]

    assert provider["options"]["path"].endswith(f"/provisioning/{DASHBOARD.parent.name}")
    assert content["uid"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        letters = [one["refId"] for one in panel["targets"]]
        assert letters
        assert len(set(letters)) == len(letters)
        uids = [one["datasource"]["uid"] for one in (panel, *panel["targets"])]
        assert set(uids) == {source["uid"]}
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
    for one, other in combinations(panels, 2):
        assert not overlap(one["gridPos"], other["gridPos"]), (one["title"], other["title"])


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    """Say whether two rectangles share an area."""
    return all(
        one[at] < other[at] + other[size] and other[at] < one[at] + one[size]
        for at, size in (("x", "w"), ("y", "h"))
    )


def test_what_overlaps_is_noticed() -> None:
    place = {"x": 0, "y": 0, "w": 6, "h": 4}

    assert overlap(place, {**place, "x": 5})
    assert not overlap(place, {**place, "x": 6})


def read(path: Path) -> Any:
    """Return what a YAML file holds."""
    return YAML(typ="safe", pure=True).load(path)
