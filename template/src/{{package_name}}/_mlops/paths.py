# The template's. Yours are the folders it names; every path is relative to the repo's root.
"""Where things are, relative to the repo's root."""

import os
from pathlib import Path
from shlex import quote

from .errors import WrongInput

PARAMS = Path("params.yaml")
CONTRACT = Path("contract.yaml")
CARD = Path("MODEL_CARD.md")

RAW = Path("data/raw")
DATA_POINTER = Path("data/raw.dvc")
INCOMING = Path("data/incoming")
DATA_LOCK = Path(".dvc/tmp/data-lock")  # who reads data/raw for the pipeline, or changes it
FEATURES = Path("data/features")
SAMPLE = Path("tests/data/sample.parquet")

MODELS = Path("models")
CANDIDATE = MODELS / "candidate"
REGISTERED = MODELS / "registered"
CHAMPION = MODELS / "champion"
ROLLOUT = MODELS / "rollout"
JOURNAL = MODELS / "journal.jsonl"

RETENTION = Path("monitoring/retention.jsonl")  # what was kept long enough, and went

REPORTS = Path("reports")
METRICS = REPORTS / "metrics.json"
REPORT_PAGE = REPORTS / "index.html"
VALIDATION = REPORTS / "validation.json"
TUNE = REPORTS / "tune.json"
TUNE_PAGE = REPORTS / "tune.html"
DRIFT = REPORTS / "drift.json"
DRIFT_PAGE = REPORTS / "drift.html"
GATE = REPORTS / "gate.json"
INGEST = REPORTS / "ingest.json"
MONITOR = REPORTS / "monitor.json"
MONITOR_PAGE = REPORTS / "monitor.html"


def enter_root() -> Path:
    """Go to the root of the repo that holds the current folder; return the folder left.

    Raises:
        WrongInput: If no folder from here upwards is a repo's root.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / CONTRACT).is_file():
            os.chdir(folder)
            return here
    own = Path(__file__).parents[3]
    hint = f"cd {quote(str(own))}" if (own / CONTRACT).is_file() else "cd to your repo"
    raise WrongInput(f"no {CONTRACT} in {here} or above it; commands run inside the repo", hint)
