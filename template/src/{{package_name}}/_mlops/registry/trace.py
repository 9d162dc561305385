# The template's. Checks of yours on a version go into a command of yours.
"""Show what a version was made of, and verify it."""

import hashlib
import importlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from .. import PACKAGE, PROJECT, chain, paths, programs
from ..data import removals, sharing
from ..data.batch_files import batches, feature_hashes, raw_sha256
from ..errors import DVC, OutsideFailed, Refused, WrongInput, first_of
from ..files import read_json, require_unlocked, sha256_if_there, sha256_of
from ..tracking import artifact, provenance, runs
from . import journal, versions

LENGTHY = ("example", "seen")
LOG = Path(__file__).parents[1] / "data" / "prediction_log.py"  # level 1 adds it
POINTER = paths.CHAMPION / artifact.POINTER
OK, DIFFERS, MISSING = "ok", "differs", "missing"
EDITED = "edited"  # since the last commit, which is no fault


@dataclass(frozen=True)
class Check:
    """One claim of the record, compared with what is there now."""

    name: str
    state: str
    detail: str

    @property
    def wrong(self) -> bool:
        """Say whether what is there is not what was recorded."""
        return self.state in (DIFFERS, MISSING)


@click.command()
@click.argument("version", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the record and the checks as JSON.")
def command(version: str | None, as_json: bool) -> None:
    """Show what VERSION (by default the champion) was made of, and verify it.

    Where predictions are logged, the id of a request shows its answer and traces its version.
    Each claim is compared with the bytes on disk, in git and in the tracking store. Exit code 1
    when one differs or cannot be verified because something is missing, 2 for no such version.
    """
    request = find_request(version)
    traced = versions.find(request.get("version") or version or champion_number())
    manifest = read_record(traced.folder / artifact.MANIFEST)
    record, checks = describe(traced, manifest), verify(traced, manifest)
    record = {**({"request": request} if request else {}), **record}
    wrong = [check for check in checks if check.wrong]
    if as_json:
        answer = {**record, "ok": not wrong, "checks": [asdict(check) for check in checks]}
        click.echo(json.dumps(answer))
    else:
        show(record, checks)
    if wrong:
        found = "; ".join(f"{check.name} {check.state}" for check in wrong)
        raise Refused(f"version {traced.number} is not what was recorded: {found}", hint(wrong))
    edited = [check.detail for check in checks if check.state == EDITED]
    said = f"trace: version {traced.number}, all {len(checks)} claims hold"
    click.echo("; ".join([said, *edited]), err=True)


def find_request(asked: str | None) -> dict[str, Any]:
    """Return what a request was answered, from the prediction log that level 1 adds.

    Raises:
        WrongInput: If the log does not hold it, or no model answered it.
    """
    if asked is None or asked.isdecimal() or not LOG.is_file():
        return {}
    log = importlib.import_module("..data.prediction_log", __package__)
    found: dict[str, Any] = log.find(asked)
    if not found["version"]:
        message = f"request {asked!r} of {found['time']} was answered {found['status']} by no model"
        raise WrongInput(message, "there is no version to trace")
    return found


def champion_number() -> str:
    """Return the champion's version; `WrongInput` before the first."""
    pointer = versions.read_pointer()
    if pointer is None:
        message = "there is no champion to trace"
        raise WrongInput(message, f"name a version: uv run {PROJECT} trace 1")
    return str(pointer["version"])


def read_record(path: Path) -> dict[str, Any]:
    """Return what a JSON file beside the model says; empty when it is missing or damaged."""
    kinds = artifact.KINDS if path.name == artifact.MANIFEST else artifact.EVALUATED
    try:
        return dict(read_json(path, kinds=kinds))
    except WrongInput:
        return {}


def describe(traced: versions.Version, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the record of a version: its registration, data, code, params and environment."""
    pointer = versions.read_pointer() or {}
    champion = versions.names(pointer, traced)
    data = {k: v for k, v in manifest.get("data", {}).items() if k not in LENGTHY}
    return {
        "version": traced.number,
        "model_sha256": traced.model_sha256,
        "champion": champion,
        "promoted_at": pointer["promoted_at"] if champion else None,
        "promotion_forced": pointer["forced"] if champion else None,
        "registered_at": traced.tags.get("registered_at", ""),
        "registered_by": traced.tags.get("registered_by", ""),
        "forced": traced.tags.get("forced", ""),
        "run_id": traced.run_id,
        "trained_at": manifest.get("created", ""),
        "data": data,
        "code": {name: manifest.get(name) for name in ("commit", "dirty", "dirty_reasons")}
        | {"features_sha256": manifest.get("features_sha256")},
        "params": manifest.get("params", {}),
        "environment": {name: manifest.get(name) for name in ("python", "packages", "lock_sha256")},
    }


def verify(traced: versions.Version, manifest: dict[str, Any]) -> list[Check]:
    """Hold each claim of the registry and the manifest against what is there now.

    Raises:
        OutsideFailed: If a claim fails while another command is about to change what it says.
    """
    before = latest_change()
    found = verify_now(traced, manifest)
    if not any(check.wrong for check in found):
        return found
    require_unlocked(paths.MODELS / ".lock")
    if latest_change() == before:
        return found
    traced = versions.find(traced.number)
    return verify(traced, read_record(traced.folder / artifact.MANIFEST))


def latest_change() -> list[tuple[int, int]]:
    """Return what tells one state of the pointer and the journal from the next."""
    there = [path.stat() for path in (POINTER, paths.JOURNAL) if path.is_file()]
    return [(one.st_mtime_ns, one.st_size) for one in there]


def verify_now(traced: versions.Version, manifest: dict[str, Any]) -> list[Check]:
    """Compare once."""
    tags, kept = traced.tags, versions.model_tags()
    commit = tags.get("commit", "")
    lock = provenance.at_commit(commit, provenance.LOCK)
    package = Path("src", *PACKAGE.split("."))
    features = tags.get("features_sha256")
    made = feature_hashes(lambda path: provenance.at_commit(commit, package / path))
    return [
        same("model", traced.model_sha256, sha256_if_there(traced.folder / artifact.MODEL)),
        same_tags(traced, manifest),
        evaluation(traced),
        run(traced, manifest),
        *registration(traced),
        same("commit", commit, programs.git("rev-parse", "--verify", f"{commit}^{{commit}}")),
        same("features", features, features if features in made else next(iter(made), None)),
        same("lock", tags.get("lock_sha256"), digest([lock])),
        data(tags.get("data_sha256"), manifest.get("data", {}).get("batches")),
        *pipeline(traced),
        *champion(traced),
        *shared(),
        records("store", runs.damage()),
        records("journal", journal.problems(kept)),
        *forgotten(),
        *predictions(),
        *removed(kept),
        committed(),
    ]


def same(name: str, recorded: str | None, found: str | None) -> Check:
    """Compare two hashes; nothing recorded, or nothing to compare with, is missing."""
    if not recorded:
        return Check(name, MISSING, "nothing was recorded")
    if not found:
        return Check(name, MISSING, f"recorded {recorded[:12]}, there is none now")
    if recorded != found:
        return Check(name, DIFFERS, f"recorded {recorded[:12]}, found {found[:12]}")
    return Check(name, OK, recorded[:12])


def data(recorded: str | None, known: Any) -> Check:
    """Compare the batches that a version was trained on; less what was forgotten is right.

    Args:
        recorded: Their hash.
        known: Their names, by the manifest; batches that came later are named, and are no fault.
    """
    here, later = raw_sha256(), []
    files = [paths.RAW / str(name) for name in known] if isinstance(known, list) else []
    if here and here != recorded and files and all(path.is_file() for path in files):
        here, later = sha256_of(files), [path.name for path in batches(paths.RAW)]
    check = same("data", recorded, here)
    names = [path.name for path in files]
    why = removals.explain(recorded, here, names) if recorded and here else ""
    if why or check.state != OK:
        return Check("data", OK, why) if why else check
    since = [name for name in later if name not in known]
    return Check("data", OK, f"{check.detail}; came later: {', '.join(since)}") if since else check


def forgotten() -> list[Check]:
    """Say whether the record of what was forgotten is as it was written, when there is one."""
    there = removals.FILE.is_file() or programs.git("ls-files", str(removals.FILE))
    return [records("forgotten", removals.problems())] if there else []


def same_tags(traced: versions.Version, manifest: dict[str, Any]) -> Check:
    """Compare the manifest with what the registry says about it."""
    if not (path := traced.folder / artifact.MANIFEST).is_file():
        return Check("manifest", MISSING, "there is none beside the model")
    unlike = [name for name in runs.TAGS if traced.tags.get(name) != str(manifest.get(name))]
    if unlike:
        return Check("manifest", DIFFERS, f"unlike the registry: {', '.join(unlike)}")
    return registered(traced, path) or Check("manifest", OK, "as the registry says")


def evaluation(traced: versions.Version) -> Check:
    """Compare the evaluation beside the model with what was registered."""
    path = traced.folder / versions.EVALUATION
    about = same("evaluation", traced.model_sha256, read_record(path).get("model_sha256"))
    return about if about.state != OK else registered(traced, path) or about


def registered(traced: versions.Version, path: Path) -> Check | None:
    """Compare a file beside the model with its registered hash; nothing where there is none."""
    known = traced.tags.get(versions.covering(path.name))
    return same(path.stem, known, sha256_if_there(path)) if known else None


def registration(traced: versions.Version) -> list[Check]:
    """Compare what the registry says of each version with the journal's lines about it."""
    wrong = versions.altered()
    own = wrong.pop(traced.number, "")
    others = [f"version {number}: {why}" for number, why in wrong.items()]
    known = versions.told(traced, "registered").get("tags_sha256")
    said = known[:12] if known else "registered elsewhere, or before the journal said so"
    return [
        Check("registry", DIFFERS if own else OK, own or said),
        *([records("versions", others)] if others else []),
    ]


def pipeline(traced: versions.Version) -> list[Check]:
    """Compare DVC's record with the one of the registration, while the candidate is this version.

    Another one is right too when the files, or git, say the same: a stage may run again.
    """
    known = traced.tags.get("pipeline_sha256")
    candidate = read_record(paths.CANDIDATE / artifact.MANIFEST)
    if not known or candidate.get("model_sha256") != traced.model_sha256:
        return []
    found = same("pipeline", known, sha256_if_there(provenance.PIPELINE))
    if found.state == OK or not programs.git("status", "--porcelain", str(provenance.PIPELINE)):
        return [Check("pipeline", OK, known[:12])]
    changes = provenance.pipeline_changes("cmd", "deps", "params", "outs")
    if found.state == DIFFERS and not changes:
        return [Check("pipeline", OK, "as the files are")]
    return [Check("pipeline", found.state, "; ".join(changes) or found.detail)]


def records(name: str, wrong: list[str]) -> Check:
    """Say whether records are as they were written."""
    return Check(name, DIFFERS if wrong else OK, first_of(wrong) or "as it was written")


def predictions() -> list[Check]:
    """Say whether the prediction log that level 1 adds is as it was written."""
    if not LOG.is_file():
        return []
    log = importlib.import_module("..data.prediction_log", __package__)
    return [records("log", log.problems())]


def removed(kept: dict[str, str]) -> list[Check]:
    """Say whether the record of what was kept long enough is as it was written, where it is.

    Args:
        kept: Tags of the registered model.
    """
    path = paths.RETENTION
    if path.is_file():
        return [records("retention", chain.read(path)[1] + journal.cut_off(path, kept))]
    known = runs.own() and any(name.startswith(f"{path.stem}.") for name in kept)
    return [Check("retention", MISSING, f"{path} is gone; the registry knows it")] if known else []


def committed() -> Check:
    """Name the files that are not as the last commit has them.

    That is no fault: git cannot tell work in progress from a disk that lost a byte. A person can.
    """
    commit = programs.git("rev-parse", "--short", "HEAD") or "none"
    edited = provenance.unlike_commit()
    if edited:
        return Check("files", EDITED, f"unlike commit {commit}: {', '.join(edited)}")
    return Check("files", OK, f"as commit {commit} has them")


def run(traced: versions.Version, manifest: dict[str, Any]) -> Check:
    """Compare the run in the tracking store with the parameters of the manifest."""
    if not runs.exists(traced.run_id):
        return Check("run", MISSING, f"{traced.run_id or 'none'} is not in {runs.shown_store()}")
    logged = runs.client().get_run(traced.run_id).data
    expected = {name: str(value) for name, value in manifest.get("params", {}).items()}
    if logged.params != expected:
        unlike = sorted(name for name, _ in logged.params.items() ^ expected.items())
        return Check("run", DIFFERS, f"other params: {', '.join(dict.fromkeys(unlike))}")
    unlike = [name for name in runs.TAGS if logged.tags.get(name) != str(manifest.get(name))]
    if unlike:
        return Check("run", DIFFERS, f"other tags: {', '.join(unlike)}")
    scores = read_record(traced.folder / versions.EVALUATION).get("metrics", {})
    other = [name for name, value in scores.items() if logged.metrics.get(name) != value]
    if other:
        return Check("run", DIFFERS, f"other metrics: {', '.join(other)}")
    return Check("run", OK, traced.run_id)


def digest(parts: list[bytes | None]) -> str | None:
    """Return one hash of files as a commit holds them; nothing when it lacks one."""
    known = [part for part in parts if part is not None]
    return hashlib.sha256(b"".join(known)).hexdigest() if len(known) == len(parts) else None


def champion(traced: versions.Version) -> list[Check]:
    """Compare the bytes that are served with those that were registered, for the champion."""
    pointer = versions.read_pointer() or {}
    if pointer.get("version") != traced.number:
        return []
    folder = paths.CHAMPION / pointer["model_sha256"]
    checks = [same("champion", traced.model_sha256, sha256_if_there(folder / artifact.MODEL))]
    if known := pointer.get(artifact.COVERED):
        checks.append(
            same("champion's manifest", known, sha256_if_there(folder / artifact.MANIFEST))
        )
    named = versions.by_alias(versions.CHAMPION)
    if runs.own() and (named is None or named.number != traced.number):
        said = f"the registry's champion is {f'version {named.number}' if named else 'none'}"
        checks.append(Check("alias", DIFFERS, said))
    return checks


def shared() -> list[Check]:
    """Compare the folders of models with their DVC pointers, by which others pull them."""
    checks = []
    served = [paths.CHAMPION] if POINTER.is_file() else []
    for folder in (paths.REGISTERED, *served):
        pointer = folder.with_suffix(".dvc")
        if not pointer.is_file():
            checks.append(Check(pointer.name, MISSING, f"{pointer} is not there"))
            continue
        try:
            unlike = f"{folder} is unlike {pointer}" if sharing.moved(pointer) else ""
        except OutsideFailed as error:
            unlike = str(error)
        checks.append(Check(pointer.name, DIFFERS if unlike else OK, unlike or str(pointer)))
    return checks


def hint(wrong: list[Check]) -> str:
    """Say what to do about the first claim that fails."""
    back = f"data/raw changed since; git checkout the commit's data/raw.dvc, then {DVC} checkout"
    known = {
        "data": f"{back}; rows in {removals.FILE} never come back" if removals.lines() else back,
        "manifest": versions.RESTORES,
        "evaluation": versions.RESTORES,
        "journal": f"git log -p {paths.JOURNAL} shows what it was",
        "forgotten": f"git log -p {removals.FILE} shows what it was",
        "registered.dvc": f"{DVC} add {paths.REGISTERED} writes it anew",
        "champion.dvc": f"{DVC} add {paths.CHAMPION} writes it anew",
        "commit": "git fetch --all, if the commit was made elsewhere",
        "model": f"{DVC} pull --force {paths.REGISTERED} brings back the registered bytes",
        "champion": f"{artifact.RESTORES} brings back the one that git knows",
        "champion's manifest": f"{artifact.RESTORES} brings back the one that git knows",
    }
    unread = {check.name for check in wrong if "DVC cannot look" in check.detail}
    known |= dict.fromkeys(unread, "git diff HEAD -- .dvc/config models shows what was changed")
    return next((known[check.name] for check in wrong if check.name in known), "")


def show(record: dict[str, Any], checks: list[Check]) -> None:
    """Print the record, then one line for each check."""
    lines = flat(record)
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        click.echo(f"{name:<{width}}  {value}")
    click.echo()
    width = max(len(check.name) for check in checks)
    for check in checks:
        click.echo(f"{check.state:<8} {check.name:<{width}} {check.detail}")


def flat(record: dict[str, Any], above: str = "") -> list[tuple[str, str]]:
    """Return the record as lines; what is empty is left out."""
    lines: list[tuple[str, str]] = []
    for name, value in record.items():
        if isinstance(value, dict):
            lines += flat(value, f"{above}{name}.")
        elif value not in ("", None, []):
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            lines.append((f"{above}{name}", text))
    return lines
