# The template's. Middleware of yours goes into service.py.
"""What a level adds to the service: each module here has `attach(service, champion)`."""

import importlib
import pkgutil
from typing import Any

from ..champion import Champion


def attach_all(service: Any, champion: Champion) -> None:
    """Attach every module of this folder, in order of name."""
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name):
        importlib.import_module(f"{__name__}.{module.name}").attach(service, champion)
