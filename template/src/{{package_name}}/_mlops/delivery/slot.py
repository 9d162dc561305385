# The template's. Yours is the version that goes into it.
"""The candidate's place beside the champion: its bytes, its process, its first answers."""

import json
import time
import urllib.request
from collections.abc import Sequence
from statistics import median
from typing import Any

from .. import paths
from ..errors import Problem, Refused
from ..files import whole_folder
from ..local_service import ask
from ..registry import versions
from ..registry.versions import require_same
from ..tracking import artifact
from . import runner
from .ports import address

NAME = "candidate"
PATIENCE = 120  # seconds to load the model; BentoML starts in about five
WARM_UP = 10  # answers: the first ones of a process are slower than it is
SETTLED = 1.5  # times the quickest of them: then the latest are as it is
LONG_WARM_UP = 200  # answers, after which it goes on as it is
FIRST_ANSWER = "the model is not loaded yet"


def fill(version: versions.Version) -> None:
    """Lay the version out as models/champion is laid out, for the candidate's process to load.

    Raises:
        Refused: If its bytes are not those that were registered, or it fits other feature code.
    """
    source = versions.fetch(version)
    require_same(version, artifact.read_manifest(source))
    with whole_folder(paths.ROLLOUT) as part:
        versions.store(source, part / version.model_sha256)
        pointer = {"version": version.number, "model_sha256": version.model_sha256}
        artifact.write_pointer(part, pointer)


def start(version: str) -> None:
    """Start the candidate's process, and have it answer until its times settle.

    Raises:
        Refused: If it ends, or does not answer by this version.
    """
    runner.stop(NAME)
    runner.start(NAME)
    example = {"rows": [read_manifest()["data"]["example"]]}
    end, times, found = time.monotonic() + PATIENCE, list[float](), "nothing yet"
    while not settled(times):
        if reason := ended():
            raise Refused(reason)
        began = time.perf_counter()
        try:
            found = f"version {ask(address('CANDIDATE_PORT'), example)['model_version']}"
        except urllib.error.HTTPError as error:
            found = said(error)
        except (OSError, ValueError, KeyError) as error:
            found = str(error)
        if found == f"version {version}":
            times.append(time.perf_counter() - began)
        else:
            times.clear()
        # a busy machine may be too late; what cannot predict says so
        failed = found.startswith(("answered 500", "answered 503")) and FIRST_ANSWER not in found
        if failed or (time.monotonic() > end and len(times) < WARM_UP):
            raise Refused(f"the candidate's process does not answer by version {version}: {found}")
        if time.monotonic() > end:
            return  # on a busy machine they may never settle
        if not times:
            time.sleep(0.2)


def settled(times: Sequence[float]) -> bool:
    """Say whether the latest answers took about as long as the quickest ones."""
    if len(times) < 2 * WARM_UP:
        return False
    latest, quickest = times[-WARM_UP:], sorted(times)[:WARM_UP]
    return len(times) >= LONG_WARM_UP or median(latest) <= SETTLED * median(quickest)


def said(error: urllib.error.HTTPError) -> str:
    """Return what the service says of itself when it does not predict."""
    try:
        detail = json.load(error)["detail"]
    except (OSError, ValueError, KeyError, TypeError):
        detail = ""
    return f"answered {error.code}: {detail}"


def ended() -> str:
    """Say how the candidate's process ended, and its last words; nothing while it runs."""
    if runner.alive(NAME):
        return ""
    code = runner.states()[NAME]["exitstatus"]
    words = runner.last_words(NAME)
    return f"the candidate's process ended with exit code {code}: {words or 'it said nothing'}"


def clear() -> None:
    """Stop the candidate's process; a stack that is down has stopped it already."""
    try:
        runner.stop(NAME)
    except Problem:
        if runner.running():
            raise


def read_manifest() -> dict[str, Any]:
    """Return the manifest of the version in the slot."""
    pointer = artifact.read_pointer(paths.ROLLOUT)
    return artifact.read_manifest(paths.ROLLOUT / pointer["model_sha256"])
