# The template's. Ports are yours, in the environment; bars and steps in contract.yaml.
"""All processes of a serving host: configured, started, looked at, stopped."""

import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from string import Template

from .. import access, paths
from ..config import load_contract
from ..errors import NO_ANSWER, OutsideFailed, Refused, WrongInput
from ..files import read_text, whole_file
from ..interface import Contract
from ..local_service import require_free
from . import nginx, rules, runner, traffic
from .ports import LOCAL, door, ports
from .processes import Process, processes, supervised

FOLDER = Path("build/deploy")
SOURCES = Path("ops/host")
PROMETHEUS = FOLDER / "prometheus.yml"
PATIENCE = 120  # seconds until all can be used; BentoML starts in about five


def render() -> dict[str, bool]:
    """Write every configuration to build/deploy, each whole or not at all.

    Returns:
        For each file whether it differs from the one before.

    Raises:
        WrongInput: If a file of ops/host/ cannot be filled in.
        Refused: If nginx or Prometheus rejects its configuration; then the one before stays.
    """
    contract = load_contract()
    bounds = nginx.limits(contract.proxy, contract.delivery)
    changed = {nginx.LIVE.name: nginx.write(contract.rollout.steps, bounds)}
    rules.render(FOLDER)  # Prometheus's configuration names them
    for name, text in filled_in(contract).items():
        changed[name] = write(FOLDER / name, text)
    own = supervised(processes(), runner.socket(), (Path.cwd() / runner.FOLDER))
    changed[runner.CONFIG.name] = write(runner.CONFIG, own)
    return changed


def filled_in(contract: Contract) -> dict[str, str]:
    """Return each file of ops/host/ that names ports, with these in their places."""
    values = {name: str(port) for name, port in ports().items()}
    values["SCRAPE_INTERVAL"] = f"{looks(contract)}s"
    values["AUTHORIZATION"] = authorization()
    found = {}
    for source in sorted(SOURCES.glob("*.yml")):
        try:
            found[source.name] = Template(read_text(source)).substitute(values)
        except (KeyError, ValueError) as error:
            raise WrongInput(f"{source} cannot be filled in: {error}") from error
    return found


def looks(contract: Contract) -> int:
    """Return how many seconds lie between two looks of Prometheus: a step is judged on several."""
    return max(1, min(15, int(contract.rollout.wait_seconds / 4)))


def authorization() -> str:
    """Return how Prometheus shows a token where it must: from a file that only this user reads."""
    path, known = FOLDER / "metrics-token", access.required("/metrics")
    if not known:
        path.unlink(missing_ok=True)
        return ""
    with whole_file(path, mode=0o600) as part:
        part.write_text(known[0], encoding="utf-8")
    return f"{{credentials_file: {path.name}}}"


def write(path: Path, text: str) -> bool:
    """Write a file at once; say whether it differs from the one before."""
    if path.is_file() and path.read_bytes() == text.encode():
        return False
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")
        if path == PROMETHEUS:
            check(part)
    return True


def check(part: Path) -> None:
    """Let promtool read what Prometheus would; a running one would go on with what it had."""
    if not (promtool := shutil.which("promtool")):
        return
    command = [promtool, "check", "config", part.name]
    done = subprocess.run(command, cwd=part.parent, capture_output=True, text=True)
    if done.returncode:
        said = " ".join(done.stderr.replace(part.name, str(PROMETHEUS)).split())
        message = f"Prometheus rejects the new configuration: {said.removeprefix('FAILED: ')}"
        raise Refused(message, f"the running one stays; is something of {SOURCES}/ changed?")


def up() -> str:
    """Start what is not running, or let what runs take a changed configuration; say which.

    Raises:
        OutsideFailed: If a program is missing, a port is taken, or something does not become ready.
    """
    found = processes()
    if runner.running():
        return refresh()
    for name, port in ports().items():
        require_free(door() if name == "PROXY_PORT" else LOCAL, port)
    render()
    for folder in (paths.CHAMPION, paths.ROLLOUT, Path("monitoring"), traffic.FLAGS):
        folder.mkdir(parents=True, exist_ok=True)
    runner.launch()
    try:
        wait_for([one for one in found if one.starts])
    except OutsideFailed:
        runner.end()
        raise
    return "up"


def refresh() -> str:
    """Render anew, and let nginx and Prometheus read what changed."""
    changed = {name for name, differs in render().items() if differs}
    if nginx.LIVE.name in changed:
        nginx.reload(lambda: runner.hang_up("proxy"))
    for name in ("prometheus", "alertmanager"):
        runner.hang_up(name)
    if runner.CONFIG.name in changed:
        raise OutsideFailed(
            "the processes themselves changed; those that run are the old ones",
            "uv run just stack down, then uv run just stack up",
        )
    return f"up already; changed: {', '.join(sorted(changed)) or 'nothing'}"


def wait_for(found: list[Process], patience: float = PATIENCE) -> None:
    """Wait until each process answers; `OutsideFailed` names the first that does not."""
    end = time.monotonic() + patience
    for process in found:
        while not well(process):
            dead = not runner.alive(process.name) and not process.again
            if dead or time.monotonic() > end:
                words = runner.last_words(process.name)
                message = f"{process.name} does not become ready: {words or 'it says nothing'}"
                log = runner.FOLDER / f"{process.name}.log"
                raise OutsideFailed(message, f"its log is {log}")
            time.sleep(0.2)


def well(process: Process) -> bool:
    """Say whether a process answers its health check."""
    try:
        with urllib.request.urlopen(process.health, timeout=5):
            return True
    except NO_ANSWER:
        return False


def status() -> dict[str, dict[str, object]]:
    """Return for each process its state, its process id, and whether it is well."""
    states = runner.states()
    return {
        one.name: {
            "state": states[one.name]["statename"].lower(),
            "pid": states[one.name]["pid"],
            "well": well(one),
            "expected": one.starts,
        }
        for one in processes()
    }
