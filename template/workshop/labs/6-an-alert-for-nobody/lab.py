# The template's. A lab of yours is a new folder beside this one, with the same files.
"""Lab 6: the alarm rings, and nobody has to act."""

import csv
import importlib.util
import re
import subprocess
from pathlib import Path
from typing import Any

from tools import (
    PACKAGE,
    WrongInput,
    compare,
    edit,
    git,
    guarded,
    module,
    save,
    table,
    training_part,
    verb,
    write,
)

MESSAGE = "Send the drift alarm to the mailbox of the project"
CONTRACT, RUNBOOK = Path("contract.yaml"), Path("docs/runbook.md")
ALERT, NIGHT = Path("watch/alert.py"), Path("watch/night.py")
DIRECTORY, PARAMS = Path("watch/directory.csv"), Path("params.yaml")
SEPTEMBER = Path("data/incoming/2013-09.parquet")
TESTS = Path("tests/test_alert.py")
HERE = Path(__file__).parent
ROLES = ("model", "data", "service")
MAILBOX = "late-flights@example.com"
PARTS = ("Means", "Look", "Do", "Call")
ANOTHER = "another.owner@example.com"


def break_it() -> None:
    """Name the project as every owner, and bring into view who reads what."""
    own_up(dict.fromkeys(ROLES, ("Late flights project", MAILBOX)))
    for file in (ALERT, NIGHT, DIRECTORY):
        text = (HERE / f"{file.name}.txt").read_text(encoding="utf-8")
        write(file, text.partition("\n")[2])


def own_up(owners: dict[str, tuple[str, str]]) -> None:
    """Write owners into the contract."""
    text = CONTRACT.read_text(encoding="utf-8") if CONTRACT.is_file() else ""
    found = re.search(r"^owners:\n(?:  .+\n)+", text, re.M)
    lines = [
        f'  {role}: {{name: "{name}", email: {mail}}}' for role, (name, mail) in owners.items()
    ]
    edit(CONTRACT, (found[0] if found else "owners:\n", "\n".join(["owners:", *lines, ""])))


def rings(broken: str) -> str:
    """September still rings the alarm, and the directory is as it was."""
    if git("hash-object", str(DIRECTORY)) != git("rev-parse", f"{broken}:./{DIRECTORY}"):
        return f"{DIRECTORY} is not yours to change: it says who reads what, not who should"
    if not september()["drifted"]:
        return f"no alarm rang: an alarm without an owner is not mended by {PARAMS}"
    return ""


def september() -> dict[str, Any]:
    """Return what the drift report says about September."""
    return compare(training_part(), table(SEPTEMBER))


def owned(broken: str) -> str:
    """Model, data and service each have an owner who reads their mail."""
    owners, read = dict(module("_mlops.config").load_contract().owners), readers()
    for role in ROLES:
        if not owners[role].name.strip():
            return f"{CONTRACT} names nobody for the {role}"
        if owners[role].email not in read:
            return f"{owners[role].email}, of the {role}, is not in {DIRECTORY}"
        if not read[owners[role].email]["read by"]:
            what = read[owners[role].email]["what it is"]
            return f"nobody reads {owners[role].email}, of the {role}: {what}"
    return ""


def readers() -> dict[str, dict[str, str]]:
    """Return who reads which address."""
    with DIRECTORY.open(encoding="utf-8", newline="") as file:
        return {row["address"]: row for row in csv.DictReader(file)}


def told(broken: str) -> str:
    """The alert goes to whom contract.yaml names for the data, and names the runbook."""
    contract, report = module("_mlops.config").load_contract(), september()
    other = contract.owners.data.model_copy(update={"email": ANOTHER})
    owners = contract.owners.model_copy(update={"data": other})
    for agreed in (contract, contract.model_copy(update={"owners": owners})):
        mail = alert().message(report, agreed)
        if mail["to"] != agreed.owners.data.email:
            return f"the owner of the data is {agreed.owners.data.email}, it went to {mail['to']}"
        if str(RUNBOOK) not in mail["text"]:
            return f"it does not name {RUNBOOK}: who is woken by it does not know what to do"
    return ""


def alert() -> Any:
    """Import what is sent."""
    spec = importlib.util.spec_from_file_location("this_alert", ALERT)
    if spec is None or spec.loader is None:
        raise WrongInput(f"{ALERT} cannot be read")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def runbook(broken: str) -> str:
    """The runbook has a section on drift; its commands are commands of this repo."""
    text = RUNBOOK.read_text(encoding="utf-8") if RUNBOOK.is_file() else ""
    section = re.search(r"^## [^\n]*drift.*?(?=^## |\Z)", text, re.M | re.S | re.I)
    if section is None:
        return f"{RUNBOOK} has no section whose heading names drift" if text else f"no {RUNBOOK}"
    for part in PARTS:
        if not re.search(rf"\*\*{part}:\*\*\s*\S", section[0]):
            return f"its section on drift does not say **{part}:**"
    commands = re.findall(r"uv run (\S+) ([\w-]+)", section[0])
    project = module("_mlops").PROJECT
    unknown = [" ".join(words) for words in commands if not known(project, *words)]
    if unknown:
        return f"`uv run {unknown[0]}` is no command of this repo: try each line before the night"
    return "" if commands else "it names no command, such as `uv run just …`"


def known(project: str, program: str, word: str) -> bool:
    """Say whether this repo has a command or a recipe."""
    if program == "just":
        return word in recipes()
    return program == project and verb(word, "--help", may=(0, 2)).returncode == 0


def recipes() -> list[str]:
    """Return the names of the recipes."""
    done = subprocess.run(["just", "--summary"], capture_output=True, text=True, check=True)
    return done.stdout.split()


def tested(broken: str) -> str:
    """A test of yours says no when the alert goes to the project's mailbox again."""
    return guarded(broken, str(CONTRACT), str(ALERT))


CHECKPOINTS = (rings, owned, told, runbook, tested)

OWNERS = {
    "model": ("Model Lead", "model-lead@example.com"),
    "data": ("Data Steward", "data-steward@example.com"),
    "service": ("Service on call", "service-on-call@example.com"),
}
FIXED = 'to": "late-flights@example.com"'
SAID = "drift: {', '.join(drifted)}\","
PAGE = """# Runbook

Owners and addresses are in `contract.yaml`, section `owners`.

## Drift

**Means:** columns of new flights are not as they were in training; answers may be worse.

**Look:** `reports/drift.html` shows each column; when one alone moved, its source may be broken.

**Do:** nothing at night. In the morning, when the source is whole, train again:

```console
$ uv run just repro
```

**Call:** the owner of the data; when the quality fell too, the owner of the model.
"""
TEST = '''"""Who is told when the drift alarm rings, and what."""

import importlib.util
from pathlib import Path

from PACKAGE._mlops import config

ROOT = Path(__file__).parents[1]


def test_the_alert_goes_to_an_owner_who_reads_it_and_names_the_runbook():
    spec = importlib.util.spec_from_file_location("alert", ROOT / "watch/alert.py")
    alert = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(alert)
    contract = config.load_contract(ROOT / "contract.yaml")

    mail = alert.message({"columns": [{"column": "temp", "drifted": True}]}, contract)

    assert mail["to"] == contract.owners.data.email
    assert not mail["to"].startswith(("late-flights@", "all@", "noreply@"))
    assert "docs/runbook.md" in mail["text"]
    assert (ROOT / "docs/runbook.md").is_file()
'''


def solve(broken: str) -> None:
    """Name owners, tell the one of the data, say what to do, and test it."""
    own_up(OWNERS)
    tell_the_owner()
    write(RUNBOOK, PAGE)
    write(TESTS, TEST.replace("PACKAGE", PACKAGE))
    save("Send the drift alarm to somebody who knows what to do")


def tell_the_owner() -> None:
    """Let the alert follow the contract, and name the runbook."""
    edit(
        ALERT,
        (FIXED, 'to": contract.owners.data.email'),
        (SAID, "drift: {', '.join(drifted)}; what to do: docs/runbook.md\","),
    )


def everybody(broken: str) -> None:
    """Let all of us own it."""
    solve(broken)
    own_up(dict.fromkeys(ROLES, ("All of us", "all@example.com")))


def name_in_the_code(broken: str) -> None:
    """Write the owner of today into the code."""
    solve(broken)
    edit(ALERT, ("contract.owners.data.email", '"data-steward@example.com"'))


def a_page_that_nobody_tried(broken: str) -> None:
    """Write a runbook with a command that this repo does not have."""
    solve(broken)
    edit(RUNBOOK, ("uv run just repro", "uv run just retrain-everything"))


def silence(broken: str) -> None:
    """Let the alarm not ring: nobody complained."""
    solve(broken)
    edit(PARAMS, ("share: 0.2  # part of the columns", "share: 1.0  # part of the columns"))


def a_name_and_no_page(broken: str) -> None:
    """Name owners, and trust that they know what to do."""
    own_up(OWNERS)
    tell_the_owner()


MISTAKES = (everybody, name_in_the_code, a_page_that_nobody_tried, silence, a_name_and_no_page)
