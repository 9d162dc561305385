# The template's. A check of yours is a class in a new file of checks/.
"""What a check is, and which there are.

Sections and ids D1 to Mo7 are those of the ML Test Score (Breck et al., 2017: 28 tests, the score
is the smallest of four sections). The barriers are the seven of the review article *Why ML models
fail to reach production*, sections 5.1 to 5.7.
"""

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from ...interface import Contract
from .tryout import Trial

Section = Literal["data", "model", "infrastructure", "monitoring", "organisation"]
Needs = Literal["", "data", "production", "person"]

# the score is the smallest of the first four; the fifth is beyond the ML Test Score
SECTIONS: tuple[Section, ...] = ("data", "model", "infrastructure", "monitoring", "organisation")
BARRIERS = (
    "Data science and engineering work apart",
    "Data quality and governance",
    "No reproducibility",
    "No robust tests",
    "No infrastructure",
    "No monitoring",
    "Organisation and ownership",
)
MARKS = {1.0: "1", 0.5: "½", 0.0: "0"}  # scores, for people


@dataclass(frozen=True)
class Found:
    """What a check saw: whether its claim holds, and a sentence with what was counted."""

    ok: bool
    detail: str


class Check:
    """One claim about the repo. A subclass says how it is proven.

    Attributes:
        id: Short and unique, such as `D1`.
        title: The claim, in a few words.
        section: Where its score is added; by default the one that its file is named after.
        barriers: Numbers of the article's barriers that it guards against.
        level: The maturity level to which it belongs.
        proof: How a program proves it.
        sign: What only a person can sign; empty when nothing is left for one.
        needs: What no fresh copy can show: real `data`, `production`, or a `person`.
        rests_on: Parts of the repo, by `evidence.PARTS`; when one changed, evidence is out of date.
        show: What to type for evidence, when there is none that counts.
        to_do: What to do when it was looked at and does not hold.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    section: ClassVar[Section]
    barriers: ClassVar[tuple[int, ...]]
    level: ClassVar[int]
    proof: ClassVar[str]
    sign: ClassVar[str] = ""
    needs: ClassVar[Needs] = ""
    rests_on: ClassVar[tuple[str, ...]] = ()
    show: ClassVar[str] = ""
    to_do: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        """Find the section by the name of the file."""
        name = cls.__module__.rpartition(".")[2]
        if name in SECTIONS and "section" not in vars(cls):
            cls.section = name

    def max_age_days(self, contract: Contract) -> float:
        """Return how old evidence may be."""
        return contract.readiness.max_age_days


class Experiment(Check):
    """A claim that `readiness --run` tries out, in seconds, on the sample."""

    show = "uv run just readiness --run"

    def prove(self, repo: Trial) -> Found:
        """Try the claim out."""
        raise NotImplementedError


class Recorded(Check):
    """A claim that other commands prove when they run; it reads their records and reports.

    Attributes:
        commands: All of them have to have run.
        report: A report that the last one wrote, and that `judge` reads; or none.
    """

    commands: ClassVar[tuple[str, ...]]
    report: ClassVar[Path | None] = None

    def judge(self, report: dict[str, Any], contract: Contract) -> Found:
        """Say whether the report proves the claim; without a report, that the commands ran does."""
        return Found(True, f"{', '.join(self.commands)} ended well")


class Signed(Check):
    """A claim that no program can prove: a person looks, and signs."""

    needs: ClassVar[Needs] = "person"
    show = "sign it, as docs/handbook/readiness.md says"


def find_checks() -> list[Check]:
    """Return every check of every file in checks/, section by section and then by id."""
    folder = Path(__file__).parent / "checks"
    for path in sorted(folder.glob("[!_]*.py")):
        importlib.import_module(f"{__package__}.checks.{path.stem}")
    found = [kind() for kind in _below(Check) if hasattr(kind, "id")]
    return sorted(found, key=lambda one: (SECTIONS.index(one.section), _in_order(one.id)))


def _below(kind: type[Check]) -> list[type[Check]]:
    return [kind] + [deeper for one in kind.__subclasses__() for deeper in _below(one)]


def _in_order(name: str) -> tuple[str, int]:
    letters = name.rstrip("0123456789")
    return letters, int(name[len(letters) :] or 0)
