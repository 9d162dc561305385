# The template's. Yours are the folders it names; every path is relative to the repo's root.
"""Where things are, relative to the repo's root."""

from pathlib import Path

from .errors import WrongInput

PARAMS = Path("params.yaml")
CONTRACT = Path("contract.yaml")
CARD = Path("MODEL_CARD.md")

RAW = Path("data/raw")
DATA_POINTER = Path("data/raw.dvc")
INCOMING = Path("data/incoming")
FEATURES = Path("data/features")
SAMPLE = Path("tests/data/sample.parquet")

MODELS = Path("models")
CANDIDATE = MODELS / "candidate"
REGISTERED = MODELS / "registered"
CHAMPION = MODELS / "champion"
ROLLOUT = MODELS / "rollout"

REPORTS = Path("reports")
METRICS = REPORTS / "metrics.json"
VALIDATION = REPORTS / "validation.json"
DRIFT = REPORTS / "drift.json"
DRIFT_PAGE = REPORTS / "drift.html"
GATE = REPORTS / "gate.json"
INGEST = REPORTS / "ingest.json"
MONITOR = REPORTS / "monitor.json"
MONITOR_PAGE = REPORTS / "monitor.html"


def require_root() -> None:
    """Raise `WrongInput` unless the current folder is the repo's root."""
    if not CONTRACT.is_file():
        message = f"no {CONTRACT} in {Path.cwd()}; commands run in the root of the repo"
        above = [folder for folder in Path.cwd().parents if (folder / CONTRACT).is_file()]
        raise WrongInput(message, f"cd {above[0]}" if above else "cd to your repo")
