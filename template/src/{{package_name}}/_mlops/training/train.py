# The template's. Yours are model.py and its section of params.yaml.
"""Fit the model and record how it was made."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pandas as pd

from ... import schema
from .. import paths
from ..config import load_params, train_params
from ..data.batch_files import features_sha256, makes_features_of, raw_sha256
from ..data.dataset import MADE, TRAIN, read_summary
from ..errors import WrongInput, counted, first_of
from ..files import whole_folder, write_json
from ..progress import waiting
from ..tracking import artifact, provenance, runs, trust
from .fitting import fit, held_out


@click.command()
def command() -> None:
    """Fit `build_model(params)` on data/features and write models/candidate."""
    stop = provenance.stopwatch()
    with held_out():
        from ... import model

    params: Any = train_params(load_params(), model)
    summary = read_summary(kinds=artifact.KINDS["data"])
    package = Path(schema.__file__).parent
    code = features_sha256(package)
    require_of_now(summary, package)
    table = pd.read_parquet(paths.FEATURES / TRAIN)
    inputs, target = table.drop(columns=schema.TARGET), table[schema.TARGET]
    with waiting("train"), held_out():
        fitted = fit(model.build_model(params), inputs, target)
    with whole_folder(paths.CANDIDATE) as folder:
        manifest = {
            "model_sha256": artifact.save(fitted, folder),
            "features_sha256": code,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "params": params.model_dump(),
            "features": [
                {"name": name, "dtype": str(kind)} for name, kind in inputs.dtypes.items()
            ],
            "data": {name: said for name, said in summary.items() if name != MADE},
            **provenance.record(),
            "cost": stop(),
        }
        manifest["packages"] |= trust.packages(artifact.named_types(folder))
        manifest["run_id"] = runs.try_to_log(manifest)
        write_json(folder / artifact.MANIFEST, manifest)
    state = f"dirty: {first_of(manifest['dirty_reasons'])}" if manifest["dirty"] else "clean"
    click.echo(
        f"train: {len(table):,} rows, {counted(inputs.shape[1], 'feature')}, "
        f"{manifest['cost']['wall_seconds']:.1f} s, model {manifest['model_sha256'][:12]}, {state}",
        err=True,
    )


def require_of_now(summary: dict[str, Any], package: Path) -> None:
    """Raise `WrongInput` for tables of other batches or code than the record would name."""
    made_by = summary.get(MADE, {}).get("code")  # the key is younger
    others = {
        f"batches in {paths.RAW}": summary["data_sha256"] != raw_sha256(),
        "schema.py or features.py": made_by and not makes_features_of(made_by, package),
    }
    if of := [what for what, other in others.items() if other]:
        message = f"{paths.FEATURES} was made of other {' and '.join(of)} than there are now"
        raise WrongInput(message, "uv run just repro --force makes it anew")
