"""Flights for the tests of this folder."""

import pandas as pd
import pytest

# the template's fixtures: sample, known, params, broken_columns, repo, service; tests/_mlops too
# stands on them
pytest_plugins = ["_mlops.fixtures"]


@pytest.fixture
def flights(sample: pd.DataFrame) -> pd.DataFrame:
    """Return the flights of tests/data/sample.parquet, free to change."""
    return sample.copy()


@pytest.fixture
def scheduled(known: pd.DataFrame) -> pd.DataFrame:
    """Return the same flights as they are known at departure, free to change."""
    return known.copy()
