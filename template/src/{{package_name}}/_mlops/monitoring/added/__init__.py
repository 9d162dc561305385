# The template's. Commands of yours read reports/monitor.json.
"""Who hears what the monitor found: each module here has `hear(report)`."""

import importlib
import pkgutil
from typing import Any


def tell_all(report: dict[str, Any]) -> None:
    """Tell every module of this folder, in order of name."""
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name):
        importlib.import_module(f"{__name__}.{module.name}").hear(report)
