# The template's. Purpose and owners are yours, in contract.yaml; the card's prose in MODEL_CARD.md.
"""What is in it: bills of materials, of packages and of the model, as CycloneDX writes them."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from .. import PROJECT, paths
from ..data import outcome
from ..errors import OutsideFailed, cause_of
from ..interface import Column, Contract, Owner
from ..registry.model_card import Run, bound
from ..tracking import artifact

SPEC = "1.6"


def packages(requirements: Path) -> dict[str, Any]:
    """Return the bill of the locked packages, with the hashes of their files.

    Raises:
        OutsideFailed: If cyclonedx-py cannot read them.
    """
    command = ["-m", "cyclonedx_py", "requirements", str(requirements), "--spec-version", SPEC]
    done = subprocess.run(
        [sys.executable, *command, "--pyproject", "pyproject.toml", "--output-reproducible"],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise OutsideFailed(f"cyclonedx-py cannot read {requirements}: {cause_of(done.stderr)}")
    bill: dict[str, Any] = json.loads(done.stdout)
    return bill


def model(run: Run, contract: Contract, folder: Path, columns: Sequence[Column]) -> dict[str, Any]:
    """Return the bill of the model, from the records that the model card is filled from.

    Args:
        run: The model's manifest and evaluation.
        contract: Owners, consumer and purpose.
        folder: Where the verified bytes are.
        columns: Of the schema; what they say about persons.
    """
    made = run.manifest
    learned_with = [library(name, version) for name, version in made["packages"].items()]
    described = {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": PROJECT,
        "version": run.version,
        "description": contract.purpose,
        "authors": [contact(contract.owners.model)],
        "hashes": [hashed(made["model_sha256"])],
        "modelCard": card(run, contract, folder),
        "properties": properties(
            {
                "commit": made["commit"],
                "created": made["created"],
                "dirty": made["dirty"],
                "features_sha256": made["features_sha256"],
                "lock_sha256": made["lock_sha256"],
                "python": made["python"],
            }
        ),
    }
    refs = [data["bom-ref"] for data in ({"bom-ref": "data"}, *learned_with)]
    return {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, made['model_sha256'])}",
        "version": 1,
        "metadata": {"timestamp": made["created"], "lifecycles": [{"phase": "build"}]},
        "components": [described, dataset(run, contract, columns), *learned_with],
        "dependencies": [{"ref": "model", "dependsOn": refs}, *({"ref": ref} for ref in refs)],
    }


def card(run: Run, contract: Contract, folder: Path) -> dict[str, Any]:
    """Return the model card: parameters, what was measured, for whom and within which limits."""
    made, labels = run.manifest, run.manifest["data"]["labels"]
    answer = f"{made['data']['target']}: {' or '.join(labels) if labels else 'a number'}"
    return {
        "modelParameters": {
            "approach": {"type": "supervised"},
            "task": "classification" if labels else "regression",
            "modelArchitecture": architecture(folder),
            "datasets": [{"ref": "data"}],
            "inputs": [{"format": f"{name['name']}: {name['dtype']}"} for name in made["features"]],
            "outputs": [{"format": answer}],
        },
        "quantitativeAnalysis": {"performanceMetrics": measured(run.report)},
        "considerations": {
            "users": [contract.service.consumer],
            "useCases": [contract.purpose],
            "technicalLimitations": limits(made["data"]),
        },
        "properties": properties({f"param:{name}": v for name, v in made["params"].items()}),
    }


def architecture(folder: Path) -> str:
    """Return the name of the estimator, the last step of a pipeline."""
    return outcome.estimator(artifact.load(folder).model)


def measured(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each metric with its interval, and the contract's on each slice."""
    found: list[dict[str, Any]] = []
    for name, value in report["metrics"].items():
        entry: dict[str, Any] = {"type": name, "value": str(value)}
        if interval := report.get("intervals", {}).get(name):
            low, high = interval
            entry["confidenceInterval"] = {"lowerBound": str(low), "upperBound": str(high)}
        found.append(entry)
    metric = report["metric"]
    for part in report["slices"]:
        where = f"{part['column']} = {part['value']}"
        found.append({"type": metric, "value": str(part[metric]), "slice": where})
    for name, scores in report["baselines"].items():
        found.append({"type": f"{metric} of baseline {name}", "value": str(scores[metric])})
    return found


def limits(data: dict[str, Any]) -> list[str]:
    """Say which time and values the model has seen: outside of them it extrapolates."""
    train = data["train"]
    ranges = [
        f"{seen['column']} seen from {bound(seen['low'])} to {bound(seen['high'])}"
        for seen in data.get("seen", [])
        if "low" in seen
    ]
    times = [f"trained on {train['rows']} rows"]
    if "first" in train:
        times = [
            f"trained on {train['first']} to {train['last']}, {train['rows']} rows",
            f"evaluated until {data['holdout']['last']}",
        ]
    return [*times, *ranges]


def dataset(run: Run, contract: Contract, columns: Sequence[Column]) -> dict[str, Any]:
    """Return what the model learned from, with who answers for it."""
    data, personal = run.manifest["data"], [one.name for one in columns if one.personal]
    described: dict[str, Any] = {
        "type": "dataset",
        "name": f"{data['batches'][0]} to {data['batches'][-1]}",
        "description": f"{len(data['batches'])} batches; the target is {data['target']}",
        "contents": {
            "properties": properties(
                {
                    "rows to train on": data["train"]["rows"],
                    "rows held out": data["holdout"]["rows"],
                    "rows dropped": f"{data['dropped']['rows']} ({data['dropped']['because']})",
                }
            )
        },
        "governance": {"owners": [{"contact": contact(contract.owners.data)}]},
    }
    return {
        "type": "data",
        "bom-ref": "data",
        "name": str(paths.RAW),
        "hashes": [hashed(run.identity["data_sha256"])],
        "data": [described | ({"sensitiveData": personal} if personal else {})],
    }


def library(name: str, version: str) -> dict[str, Any]:
    """Return a package that the model was made with."""
    purl = f"pkg:pypi/{name}@{version}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def contact(owner: Owner) -> dict[str, str]:
    """Return who answers."""
    return {"name": owner.name, "email": owner.email}


def hashed(sha256: str) -> dict[str, str]:
    """Return a hash as CycloneDX writes it."""
    return {"alg": "SHA-256", "content": sha256}


def properties(facts: dict[str, Any]) -> list[dict[str, str]]:
    """Return what CycloneDX has no field of its own for."""
    return [{"name": name, "value": str(value)} for name, value in facts.items()]


def breach(text: str) -> str:
    """Return how a bill breaks the schema of CycloneDX, or nothing."""
    try:
        found = JsonStrictValidator(SchemaVersion.from_version(SPEC)).validate_str(text)
    except ValueError as error:
        return f"is not JSON: {error}"
    return "" if found is None else f"breaks the schema: {str(found.data.message)[:200]}"
