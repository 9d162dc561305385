# The template's. Bounds of yours stand in contract.yaml.
"""What the monitor found is what Prometheus can read."""

import time

import httpx
import pandas as pd

from ..fixtures import Repo
from ..package import config, paths, prometheus, tables
from ..scrape import scraped


def test_a_look_of_the_monitor_is_exported_as_it_was_reported(
    service: httpx.Client, known: pd.DataFrame, own_repo: Repo
) -> None:
    service.post("/predict", json={"rows": tables.as_records(known.head(500))})
    for _ in range(300):  # a call is written down after its answer
        said = own_repo.run("monitor")
        if said.code != 2:
            break
        time.sleep(0.1)
    report = own_repo.read(paths.MONITOR)
    text = (own_repo.folder / prometheus.FILE).read_text(encoding="utf-8")
    samples = {
        (name, dict(labels).get("check", dict(labels).get("verdict", ""))): value
        for (name, labels), value in scraped(text).items()
    }
    alarms = {key[1]: value for key, value in samples.items() if key[0] == "monitor_alarm"}
    verdicts = {key[1] for key, value in samples.items() if key[0] == "monitor_verdict" and value}

    assert said.code in (0, 10, 11), said.err
    assert verdicts == {report["verdict"]}
    assert alarms == {one["name"]: float(one["alarm"]) for one in report["checks"]}
    for one in report["checks"]:
        assert samples.get(("monitor_finding", one["name"])) == one["found"]
        assert samples["monitor_bound", one["name"]] == one["bound"]


def test_what_was_not_found_has_no_number(own_repo: Repo) -> None:
    report = {
        "verdict": "ok",
        "rows": 0,
        "checks": [
            {"name": "quality", "found": None, "bound": 0.5, "state": "too few", "says": "retrain"}
        ],
    }
    contract = config.load_contract(own_repo.folder / "contract.yaml")
    text = prometheus.as_metrics(report, contract, now=1.0)

    assert "monitor_finding{" not in text
    assert 'monitor_alarm{check="quality",says="retrain",owner="model"} 0' in text
