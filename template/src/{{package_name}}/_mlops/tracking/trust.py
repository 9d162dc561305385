# The template's. Yours is TRUSTED in model.py: types of other packages, and of your own.
"""Which types may a model file name? What it names is built, so it must not name just anything."""

import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import packages_distributions, version
from typing import Any

import numpy as np

from .. import PACKAGE
from ..errors import Refused, WrongInput
from ..interface import OptionalModel

# their classes hold a model; of functions those that score or check a table
FAMILIES = ("sklearn", "lightgbm", "xgboost", "catboost")
FUNCTIONS = ("sklearn.metrics.", "sklearn.feature_selection.", "sklearn.utils.validation.")
HARMLESS = ("collections.OrderedDict", "functools.partial", "numpy.dtype")

# the packages of modules that every model names
HOMES = {"numpy": ["numpy"], "pandas": ["pandas"], "scipy": ["scipy"], "sklearn": ["scikit-learn"]}

# what may read files, open addresses or run what it is given is trusted by nobody
PLAIN = {"collections", "datetime", "decimal", "enum", "fractions", "functools", "math", "zoneinfo"}
RUNS_CODE = (sys.stdlib_module_names - PLAIN) | {"cloudpickle", "dill", "joblib", "skops"}
NO_MODEL = {"_testing", "conftest", "datasets", "externals", "tests"}  # in FAMILIES


def require(names: Iterable[str]) -> None:
    """Raise unless each type may be built.

    Args:
        names: What a model file names beyond the types that skops knows to be harmless.

    Raises:
        WrongInput: If the package of a type is not installed, or TRUSTED is no list of names.
        Refused: If a type is not trusted, or can run code and so never is.
    """
    others = [name for name in names if name not in HARMLESS]
    own = () if all(map(holds_a_model, others)) else declared()
    if never := [name for name in others if can_run_code(name, name in own)]:
        message = f"the model names types that are not trusted: {', '.join(never)}"
        raise Refused(f"{message}; they can run any code", "take them out of build_model")
    strange = [name for name in others if name not in own and not holds_a_model(name)]
    if nameless := [name for name in strange if "<" in name]:
        message = f"the model names {', '.join(nameless)}, which can be found by no name"
        raise Refused(message, "define it at the top of model.py, with a name of its own")
    if strange:
        line = "".join(f'"{name}", ' for name in (*own, *strange))
        raise Refused(
            f"the model names types that are not trusted: {', '.join(strange)}",
            f"look at what they do; then add to model.py: TRUSTED = ({line.strip()})",
        )


def declared() -> tuple[str, ...]:
    """Return your own list; `WrongInput` when it is none."""
    from ... import model  # a service has no other use for it

    own = getattr(model, "TRUSTED", OptionalModel.TRUSTED)
    if not isinstance(own, tuple | list) or not all(isinstance(name, str) for name in own):
        raise WrongInput(f"model.py: TRUSTED is {own!r}; expected a tuple of names of types")
    return tuple(own)


def of_family(name: str) -> bool:
    """Say whether a type is of a package whose classes are trusted."""
    package, *inside = name.split(".")
    return package in FAMILIES and not NO_MODEL.intersection(inside)


def holds_a_model(name: str) -> bool:
    """Say whether a type is trusted without a word of yours."""
    if name.startswith("scipy.special.") and name.rpartition(".")[0].endswith("ufuncs"):
        return isinstance(find(name), np.ufunc)
    if not of_family(name):
        return False
    found = find(name)
    return isinstance(found, type) or (name.startswith(FUNCTIONS) and callable(found))


def can_run_code(name: str, trusted: bool) -> bool:
    """Say whether a type is of a module that is trusted by nobody.

    Args:
        name: As the file spells it.
        trusted: By you; a name that nobody trusts is not looked up.
    """
    package, *inside = name.split(".")
    if package in RUNS_CODE or (package in FAMILIES and NO_MODEL.intersection(inside)):
        return True
    if not trusted and not of_family(name):
        return False
    found = find(name)  # a module that imports another's function has it under a name of its own
    home = f"{getattr(found, '__module__', None)}.{getattr(found, '__qualname__', '')}"
    return home.partition(".")[0] in RUNS_CODE


def find(name: str) -> Any:
    """Return what a name leads to, if it is there; `WrongInput` without its package."""
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(import_module(module), attribute, None)
    except ImportError as error:
        package = name.partition(".")[0]
        if error.name != package:
            return None
        message = f"the model needs the package {package}, which is not installed"
        raise WrongInput(message, f"uv add {package}") from error


def packages(names: Iterable[str]) -> dict[str, str]:
    """Return the version of each package that types are of; not of yours."""
    modules = {name.partition(".")[0] for name in names} - {PACKAGE.partition(".")[0]}
    others = modules - HOMES.keys() - sys.stdlib_module_names
    homes = {**packages_distributions(), **HOMES} if others else HOMES  # it reads all there is
    return {found: version(found) for module in sorted(modules) for found in homes.get(module, [])}
