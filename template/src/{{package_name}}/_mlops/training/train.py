# The template's. Yours are model.py and its section of params.yaml.
"""Fit the model and record how it was made."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pandas as pd

from ... import model, schema
from .. import paths
from ..config import load_params, train_params
from ..data.dataset import SUMMARY, TRAIN
from ..files import read_json, whole_folder, write_json
from ..tracking import artifact, provenance, runs, trust
from .fitting import fit


@click.command()
def command() -> None:
    """Fit `build_model(params)` on data/features and write models/candidate."""
    stop = provenance.stopwatch()
    params: Any = train_params(load_params(), model)
    summary = read_json(paths.FEATURES / SUMMARY, kinds=artifact.KINDS["data"])
    table = pd.read_parquet(paths.FEATURES / TRAIN)
    inputs, target = table.drop(columns=schema.TARGET), table[schema.TARGET]
    fitted = fit(model.build_model(params), inputs, target)
    with whole_folder(paths.CANDIDATE) as folder:
        manifest = {
            "model_sha256": artifact.save(fitted, folder),
            "features_sha256": artifact.features_sha256(Path(schema.__file__).parent),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "params": params.model_dump(),
            "features": [
                {"name": name, "dtype": str(kind)} for name, kind in inputs.dtypes.items()
            ],
            "data": summary,
            **provenance.record(),
            "cost": stop(),
        }
        manifest["packages"] |= trust.packages(artifact.named_types(folder))
        manifest["run_id"] = runs.try_to_log(manifest)
        write_json(folder / artifact.MANIFEST, manifest)
    state = f"dirty: {'; '.join(manifest['dirty_reasons'])}" if manifest["dirty"] else "clean"
    click.echo(
        f"train: {len(table):,} rows, {inputs.shape[1]} features, "
        f"{manifest['cost']['wall_seconds']:.1f} s, model {manifest['model_sha256'][:12]}, {state}",
        err=True,
    )
