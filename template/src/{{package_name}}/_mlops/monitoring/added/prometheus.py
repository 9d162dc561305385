# The template's. What is judged, and from when on it is an alarm, is yours, in contract.yaml.
"""What the monitor found, in Prometheus' own format: the proxy of a serving host shows it."""

import math
import time
from pathlib import Path
from typing import Any

from ...config import load_contract
from ...files import whole_file
from ...interface import Contract
from .. import checks

FILE = Path("monitoring/monitor.prom")


def hear(report: dict[str, Any]) -> None:
    """Write the findings of the newest look."""
    with whole_file(FILE) as part:
        part.write_text(as_metrics(report, load_contract(), time.time()), encoding="utf-8")


def as_metrics(report: dict[str, Any], contract: Contract, now: float) -> str:
    """Return a report as gauges; a value that was not found has none."""
    found = [checks.Check(**one) for one in report["checks"]]
    lines = [f"monitor_seen_timestamp_seconds {now:.3f}"]
    lines += [
        f"monitor_verdict{labels(verdict=name)} {int(report['verdict'] == name)}"
        for name in checks.EXIT
    ]
    for one in found:
        role = owner(one, contract)
        named = {"check": one.name}
        if one.found is not None and math.isfinite(one.found):
            lines.append(f"monitor_finding{labels(**named)} {one.found}")
        lines.append(f"monitor_bound{labels(**named)} {one.bound}")
        lines.append(f"monitor_alarm{labels(**named, says=one.says, owner=role)} {int(one.alarm)}")
    lines.append(f"monitor_rows {report['rows']}")
    return "\n".join(lines) + "\n"


def labels(**found: str) -> str:
    """Return labels as Prometheus reads them."""
    return "{" + ",".join(f'{name}="{value}"' for name, value in found.items()) + "}"


def owner(one: checks.Check, contract: Contract) -> str:
    """Return the role that answers for a check."""
    who = checks.owner(one, contract)
    return next(role for role, found in contract.owners if found is who)
