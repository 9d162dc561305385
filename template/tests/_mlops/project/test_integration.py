# The template's. Claims about what your service answers go into tests/test_service.py.
"""The components fit together: from rows to an answer, each link names the one before it."""

from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from ..fixtures import ROOT, Repo, rewrite
from ..package import (
    artifact,
    batch_files,
    data,
    dataset,
    features,
    files,
    outcome,
    paths,
    schema,
    tables,
)

HOLDOUT = paths.FEATURES / dataset.HOLDOUT


def gaps(repo: Repo) -> list[str]:
    """Name the links that do not fit the one before."""
    validated, summary = repo.read(paths.VALIDATION), repo.read(paths.FEATURES / dataset.SUMMARY)
    made, scored = repo.read(paths.CANDIDATE / artifact.MANIFEST), repo.read(paths.METRICS)
    pointer = repo.read(paths.CHAMPION / artifact.POINTER)
    batches = sorted((repo.folder / paths.RAW).iterdir())
    inputs = pd.read_parquet(repo.folder / HOLDOUT).drop(columns=schema.TARGET)
    links = {
        "validate: the batches": (
            [batch["sha256"] for batch in validated["batches"]],
            [files.sha256(path) for path in batches],
        ),
        "validate: the verdict": (validated["ok"], True),
        "featurize: the data": (summary["data_sha256"], files.sha256_of(batches)),
        "train: the data": (made["data_sha256"], summary["data_sha256"]),
        "train: the inputs": (
            {one["name"]: one["dtype"] for one in made["features"]},
            {name: str(kind) for name, kind in inputs.dtypes.items()},
        ),
        "train: the feature code": (
            made["features_sha256"],
            batch_files.features_sha256(Path(str(schema.__file__)).parent),
        ),
        "train: the bytes": (
            made["model_sha256"],
            files.sha256(repo.folder / paths.CANDIDATE / artifact.MODEL),
        ),
        "evaluate: the model": (scored["model_sha256"], made["model_sha256"]),
        "evaluate: the data": (scored["data_sha256"], made["data_sha256"]),
        "promote: the model": (pointer["model_sha256"], scored["model_sha256"]),
    }
    return [name for name, (found, expected) in links.items() if found != expected]


def test_each_link_fits_the_one_before(repo: Repo) -> None:
    assert gaps(repo) == []


@pytest.mark.parametrize(
    ("path", "change", "gap"),
    [
        (paths.VALIDATION, {"ok": False}, "validate: the verdict"),
        (paths.FEATURES / dataset.SUMMARY, {"data_sha256": "0"}, "featurize: the data"),
        (paths.CANDIDATE / artifact.MANIFEST, {"data_sha256": "0"}, "train: the data"),
        (paths.CANDIDATE / artifact.MANIFEST, {"features": []}, "train: the inputs"),
        (paths.CANDIDATE / artifact.MANIFEST, {"features_sha256": "0"}, "train: the feature code"),
        (paths.CANDIDATE / artifact.MANIFEST, {"model_sha256": "0"}, "train: the bytes"),
        (paths.METRICS, {"model_sha256": "0"}, "evaluate: the model"),
        (paths.METRICS, {"data_sha256": "0"}, "evaluate: the data"),
        (paths.CHAMPION / artifact.POINTER, {"model_sha256": "0"}, "promote: the model"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_link_that_does_not_fit_is_named(
    own_repo: Repo, path: Path, change: dict[str, Any], gap: str
) -> None:
    rewrite(own_repo.folder / path, **change)

    assert gap in gaps(own_repo)


def test_other_bytes_in_a_batch_are_named(own_repo: Repo, sample: pd.DataFrame) -> None:
    sample.head(10).to_parquet(own_repo.folder / paths.RAW / paths.SAMPLE.name)

    assert {"validate: the batches", "featurize: the data"} <= set(gaps(own_repo))


def test_the_service_answers_as_the_trained_model_predicts(
    service: httpx.Client, repo: Repo
) -> None:
    rows = tables.known_rows(tables.read(ROOT / paths.SAMPLE, schema, data), schema).head(30)
    answer = service.post("/predict", json={"rows": tables.as_records(rows)}).json()
    trained = artifact.load(repo.folder / paths.CANDIDATE).model
    predicted = outcome.predict(trained, features.build_features(rows), schema.LABELS)
    expected = outcome.as_answer(predicted)

    assert {name: answer[name] for name in expected} == expected
    assert answer["model_version"] == "1"
