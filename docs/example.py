"""Write one repo with the tags level-0, level-1 and level-2: what each level adds is a diff."""

import argparse
import subprocess
import sys
from pathlib import Path

import copier
import yaml

ROOT = Path(__file__).parents[1]
QUESTIONS = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
LEVELS: list[int] = [one["value"] for one in QUESTIONS["maturity_level"]["choices"].values()]
# who typed it matters to nobody, and a runner has no identity
IDENTITY = ("-c", "user.name=Data Science Team", "-c", "user.email=data-science@example.com")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the repo will be; it may not exist yet")
    parser.add_argument(
        "--template", default=str(ROOT), help="its address, this clone if not given"
    )
    parser.add_argument("--ref", default="HEAD", help="version of the template, HEAD if not given")
    asked = parser.parse_args()
    if asked.folder.exists():
        print(f"error: {asked.folder} exists; name a folder that does not", file=sys.stderr)
        return 2
    write(asked.folder, asked.template, asked.ref)
    return 0


def write(folder: Path, template: str, ref: str) -> None:
    """Generate the lowest level, raise it step by step, tag each; the folder does not exist yet."""
    for level in LEVELS:
        answers = {"maturity_level": level}
        options = {"vcs_ref": ref, "defaults": True, "quiet": True, "unsafe": True}
        if level == LEVELS[0]:
            copier.run_copy(template, folder, answers, **options)
            git(folder, "init", "--quiet", "--initial-branch", "main")
        else:
            copier.run_update(folder, answers, overwrite=True, **options)
        git(folder, "add", "--all")
        git(folder, *IDENTITY, "commit", "--quiet", "--message", f"Level {level}")
        git(folder, "tag", f"level-{level}")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


if __name__ == "__main__":
    sys.exit(main())
