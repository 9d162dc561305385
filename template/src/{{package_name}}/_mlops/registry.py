# The template's. Your models are under models/, by hash; the registry is their index.
"""Versions of the model: found, registered and named champion."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from . import PROJECT, artifact, paths, tracking
from .errors import OutsideFailed, WrongInput
from .files import whole_folder

if TYPE_CHECKING:
    from mlflow import MlflowClient

CHAMPION = "champion"
EVALUATION = "evaluation.json"
POINTER = "pointer.json"


@dataclass(frozen=True)
class Version:
    """One registered version: its number, the model's hash, the tags it carries, its run."""

    number: str
    model_sha256: str
    tags: dict[str, str]
    run_id: str = ""

    @property
    def folder(self) -> Path:
        """Where the bytes are."""
        return paths.REGISTERED / self.model_sha256


def versions() -> list[Version]:
    """Return all versions, oldest first."""
    found = tracking.client().search_model_versions(f"name = '{PROJECT}'")
    numbered = sorted(found, key=lambda version: int(version.version))
    return [
        Version(str(v.version), v.tags.get("model_sha256", ""), dict(v.tags), v.run_id or "")
        for v in numbered
    ]


def find(number: str | None) -> Version:
    """Return a version by number, the newest one by default; `WrongInput` when there is none."""
    known = versions()
    if not known:
        raise WrongInput("no version is registered", "uv run just register makes the first one")
    for version in known:
        if version.number == number:
            return version
    if number is None:
        return known[-1]
    message = f"version {number!r} is not registered"
    raise WrongInput(message, f"registered are: {', '.join(v.number for v in known)}")


def add(candidate: artifact.Artifact, run_id: str, tags: dict[str, str]) -> Version:
    """Log the candidate as a real MLflow model under its run, and register it as a new version."""
    client = tracking.client()
    import mlflow
    from mlflow.models import infer_signature
    from mlflow.sklearn import log_model

    example = pd.read_parquet(paths.FEATURES / "holdout.parquet").head(5)
    inputs = example[[feature["name"] for feature in candidate.manifest["features"]]]
    packages = candidate.manifest["packages"]
    with mlflow.start_run(run_id=run_id):
        logged = log_model(
            candidate.model,
            name="model",
            signature=infer_signature(inputs, candidate.model.predict(inputs)),
            input_example=inputs,
            pip_requirements=[f"{name}=={version}" for name, version in packages.items()],
            serialization_format="skops",
            skops_trusted_types=artifact.named_types(paths.CANDIDATE),
        )
    _ensure_model(client)
    made = client.create_model_version(
        PROJECT, f"models:/{logged.model_id}", run_id, tags=tags, model_id=logged.model_id
    )
    return Version(str(made.version), tags["model_sha256"], tags, run_id)


def _ensure_model(client: "MlflowClient") -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(PROJECT)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def read_pointer() -> dict[str, Any] | None:
    """Return which version is champion, or nothing before the first."""
    path = paths.CHAMPION / POINTER
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def share(folder: Path) -> None:
    """Put a folder of models under DVC, so that `dvc push` takes the bytes and git the pointer."""
    dvc = [sys.executable, "-m", "dvc", "add", "--quiet", str(folder)]
    done = subprocess.run(dvc, capture_output=True, text=True, env=os.environ)
    if done.returncode:
        raise OutsideFailed(f"dvc add {folder} failed: {done.stderr.strip()}")


def store(source: Path, destination: Path, **records: Any) -> None:
    """Copy a model's files to another folder, whole or not at all, with more JSON beside them."""
    with whole_folder(destination) as part:
        for name in (artifact.MODEL, artifact.MANIFEST):
            (part / name).write_bytes((source / name).read_bytes())
        for name, content in records.items():
            (part / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
