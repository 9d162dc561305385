# The template's. Checks of yours are in checks/; what they rest on is recorded by itself.
"""Where does the repo stand? Each check with its score, the sections, barriers and next step."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ... import evidence
from ...files import sha256
from ...interface import Contract
from ...programs import git
from . import signatures
from .rubric import BARRIERS, SECTIONS, Check, Experiment, Found, Recorded, Signed
from .tryout import Trial

HERE = Path(__file__).parents[2]
ADDED = {1: HERE / "registry" / "gate.py", 2: HERE / "delivery"}  # what a level brings
SKEW = 60  # seconds by which clocks may differ
NOT_AN_ANSWER = (2, 3)  # wrong use, or something outside failed: it says nothing of the claim

State = Literal["proven", "signed", "refuted", "unproven", "out of date", "not trusted", "later"]
STANDS: tuple[State, ...] = ("proven", "signed")


@dataclass(frozen=True)
class Standing:
    """One check as it stands.

    Args:
        check: Its id.
        score: 1 proven by a recorded run, 0.5 signed by a person, else 0.
        state: `refuted`: it was tried and is not so. `out of date`: what it rests on changed, or
            it is too old. `not trusted`: the evidence was edited, is of another commit or from
            the future. `later`: a higher level brings it.
        detail: What was seen, or what is missing.
        recorded: When, in how many seconds, at which commit and with which hash; or nothing.
        sign: What a person is still to look at; empty when nothing is.
        to_do: What raises the score.
    """

    check: str
    title: str
    section: str
    barriers: tuple[int, ...]
    level: int
    needs: str
    score: float
    state: State
    detail: str
    recorded: dict[str, Any]
    sign: str
    to_do: str

    @property
    def stands(self) -> bool:
        """Whether the claim is proven or signed."""
        return self.state in STANDS


@dataclass(frozen=True)
class Verdict:
    """What was found about a claim before anybody signed."""

    state: State
    detail: str
    record: dict[str, Any]


class Present:
    """How the repo is in this moment: its history, and a hash for each part."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.ancestors: dict[str, bool] = {}
        self.parts: dict[str, str] = {}

    def holds(self, commit: str) -> bool:
        """Say whether HEAD is this commit or came after it."""
        if commit not in self.ancestors:
            self.ancestors[commit] = git("merge-base", commit, "HEAD") == commit
        return self.ancestors[commit]

    def part(self, name: str) -> str:
        """Return the hash of a part of the repo."""
        if name not in self.parts:
            self.parts[name] = evidence.hash_of(name) if name in evidence.PARTS else ""
        return self.parts[name]


def claimed_level() -> int:
    """Return the level for which the repo was generated."""
    return max((level for level, path in ADDED.items() if path.exists()), default=0)


def try_out(checks: Sequence[Check], level: int) -> None:
    """Try each experiment up to this level, and record what came out."""
    repo = Trial()
    for check in checks:
        if not isinstance(check, Experiment) or check.level > level:
            continue
        began = time.time()
        try:
            found = check.prove(repo)
            code = 0 if found.ok else 1
        except Exception as error:  # a check of anybody's may fail, the others go on
            found, code = Found(False, f"the check failed: {error!r}"), 4
        evidence.keep(name_of(check), code, began, said=found.detail)


def name_of(check: Check) -> str:
    """Return the name under which an experiment is recorded."""
    return f"check {check.id}"


def judge(checks: Sequence[Check], contract: Contract, now: datetime) -> list[Standing]:
    """Return where each check stands, by the records and the sign-offs."""
    records, _ = evidence.read()
    level = claimed_level()
    present = Present(now)
    return [stand(check, records, level, contract, present) for check in checks]


def stand(
    check: Check,
    records: Sequence[dict[str, Any]],
    level: int,
    contract: Contract,
    present: Present,
) -> Standing:
    """Return where one check stands."""
    found = look(check, records, contract, present)
    if check.level > level and found.state == "unproven":
        found = Verdict("later", f"belongs to level {check.level}", {})
    signed = signatures.of(check.id, present.now.date())
    score, state, detail, sign = (
        1.0 if found.state == "proven" else 0.0,
        found.state,
        found.detail,
        check.sign,
    )
    if signed and signed.wrong:
        detail = f"{detail}; {signed.wrong}"
    elif signed:
        sign, detail = "", f"{detail}; {signed.text}" if score else signed.text
        if not score:
            score, state = 0.5, "signed"
    to_do = check.to_do if state == "refuted" else check.show
    if state == "later":
        to_do = f"uv run just update --level {check.level}"
    return Standing(
        check=check.id,
        title=check.title,
        section=check.section,
        barriers=check.barriers,
        level=check.level,
        needs=check.needs,
        score=score,
        state=state,
        detail=detail,
        recorded=about(found.record),
        sign=sign,
        to_do="" if state in STANDS else to_do,
    )


def look(
    check: Check,
    records: Sequence[dict[str, Any]],
    contract: Contract,
    present: Present,
) -> Verdict:
    """Return what the records say about a claim."""
    if isinstance(check, Signed):
        return Verdict("unproven", "no program can prove it", {})
    found: list[dict[str, Any]] = []
    for wanted, matching in witnesses(check, records):
        known = [one for one in matching if one["exit_code"] not in NOT_AN_ANSWER]
        if not known:
            return Verdict("unproven", f"no record of {wanted}", {})
        if said := distrust(known[-1], present):
            return Verdict("not trusted", said, known[-1])
        if said := outdated(check, known[-1], contract, present):
            return Verdict("out of date", said, known[-1])
        found.append(known[-1])
    return answer(check, found, contract)


def witnesses(
    check: Check, records: Sequence[dict[str, Any]]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the records that speak about a claim, for each thing that has to have happened."""
    if not isinstance(check, Recorded):
        name = name_of(check)
        return [("readiness --run", [one for one in records if one["what"] == name])]
    if check.report is None:
        return [
            (f"`{name}`", [one for one in records if one["what"] == name])
            for name in check.commands
        ]
    path = str(check.report)
    return [(f"a run that wrote {path}", [one for one in records if path in one["files"]])]


def distrust(record: dict[str, Any], present: Present) -> str:
    """Say why a record does not count at all, or nothing."""
    began = datetime.fromisoformat(record["time"])
    if (began - present.now).total_seconds() > SKEW:
        return f"recorded at {record['time']}, which is in the future"
    if not record["commit"]:
        return "recorded without a commit: nothing says which code it was"
    if not present.holds(record["commit"]):
        return f"recorded at commit {record['commit'][:12]}, which is not in the history of HEAD"
    return ""


def outdated(check: Check, record: dict[str, Any], contract: Contract, present: Present) -> str:
    """Say why a record does not count any more, or nothing."""
    changed = [
        part for part in check.rests_on if record["rests_on"].get(part) != present.part(part)
    ]
    if changed:
        return f"{', '.join(changed)} changed since {record['time']}"
    days = (present.now - datetime.fromisoformat(record["time"])).total_seconds() / 86_400
    if days > (bound := check.max_age_days(contract)):
        return f"last run {record['time']}, {days:.0f} days ago; it counts for {bound:g} days"
    return ""


def answer(check: Check, found: Sequence[dict[str, Any]], contract: Contract) -> Verdict:
    """Return what trusted records say about a claim."""
    record = found[-1]
    if isinstance(check, Experiment):
        if record["exit_code"] == 0:
            return Verdict("proven", str(record.get("said", "")), record)
        return Verdict("refuted", str(record.get("said", "")), record)
    if not isinstance(check, Recorded):
        return Verdict("unproven", "no way to prove it is known", record)
    if check.report is None:
        bad = [
            f"{one['what']} ended with exit code {one['exit_code']}"
            for one in found
            if one["exit_code"]
        ]
        if bad:
            return Verdict("refuted", "; ".join(bad), record)
    else:
        path = check.report
        if not path.is_file():
            return Verdict("unproven", f"{path} was recorded and is gone", record)
        if sha256(path) != record["files"][str(path)]:
            return Verdict(
                "not trusted", f"{path} was edited after {record['what']} wrote it", record
            )
    try:
        content = json.loads(check.report.read_bytes()) if check.report else {}
        said = check.judge(content, contract)
    except Exception as error:  # a report may lack what a check reads
        return Verdict(
            "unproven", f"{check.report or check.id} cannot be judged: {error!r}", record
        )
    return Verdict("proven" if said.ok else "refuted", said.detail, record)


def about(record: dict[str, Any]) -> dict[str, Any]:
    """Return what the page shows of a record."""
    names = ("what", "time", "seconds", "exit_code", "commit", "files", "sha256")
    return {name: record[name] for name in names if name in record}


def sections(standings: Sequence[Standing]) -> dict[str, float]:
    """Return the sum of each section; the score of the ML Test Score is the smallest of four."""
    return {
        section: sum(one.score for one in standings if one.section == section)
        for section in SECTIONS
    }


def overall(standings: Sequence[Standing]) -> float:
    """Return the smallest of the four sections of the ML Test Score."""
    return min(score for name, score in sections(standings).items() if name != "organisation")


def barriers(standings: Sequence[Standing], level: int) -> dict[int, float]:
    """Return for each barrier the worst score of the checks up to a level that guard it."""
    return {
        number: min(
            (one.score for one in standings if number in one.barriers and one.level <= level),
            default=0.0,
        )
        for number in range(1, len(BARRIERS) + 1)
    }


def evidenced(standings: Sequence[Standing], leave_out: Sequence[str] = ()) -> int:
    """Return the highest level whose checks all stand, with those below; -1 when none is.

    Args:
        standings: Of every check.
        leave_out: What is not asked for: `data`, `production` or `person`.
    """
    asked = [one for one in standings if one.needs not in leave_out]
    reached = -1
    for level in sorted({one.level for one in asked}):
        if not all(one.stands for one in asked if one.level <= level):
            break
        reached = level
    return reached


def lacking(
    standings: Sequence[Standing], level: int, leave_out: Sequence[str] = ()
) -> list[Standing]:
    """Return the checks up to a level that do not stand."""
    asked = [one for one in standings if one.needs not in leave_out and one.level <= level]
    return [one for one in asked if not one.stands]


def next_action(standings: Sequence[Standing], level: int) -> Standing | None:
    """Return the check that lifts the lowest section most cheaply, or nothing when all stand.

    Of the claimed level first; a command before an edit, and both before what needs a person.
    """
    open_ = [one for one in standings if not one.stands]
    if not open_:
        return None
    sums = sections(standings)

    def order(one: Standing) -> tuple[bool, bool, float, int, int]:
        extra = one.section == "organisation"
        return one.level > level, extra, sums[one.section], effort(one), one.level

    return min(open_, key=order)


def effort(one: Standing) -> int:
    """Return how much a check asks for: 0 and 1 a command, 2 an edit, 3 production, 4 a person."""
    if one.needs == "person":
        return 4
    if one.needs == "production":
        return 3
    if one.state == "refuted":
        return 2
    return 0 if one.to_do.endswith("--run") else 1


def summary(
    standings: Sequence[Standing], level: int, now: datetime, wrong: Sequence[str]
) -> dict[str, Any]:
    """Return all of it, as reports/readiness.json holds it."""
    action = next_action(standings, level)
    return {
        "time": now.astimezone(UTC).isoformat(timespec="seconds"),
        "commit": git("rev-parse", "--verify", "--quiet", "HEAD"),
        "claimed": level,
        "evidenced": evidenced(standings),
        "score": overall(standings),
        "sections": sections(standings),
        "barriers": {BARRIERS[n - 1]: score for n, score in barriers(standings, level).items()},
        "next": asdict(action) if action else None,
        "warnings": list(wrong),
        "checks": [asdict(one) for one in standings],
    }
