# The template's. Numbers are yours, in contract.yaml; overlays of yours in ops/kubernetes/overlays.
"""Write what a cluster applies, from the contract."""

import importlib
import math
import re
from pathlib import Path
from string import Template
from typing import Any

import click
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .. import PACKAGE, PROJECT, paths
from ..config import load_contract
from ..errors import WrongInput
from ..files import read_json, whole_folder
from ..interface import Contract
from ..tracking import artifact

SOURCE = Path("ops/kubernetes")
TARGET = Path("build/kubernetes")
ADDED = Path(__file__).parents[1] / "delivery/argo.py"  # what level 2 makes of the same
PACKAGED = Path("build/package/package.json")
IMAGE = re.compile(r"[a-z0-9][\w./:-]*?(:(?P<tag>[\w][\w.-]{0,127}))?(@sha256:[0-9a-f]{64})?")
Documents = dict[Path, dict[str, Any]]


@click.command()
@click.option("--image", required=True, metavar="IMAGE", help="Of the Bento, with tag or digest.")
def command(image: str) -> None:
    """Write ops/kubernetes, filled in from contract.yaml, to build/kubernetes.

    At level 2 a Rollout of Argo leads the traffic, by the steps and bounds of the contract. The
    model's hash is that of the package, or else of the champion: its pods accept no other.
    """
    contract = load_contract()
    documents = filled(values(require_pinned(image), contract))
    if ADDED.is_file():
        argo = importlib.import_module(f"{PACKAGE}._mlops.delivery.argo")
        for line in argo.extend(documents, contract):
            click.echo(f"manifests: {line}", err=True)
    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    yaml.width = 100
    with whole_folder(TARGET) as part:
        for path, content in documents.items():
            (part / path).parent.mkdir(parents=True, exist_ok=True)
            yaml.dump(content, part / path)
    overlays = ", ".join(sorted(path.parent.name for path in TARGET.glob("overlays/*/k*.yaml")))
    click.echo(f"manifests: {TARGET}, overlays {overlays}; {image}", err=True)


def require_pinned(image: str) -> str:
    """Return an image that names its content; `WrongInput` for one that may change."""
    found = IMAGE.fullmatch(image)
    tag = found and found["tag"]
    if not found or not (tag or "@" in image) or (tag == "latest" and "@" not in image):
        message = f"--image is {image!r}; expected a tag other than latest, or a digest"
        raise WrongInput(message, "such as registry.example.com/models/late:3-813a95cbf358")
    return image


def values(image: str, contract: Contract) -> dict[str, str]:
    """Return what stands for each name in a file of ops/kubernetes."""
    version, digest = served()
    return {
        "NAME": PROJECT,
        "PACKAGE": PACKAGE,
        "IMAGE": image,
        "VERSION": version,
        "MODEL_SHA256": digest,
        "MEMORY": f"{math.ceil(contract.service.memory_mb)}Mi",
        "MODEL_SPACE": f"{math.ceil(contract.service.model_mb) + 16}Mi",
    }


def served() -> tuple[str, str]:
    """Return version and hash of the model in the image: the packaged one, or the champion."""
    if PACKAGED.is_file():
        made = read_json(PACKAGED)
        if made["version"] is None:
            raise WrongInput("build/package holds a model of the sample", "uv run just package")
        return made["version"], made["model_sha256"]
    pointer = artifact.read_pointer(paths.CHAMPION)
    return pointer["version"], pointer["model_sha256"]


def filled(named: dict[str, str]) -> Documents:
    """Return every file of ops/kubernetes with the names filled in.

    Raises:
        WrongInput: If one cannot be filled in or is no YAML.
    """
    found: Documents = {}
    for source in sorted(SOURCE.rglob("*.yaml")):
        try:
            text = Template(source.read_text(encoding="utf-8")).substitute(named)
            content = YAML(typ="safe").load(text)
        except (KeyError, ValueError, YAMLError) as error:
            said = " ".join(str(error).split())
            raise WrongInput(f"{source} cannot be filled in: {said}") from error
        if not isinstance(content, dict):
            raise WrongInput(f"{source} is no mapping")
        found[source.relative_to(SOURCE)] = content
    if not found:
        raise WrongInput(f"{SOURCE} holds no manifests")
    return found
