# The template's. The steps are yours, in contract.yaml: rollout.steps.
"""Who answers whom: files that nginx looks at with each request, so that no switch costs one."""

from collections.abc import Iterable
from pathlib import Path

from ..errors import OutsideFailed
from .nginx import SALTS

FLAGS = Path("monitoring/rollout/flags")
SHADOW = "shadow"


def switch_to(flags: Iterable[str]) -> None:
    """Have exactly these flags: new ones first, so that nobody falls back in between."""
    wanted = set(flags)
    try:
        FLAGS.mkdir(parents=True, exist_ok=True)
        for name in wanted:
            (FLAGS / name).touch()
        for name in present() - wanted:
            (FLAGS / name).unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutsideFailed(f"cannot switch the traffic in {FLAGS}: {reason}") from error


def present() -> set[str]:
    """Return the flags that are set."""
    return {path.name for path in FLAGS.glob("*")}


def all_to_champion() -> None:
    """Take every caller to the champion; needs no space on the disk."""
    for path in FLAGS.glob("*"):
        path.unlink(missing_ok=True)


def shadow(salt: int) -> list[str]:
    """Return the flags with which the candidate answers a copy of the traffic."""
    return [SHADOW, *salted(salt)]


def canary(percent: int, salt: int) -> list[str]:
    """Return the flags with which the candidate answers this share of the callers."""
    return [str(percent), *salted(salt)]


def salted(salt: int) -> list[str]:
    """Return the flag of a rollout's salt; the first needs none."""
    return [f"salt-{salt % SALTS}"] if salt % SALTS else []
