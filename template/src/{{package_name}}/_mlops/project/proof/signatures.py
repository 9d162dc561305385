# The template's. Yours are the files in signoffs/, one for each check.
"""What people signed: files that only people write."""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ...files import sha256
from ...programs import git

FOLDER = Path("signoffs")


class SignOff(BaseModel):
    """One file of signoffs/: who looked at what, when, and until when that counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    who: str
    role: str
    date: datetime.date
    expires: datetime.date
    evidence: Path  # the file that was looked at
    sha256: str  # as it was then


@dataclass(frozen=True)
class Signature:
    """A sign-off as it counts today: `wrong` says why it does not."""

    text: str
    wrong: str


def of(check: str, today: datetime.date) -> Signature | None:
    """Return what was signed for a check; nothing when there is no file."""
    path = FOLDER / f"{check}.yaml"
    if not path.is_file():
        return None
    try:
        content: Any = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        signed = SignOff.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        return Signature("", f"{path}: {where}: {first['msg'].lower()}")
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        return Signature("", f"{path} cannot be read: {str(error).splitlines()[0]}")
    text = f"signed by {signed.who}, {signed.role}, on {signed.date}, until {signed.expires}"
    return Signature(text, problem(path, signed, today))


def problem(path: Path, signed: SignOff, today: datetime.date) -> str:
    """Say why a sign-off does not count, or nothing."""
    if not (signed.who.strip() and signed.role.strip()):
        return f"{path} names nobody"
    if signed.date > today:
        return f"{path} was signed on {signed.date}, which is not yet"
    if signed.expires <= today:
        return f"{path} expired on {signed.expires}"
    if not signed.evidence.is_file():
        return f"{path} is about {signed.evidence}, which does not exist"
    if sha256(signed.evidence) != signed.sha256:
        return f"{path} is about another {signed.evidence}: it changed since"
    if git("diff", "--name-only", "HEAD", "--", str(path)):  # of one that it knows
        return f"{path} is not as git has it: look at it, and commit it"
    return ""
