"""What does a first run print? Runs one, and puts its output into README.md."""

import os
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import copier

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BEGIN, END = "<!-- output:begin -->\n", "<!-- output:end -->\n"
# What differs from run to run, and from machine to machine.
CHANGING = {
    r"\d+\.\d s,": "… s,",
    r"model [0-9a-f]{12}": "model …",
}


def main() -> int:
    with tempfile.TemporaryDirectory() as place:
        repo = Path(place, "my-project")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the template holds uncommitted work
            copier.run_copy(str(ROOT), repo, vcs_ref="HEAD", defaults=True, quiet=True, unsafe=True)
        done = subprocess.run(
            ["uv", "run", "just", "demo"],
            cwd=repo,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        # not as text: that makes lines of what a terminal writes over
        said = normalised(done.stdout.decode(), place)
    if done.returncode:
        print(f"{said}\nerror: the demo ended with exit code {done.returncode}", file=sys.stderr)
        return 1
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        print(f"error: {README.name} lacks {BEGIN.strip()} or {END.strip()}", file=sys.stderr)
        return 2
    README.write_text(f"{before}{BEGIN}```\n{said}```\n{end}{after}", encoding="utf-8")
    return 0


def environment() -> dict[str, str]:
    """Return the environment without this project's own virtual environment."""
    kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    mine = str(ROOT / ".venv")
    kept["PATH"] = os.pathsep.join(p for p in kept["PATH"].split(os.pathsep) if mine not in p)
    return kept


def normalised(output: str, place: str) -> str:
    """Return what the repo itself said, without what uv installed, places and times."""
    said = output[output.index("set-up:") :] if "set-up:" in output else output
    lines = [line.rpartition("\r")[2].rstrip() for line in said.replace(place, "…").split("\n")]
    text = "\n".join(lines).rstrip("\n") + "\n"
    for pattern, replacement in CHANGING.items():
        text = re.sub(pattern, replacement, text)
    return text


if __name__ == "__main__":
    sys.exit(main())
