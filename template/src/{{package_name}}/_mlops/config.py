# The template's. Keys stand in interface.py; values are yours, in params.yaml and contract.yaml.
"""Read params.yaml and contract.yaml strictly: a misspelt key is an error with a suggestion."""

from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from . import paths
from .errors import WrongInput, did_you_mean, first_cause
from .interface import Contract, Model, Params, Section

S = TypeVar("S", bound=Section)


def load_params() -> Params:
    """Read params.yaml; section `train` stays as it is until `train_params` reads it."""
    return _parse(Params, _read(paths.PARAMS), paths.PARAMS)


def train_params(params: Params, model: Model) -> Section:
    """Read section `train` with the keys that your `model.Params` declares."""
    return _parse(model.Params, params.train, paths.PARAMS, "train")


def load_contract(path: Path = paths.CONTRACT, content: bytes | None = None) -> Contract:
    """Read contract.yaml, by default that of the current folder.

    Args:
        path: The file.
        content: What it held, where that is another.
    """
    return _parse(Contract, _read(path, content), path)


def _read(path: Path, content: bytes | None = None) -> Any:
    try:
        text = (path.read_bytes() if content is None else content).decode()
        found = YAML(typ="safe", pure=True).load(text)
        return {} if found is None else found
    except OSError as error:
        raise WrongInput(f"cannot read {path}: {error.strerror}") from error
    except YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" line {where.line + 1}" if where else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise WrongInput(f"{path}{line} is not YAML: {problem}") from error
    except (ValueError, RecursionError, TypeError) as error:  # other bytes than text; too deep
        raise WrongInput(f"{path} is not YAML: {first_cause(error)[:200]}") from error


def _parse(model: type[S], content: Any, path: Path, *section: str) -> S:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        *parents, last = (*section, *map(str, first["loc"])) or ("",)
        where = ".".join(parents)
        if first["type"] == "extra_forbidden":
            message = f"{path}: unknown key {last!r}" + (f" in section {where}" if where else "")
            known = _keys(model, parents[len(section) :])
            raise WrongInput(message, did_you_mean(last, known)) from error
        key = ".".join([*parents, last])
        expected = first["msg"][0].lower() + first["msg"][1:]
        shown = repr(first["input"])[:200]
        found = "" if first["type"] == "missing" else f", found {shown}"
        raise WrongInput(f"{path}: {key}: {expected}{found}") from error


def _keys(model: type[BaseModel], parents: list[str]) -> list[str]:
    kind: Any = model
    for parent in parents:
        inside = get_args(kind)  # of dict[str, Section]: any name leads to a section
        kind = inside[1] if inside else kind.model_fields[parent].annotation
    return list(kind.model_fields)
