# The template's. Nothing of yours belongs here: `start-from` runs it.
"""Make your files in a folder that is thrown away, with what was measured there."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from ... import PACKAGE, PROJECT, paths
from ...config import load_contract, load_params
from ...errors import OutsideFailed, Refused, cause_of
from . import cutting, writing
from .profile import Profile
from .source import Source


def propose(source: Source, found: Profile) -> tuple[writing.Proposal, cutting.Cut]:
    """Return what becomes of each column, and the table in pieces."""
    rules = load_contract().personal_data
    proposal = writing.Proposal(source, found, found.key, 0, 0, rules)
    personal = {column.name for column in proposal.named("personal")}
    key = () if personal & set(found.key) else found.key
    proposal = replace(proposal, key=key or (writing.NUMBERED,))
    ordered = list(key) or [column.name for column in proposal.kept]
    label = found.target if found.labels else ""
    cut = cutting.cut(source.rows, ordered, found.time, found.group, label)
    holdout = int(sum(map(len, cut.raw)) * load_params().featurize.holdout_share)
    batch = min(map(len, cut.incoming), default=holdout)
    return replace(proposal, holdout=holdout, batch=batch), cut


def build(proposal: writing.Proposal, cut: cutting.Cut) -> tuple[dict[Path, bytes], writing.Trial]:
    """Write everything into a folder that is thrown away, try models there, return the files."""
    with tempfile.TemporaryDirectory(prefix=f"{PROJECT}-") as name:
        folder = Path(name)
        shutil.copytree("src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
        code = folder / writing.CODE
        for family in writing.FAMILIES:
            write_code(proposal, writing.untried(proposal, family), folder)
            shutil.copy(code / "model.py", code / f"model_{family}.py")
        written = write_batches(proposal, cut, folder)
        trial = tried(proposal, folder)
        written += write_code(proposal, trial, folder)
        tidy(folder)
        return {path: (folder / path).read_bytes() for path in written}, trial


def write_batches(proposal: writing.Proposal, cut: cutting.Cut, folder: Path) -> list[Path]:
    """Write the batches and the sample; return where."""
    places = [paths.RAW] * len(cut.raw) + [paths.INCOMING] * len(cut.incoming)
    tables = {
        place / f"batch-{number:02}.parquet": rows
        for number, (place, rows) in enumerate(zip(places, cut.raw + cut.incoming, strict=True), 1)
    }
    tables[paths.SAMPLE] = writing.without_people(proposal, cut.sample)
    for path, rows in tables.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        typed = writing.with_key(proposal, rows, path.stem)
        typed.to_parquet(folder / path, index=False)
    return list(tables)


def write_code(proposal: writing.Proposal, trial: writing.Trial, folder: Path) -> list[Path]:
    """Write code, and contract, parameters and prose as edits of the repo's; return where."""
    texts = writing.render(proposal, trial) | writing.edited(proposal, trial)
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return list(texts)


def tried(proposal: writing.Proposal, folder: Path) -> writing.Trial:
    """Try each family in a process that imports the new files; return the best one's figures.

    Raises:
        Refused: If these rows cannot be split, or cannot be learned from.
    """
    families = {family: writing.sizes(proposal, family) for family in writing.FAMILIES}
    environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
    module = f"{PACKAGE}._mlops.project.starting.trial"
    done = subprocess.run(
        [sys.executable, "-m", module, proposal.metric, json.dumps(families)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        message = f"no model can be tried on these rows: {done.stderr.strip().splitlines()[-1]}"
        raise Refused(message, "try --time none, another --target, or fewer rare labels")
    return writing.best(json.loads(done.stdout))


def tidy(folder: Path) -> None:
    """Format the code as `check` asks for, by this repo's own rules."""
    code = [str(path) for path in writing.FILES]
    if (rules := Path("ruff.toml")).is_file():
        shutil.copy(rules, folder)
    ruff = (sys.executable, "-m", "ruff")
    fix = ("check", "--fix", "--quiet", "--exit-zero")
    # what is left is a name or a label as the table spells it: too long, or of odd letters
    excuse = ("check", "--add-noqa", "--quiet")
    for step in (fix, ("format", "--quiet"), excuse):
        done = subprocess.run([*ruff, *step, *code], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise OutsideFailed(f"ruff cannot format what was written: {cause_of(done.stderr)}")
