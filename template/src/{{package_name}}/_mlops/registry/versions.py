# The template's. Your models are under models/, by hash; the registry is their index.
"""Versions of the model: found, registered and named champion."""

import json
import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pandas as pd

from ... import schema
from .. import PROJECT, access, errors, paths
from ..config import load_contract
from ..data import batch_files, sharing
from ..errors import DVC, OutsideFailed, Refused, WrongInput
from ..files import read_json, sha256, sha256_if_there, whole_folder
from ..tracking import artifact, runs
from ..tracking.artifact import POINTER
from . import journal

CANDIDATE, CHALLENGER, CHAMPION, PREVIOUS = "candidate", "challenger", "champion", "previous"
EVALUATION = "evaluation.json"
RECORDS = (artifact.MANIFEST, EVALUATION)  # beside the model; the registry knows their hashes
RESTORES = f"{DVC} checkout --force {paths.REGISTERED} brings back the one that git knows"
FILES = (artifact.MODEL, artifact.MANIFEST)  # what a service needs
PREVIOUS_COVERED = f"previous_{artifact.COVERED}"  # key of a pointer
VERDICTS = ("accepted", "refused")  # events of the journal
EXAMPLES = 5  # rows beside an MLflow model
SERVED = "served"  # folder of a run's artefacts in the tracking store

if TYPE_CHECKING:
    from mlflow import MlflowClient


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

    @property
    def named(self) -> dict[str, str]:
        """How the journal names it."""
        return {"version": self.number, "model_sha256": self.model_sha256}


def listed() -> list[Version]:
    """Return all versions of `register`, oldest first."""
    found = runs.client().search_model_versions(f"name = '{PROJECT}'")
    numbered = sorted(found, key=lambda version: int(version.version))
    return [
        Version(str(v.version), v.tags["model_sha256"], dict(v.tags), v.run_id or "")
        for v in numbered
        if "model_sha256" in v.tags
    ]


def altered() -> dict[str, str]:
    """Return the versions of which the registry says otherwise than the journal, and what."""
    wrong = {}
    lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in journal.lines()[0]:
        lines[str(line.get("version"))].append(line)
    for version in listed():
        among = lines[version.number]
        known = told(version, "registered", among=among).get("tags_sha256")
        given = told(version, "registered", *VERDICTS, among=among).get("event")
        said = version.tags.get(journal.GATE, "nothing")
        if known and known != (found := journal.hash_of(version.tags)):
            wrong[version.number] = f"recorded {known[:12]}, found {found[:12]}"
        elif known and given in VERDICTS and given != said:
            wrong[version.number] = f"the gate {given} it, the registry says {said}"
        elif not known and any("tags_sha256" in line for line in among):
            wrong[version.number] = "the journal tells of another model by that number"
    return wrong


def told(
    version: Version, *events: str, among: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Return the journal's last line about a version with one of these events."""
    return journal.latest(version.number, version.model_sha256, *events, among=among)


def verdict(version: Version) -> str:
    """Return what the gate said last; a refusal that the journal tells of outlasts another tag."""
    last = told(version, "registered", *VERDICTS).get("event")
    return "refused" if last == "refused" else version.tags.get(journal.GATE, "")


def find(number: str | None) -> Version:
    """Return a version by number, the newest one by default; `WrongInput` when there is none."""
    known = listed()
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
    client = runs.client()
    import mlflow
    from mlflow.sklearn import log_model

    holdout = pd.read_parquet(paths.FEATURES / "holdout.parquet")
    inputs = mixed(holdout[[feature["name"] for feature in candidate.manifest["features"]]])
    packages = candidate.manifest["packages"]
    model_id = logged_before(run_id, tags["model_sha256"])
    if not model_id:
        with mlflow.start_run(run_id=run_id):
            logged = log_model(
                candidate.model,
                name="model",
                signature=signature(inputs, candidate.model.predict(inputs)),
                input_example=inputs,
                pip_requirements=[f"{name}=={version}" for name, version in packages.items()],
                serialization_format="skops",
                skops_trusted_types=artifact.named_types(paths.CANDIDATE),
            )
        model_id = logged.model_id
    _ensure_model(client)
    bytes_of = paths.REGISTERED / tags["model_sha256"]  # the very bytes, for other hosts
    files = (artifact.MODEL, artifact.MANIFEST, EVALUATION)
    runs.keep(client, run_id, SERVED, [bytes_of / name for name in files])
    source = f"models:/{model_id}"
    continue_numbers(client, source, tags["model_sha256"])
    made = client.create_model_version(PROJECT, source, run_id, tags=tags, model_id=model_id)
    version = Version(str(made.version), tags["model_sha256"], tags, run_id)
    set_alias(CANDIDATE, version.number)
    if names(read_pointer() or {}, version):
        set_alias(CHAMPION, version.number)
    return version


def signature(inputs: pd.DataFrame, outputs: Any = None) -> Any:
    """Return MLflow's signature; a column of texts of which all are missing holds texts too."""
    from mlflow.models import infer_signature

    texts = [name for name in inputs if inputs[name].dtype == "str"]
    empty = [str(name) for name in texts if inputs[name].isna().all()]
    filled = inputs.head(1).assign(**dict.fromkeys(empty, ""))
    return infer_signature(pd.concat([inputs, filled]) if empty else inputs, outputs)


def mixed(inputs: pd.DataFrame) -> pd.DataFrame:
    """Return a few rows that are nobody's: each column is drawn by itself."""
    rows = min(EXAMPLES, len(inputs))
    drawn = {
        name: values.sample(rows, random_state=number, ignore_index=True)
        for number, (name, values) in enumerate(inputs.items())
    }
    return pd.DataFrame(drawn)


def logged_before(run_id: str, model_sha256: str) -> str | None:
    """Return the model that a killed registration logged under a run; half of one is removed.

    A run that trained other bytes has another model, however it came into the manifest.
    """
    client = runs.client()
    run = client.get_run(run_id)
    if run.data.tags.get("model_sha256") != model_sha256:
        return None
    experiment = run.info.experiment_id
    for found in client.search_logged_models([experiment], f"source_run_id = '{run_id}'"):
        if found.status == "READY":
            client.set_terminated(run_id)
            return f"{found.model_id}"
        client.delete_logged_model(found.model_id)
        if runs.own():
            shutil.rmtree(Path(found.artifact_location).parent, ignore_errors=True)
    return None


def _ensure_model(client: "MlflowClient") -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(PROJECT, description=load_contract().purpose)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def continue_numbers(client: "MlflowClient", source: str, sha256: str) -> None:
    """Let a registry that was made anew, as in a clone, go on where the journal is.

    MLflow counts from 1, and what is told of a version by its number would be about two models.
    Bytes that the journal knows get their number again, where it is still free.
    """
    told = {
        int(line["version"]): line.get("model_sha256")
        for line in journal.lines()[0]
        if str(line.get("version")).isdecimal()
    }
    last = max((int(version.number) for version in listed()), default=0)
    own = [number for number, known in told.items() if known == sha256 and number > last]
    until = min(own) - 1 if own else max(told, default=0)
    while last < until:  # MLflow counts those that were deleted too
        last = int(client.create_model_version(PROJECT, source).version)
        client.delete_model_version(PROJECT, str(last))


def model_tags() -> dict[str, str]:
    """Return what the registry says about the model as such; empty before the first version."""
    from mlflow.exceptions import MlflowException

    try:
        return dict(runs.client().get_registered_model(PROJECT).tags)
    except MlflowException:
        return {}


def by_alias(alias: str) -> Version | None:
    """Return the version that an alias names, or nothing."""
    from mlflow.exceptions import MlflowException

    try:
        number = runs.client().get_model_version_by_alias(PROJECT, alias).version
    except MlflowException:
        return None
    return find(str(number))


def set_alias(alias: str, number: str | None) -> None:
    """Let an alias name a version; without one the alias is removed.

    Raises:
        OutsideFailed: If the registry has no such version.
    """
    client = runs.client()
    if number is None:
        client.delete_registered_model_alias(PROJECT, alias)
    else:
        require_listed(number)
        client.set_registered_model_alias(PROJECT, alias, number)


def name_champion(number: str) -> None:
    """Move the aliases champion and previous, as the pointer is about to move."""
    before = read_pointer()
    if before and before["version"] != number:
        set_alias(PREVIOUS, before["version"] if has(before) else None)
    set_alias(CHAMPION, number)


def names(pointer: dict[str, Any], version: Version) -> bool:
    """Say whether a pointer names a version; two registries may have given its number."""
    return pointer.items() >= version.named.items()


def has(pointer: dict[str, Any]) -> bool:
    """Say whether the registry has a champion: it may come from where another one is."""
    return any(names(pointer, version) for version in listed())


def require_listed(number: str) -> None:
    """Raise `OutsideFailed` when the registry has no version of this number."""
    if all(version.number != number for version in listed()):
        raise not_listed(number)


def not_listed(number: str) -> OutsideFailed:
    """Return the error that a version is not in the registry."""
    message = f"version {number} is not in the registry {runs.shown_store()}"
    return OutsideFailed(message, f"{access.TRACKING} names the one that has it")


def fetch(version: Version) -> Path:
    """Return the folder of a version's bytes; what is not here comes from the tracking store.

    Raises:
        OutsideFailed: If the store does not hand them out.
    """
    if (version.folder / artifact.MODEL).is_file():
        return version.folder
    client = runs.client()
    with whole_folder(version.folder) as part:
        try:
            client.download_artifacts(version.run_id, SERVED, str(part))
        except Exception as error:  # each kind of store raises its own
            message = f"version {version.number} is neither in {version.folder} nor in the store"
            raise OutsideFailed(f"{message}: {errors.first_cause(error)}") from error
        for path in (part / SERVED).iterdir():
            path.replace(part / path.name)
        (part / SERVED).rmdir()
    return version.folder


def make_champion(
    number: str, source: Path, event: str, keep: bool = True, **facts: Any
) -> dict[str, Any]:
    """Put a version's bytes in place, then switch the pointer: that one step is atomic.

    Args:
        number: Of the version.
        source: Folder with its verified bytes.
        event: What happened, for the journal: `promoted`, `deployed`, `rolled back`.
        keep: Whether the champion before it stays beside it, to go back to without a registry.
        facts: More for the pointer and the journal, such as why it was forced.

    Returns:
        The new pointer; the old one when that version is champion already.
    """
    before = read_pointer() or {}
    sha256 = artifact.read_manifest(source)["model_sha256"]
    if names(before, Version(number, sha256, {})) and not before.get("withdrawn"):
        restore(before, lambda: source)
        finish(before)
        return before
    complete_journal(before)
    place = paths.CHAMPION / sha256
    if any(sha256_if_there(place / name) != sha256_if_there(source / name) for name in FILES):
        store(source, place)
    pointer = {
        "version": number,
        "model_sha256": sha256,
        "promoted_at": journal.now(),
        "previous": before.get("version") if keep else None,
        "previous_sha256": before.get("model_sha256") if keep else None,
        PREVIOUS_COVERED: before.get(artifact.COVERED) if keep else None,
        "forced": "",
        "event": event,
        "instead_of": before.get("version"),
        **facts,
    }
    pointer = artifact.write_pointer(paths.CHAMPION, pointer)
    finish(pointer)
    return pointer


def previous_of(pointer: dict[str, Any]) -> dict[str, Any]:
    """Return what a pointer says of the champion before, as a pointer to it would."""
    known = {"model_sha256": pointer["previous_sha256"]}
    return {**known, artifact.COVERED: pointer.get(PREVIOUS_COVERED)}


def restore(pointer: dict[str, Any], source: Callable[[], Path]) -> None:
    """Bring back what the champion's folder holds, where it is not what the pointer names.

    Args:
        pointer: Of the champion.
        source: Returns a folder with the verified bytes of that version.
    """
    place = paths.CHAMPION / pointer["model_sha256"]
    expected = pointer["model_sha256"], pointer.get(artifact.COVERED)
    found = tuple(sha256_if_there(place / name) for name in FILES)
    if found == expected or (found[0] == expected[0] and expected[1] is None):
        return
    store(source(), place)
    click.echo(f"warning: {place} was damaged; it holds what was registered again", err=True)


def finish(pointer: dict[str, Any]) -> None:
    """Do what comes after the switch of the pointer; a second time changes nothing."""
    complete_journal(pointer)
    kept = (pointer["model_sha256"], pointer.get("previous_sha256"))
    for old in paths.CHAMPION.iterdir():
        if old.is_dir() and old.name not in kept:
            shutil.rmtree(old)
    try:
        sharing.share(paths.CHAMPION)
    except OutsideFailed as problem:  # it serves already; only others cannot pull it yet
        click.echo(f"warning: {problem}; later: {DVC} add {paths.CHAMPION}", err=True)


def complete_journal(pointer: dict[str, Any]) -> None:
    """Tell the journal of the latest switch, unless it knows: a command may have been killed."""
    if "event" not in pointer or journal.tells(pointer):
        return
    about = {name: pointer[name] for name in ("version", "model_sha256")}
    if reason := pointer.get("withdrawn"):
        journal.record("withdrawn", **about, reason=reason)
        return
    manifest = artifact.read_record(paths.CHAMPION / pointer["model_sha256"])
    why = "reason" if "reason" in pointer else "forced"
    journal.record(
        pointer["event"],
        **about,
        instead_of=pointer["instead_of"],
        commit=manifest.get("commit", ""),
        **{why: pointer[why]},
    )


def read_pointer() -> dict[str, Any] | None:
    """Return which version is champion, or nothing before the first; errors as of the artifact."""
    there = (paths.CHAMPION / POINTER).is_file()
    return artifact.read_pointer(paths.CHAMPION) if there else None


def champion_record() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the champion's pointer and manifest, both of one champion."""

    def read(pointer: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        return pointer, artifact.record_named(paths.CHAMPION, pointer)

    return artifact.of_champion(paths.CHAMPION, read)


def read_evaluation(chosen: Version) -> dict[str, Any]:
    """Return the evaluation that was registered with a version.

    Raises:
        WrongInput: If it is missing or damaged.
        Refused: If it is not the registered one, or about another model.
    """
    path = chosen.folder / EVALUATION
    evaluation: dict[str, Any] = read_json(path, kinds=artifact.EVALUATED)
    if evaluation.get("model_sha256") != chosen.model_sha256:
        message = f"the evaluation beside version {chosen.number} is about another model"
        raise Refused(f"{message}: {str(evaluation.get('model_sha256'))[:12]}…")
    require_registered(chosen, EVALUATION)
    return evaluation


def require_registered(chosen: Version, name: str) -> None:
    """Raise `Refused` when a file beside the model is not the one that was registered."""
    path, expected = chosen.folder / name, chosen.tags.get(covering(name))
    found = sha256_if_there(path)
    if expected and found != expected:
        message = f"{path} has SHA-256 {found[:12]}…, version {chosen.number} was registered with"
        raise Refused(f"{message} {expected[:12]}…", RESTORES)


def covering(name: str) -> str:
    """Return the tag of a version that holds the hash of a file beside the model."""
    return f"{Path(name).stem}_sha256"


def store(source: Path, destination: Path, **records: Any) -> None:
    """Copy a model's files to another folder, whole or not at all, with more JSON beside them."""
    with whole_folder(destination) as part:
        for name in FILES:
            (part / name).write_bytes((source / name).read_bytes())
        for name, content in records.items():
            (part / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n")
        expected = artifact.read_record(part)["model_sha256"]
        if (found := sha256(part / artifact.MODEL)) != expected:
            message = f"{source} holds model {found[:12]}… now, it was {expected[:12]}…"
            raise OutsideFailed(message, "does another command train? Try again when it has ended")


def require_same(chosen: Version, manifest: dict[str, Any]) -> None:
    """Raise `Refused` when bytes or feature code are not those that were registered."""
    if manifest["model_sha256"] != chosen.model_sha256:
        message = f"version {chosen.number} was registered with model {chosen.model_sha256[:12]}…"
        raise Refused(f"{message}, {chosen.folder} holds {manifest['model_sha256'][:12]}…")
    require_registered(chosen, artifact.MANIFEST)
    hint = f"git checkout {manifest['commit'][:12]} -- src, or train again"
    require_code(chosen.number, manifest, hint)


def require_code(number: str, manifest: dict[str, Any], hint: str) -> None:
    """Raise `Refused` for a version whose features other code made than this."""
    if not batch_files.makes_features_of(manifest["features_sha256"], Path(schema.__file__).parent):
        message = f"version {number} was trained with other code in schema.py or features.py"
        raise Refused(f"{message}, or in what these import", hint)
