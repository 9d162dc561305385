# The template's. Steps are yours, in contract.yaml: rollout.steps.
"""The proxy's configuration: filled in, checked by nginx itself, live or not at all."""

import hashlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from string import Template

from ..errors import NO_ANSWER, OutsideFailed, Refused, WrongInput
from ..files import read_text, whole_file
from ..interface import Delivery, Proxy
from . import tls
from .ports import address, ports

SOURCE = Path("ops/host/nginx.conf")
LIVE = Path("build/deploy/nginx.conf")
TEMPORARY = Path("build/deploy/nginx")
SALTS = 8  # a new rollout begins with other callers; after so many it is their turn again
LOOKS = 5  # in a row: old workers answer for a moment
GENEROUS = 50  # times the promised load, which one address may ask
PATIENCE = 10  # seconds for new workers to take over


def render(steps: Sequence[int], bounds: dict[str, str] | None = None) -> str:
    """Return the configuration for these steps, in per cent, growing to 100.

    Args:
        steps: Of the contract.
        bounds: By `limits`; by default those of a contract that says nothing of them.

    Raises:
        WrongInput: If the file names something that is not known here.
    """
    filled = {
        **{name: str(port) for name, port in ports().items()},
        **(bounds or limits(Proxy(), Delivery())),
        **tls.directives(),
        "user": user(),
        "buckets": "\n".join(bucket(step) for step in steps),
        "switches": "\n".join([*map(salt, range(SALTS)), *map(switch, steps)]),
    }
    template = Template(read_text(SOURCE))
    try:
        shape = template.substitute(filled, config_id="")
        return template.substitute(filled, config_id=identity(shape))
    except (KeyError, ValueError) as error:
        raise WrongInput(f"{SOURCE} cannot be filled in: {error}") from error


def limits(proxy: Proxy, delivery: Delivery) -> dict[str, str]:
    """Return what one address may ask of the proxy, as nginx writes it."""
    rate = proxy.requests_per_second or GENEROUS * delivery.throughput_rps
    return {
        "rate": str(max(1, round(rate))),
        "connections": str(proxy.connections),
        "body_kb": str(max(1, round(1000 * proxy.body_mb))),
        "slow": str(round(proxy.slow_seconds)),
    }


def identity(text: str) -> str:
    """Return what names a configuration; the running nginx says it, so a reload can be proved."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def user() -> str:
    """Return the directive that keeps workers ours; only root can, and has to, say so."""
    if os.geteuid():
        return ""
    return f"user {pwd.getpwuid(0).pw_name};"


def bucket(step: int) -> str:
    """Return the callers of one step; `*` comes last, and 100 % has no rest."""
    shares = "* candidate;" if step == 100 else f"{step}% candidate; * champion;"
    return f'    split_clients "$caller/$salt" $side_{step} ' + block(shares)


def salt(number: int) -> str:
    """Return the switch of one salt; the first needs no file."""
    if number == 0:
        return "        set $salt 0;"
    return f"        if (-f $document_root/flags/salt-{number}) " + block(f"set $salt {number};")


def switch(step: int) -> str:
    """Return the switch of one step; a later one wins while two files are there."""
    return f"        if (-f $document_root/flags/{step}) " + block(f"set $side $side_{step};")


def block(text: str) -> str:
    """Return directives in braces."""
    return "{ " + text + " }"


def check(text: str) -> None:
    """Let nginx read a configuration in a folder of its own; `Refused` when it rejects it."""
    with tempfile.TemporaryDirectory(prefix="nginx-") as name:
        prefix = Path(name)
        (prefix / TEMPORARY).mkdir(parents=True)
        (prefix / LIVE).write_text(text, encoding="utf-8")
        tested = [program(), "-e", "stderr", "-t", "-p", f"{prefix}/", "-c", str(LIVE)]
        done = subprocess.run(tested, capture_output=True, text=True)
        if done.returncode:
            said = next((line for line in done.stderr.splitlines() if "emerg" in line), done.stderr)
            reason = re.sub(r"^.*?\] (\d+#\d+: )?", "", said).replace(f"{prefix}/", "")
            message = f"nginx rejects the new configuration: {reason.strip()}"
            raise Refused(message, "the running one stays; is something of ops/host/ changed?")


def program() -> str:
    """Return where nginx is; `OutsideFailed` when it is not installed."""
    if found := shutil.which("nginx"):
        return found
    raise OutsideFailed("nginx is not installed", "apt-get install nginx")


def write(steps: Sequence[int], bounds: dict[str, str] | None = None) -> bool:
    """Check and write the configuration; say whether it differs from the one before."""
    text = render(steps, bounds)
    if LIVE.is_file() and LIVE.read_bytes() == text.encode():
        return False
    check(text)
    TEMPORARY.mkdir(parents=True, exist_ok=True)
    with whole_file(LIVE) as part:
        part.write_text(text, encoding="utf-8")
    return True


def reload(signal: Callable[[], object]) -> None:
    """Let the running nginx take the written configuration, and prove that it did.

    Exit codes prove nothing: nginx keeps its old workers, and says so in its log alone.

    Args:
        signal: Sends the signal HUP to the running nginx.

    Raises:
        OutsideFailed: If the workers that answer are still of the old configuration.
    """
    expected = read_text(LIVE)
    signal()
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if all(running() in expected for _ in range(LOOKS)):
            return
        time.sleep(0.1)
    message = "nginx did not take the new configuration; the one before is still running"
    raise OutsideFailed(message, "`uv run just stack status` names its log: is a port in use?")


def running() -> str:
    """Return which configuration the running nginx has, or a word that is in none."""
    try:
        with urllib.request.urlopen(f"{address('STATUS_PORT')}/healthz", timeout=2) as answer:
            return f'"{answer.read().decode().strip()}\\n"'
    except NO_ANSWER:
        return "no answer"
