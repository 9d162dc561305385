# The template's. The unit of a column of yours stands in its meaning, in schema.py.
"""Are the numbers of a batch in another unit: multiplied, or moved?"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp

from .envelope import FEWEST, Reference
from .finding import Finding

FITTED = 4000  # rows, drawn from those that are known
LOOKED_AT = 8  # windows, the newest
GROUPS = 1000  # different texts, above which their medians say nothing
MOSTLY = 0.5  # share of rows beyond all that is known, from which it is no season
SLIGHT = 0.8  # a factor as near to 1 is told from a season by the values alone
GOOD = 0.25  # of the spread: how near other columns tell a number, for it to be judged by them
CONVERSIONS: dict[str, tuple[float, float]] = {
    "°C for °F": (1 / 1.8, -32 / 1.8),
    "°F for °C": (1.8, 32),
    "K for °C": (1, 273.15),
    "°C for K": (1, -273.15),
    "km for miles": (1.609344, 0),
    "miles for km": (1 / 1.609344, 0),
    "m for feet": (0.3048, 0),
    "feet for m": (1 / 0.3048, 0),
    "cm for inches": (2.54, 0),
    "inches for cm": (1 / 2.54, 0),
    "mm for inches": (25.4, 0),
    "inches for mm": (1 / 25.4, 0),
    "kg for pounds": (0.45359237, 0),
    "pounds for kg": (1 / 0.45359237, 0),
    "m/s for mph": (0.44704, 0),
    "mph for m/s": (1 / 0.44704, 0),
    "m/s for km/h": (1 / 3.6, 0),
    "km/h for m/s": (3.6, 0),
    "knots for mph": (1 / 1.150779, 0),
    "mph for knots": (1.150779, 0),
    "m/s for knots": (0.514444, 0),
    "knots for m/s": (1 / 0.514444, 0),
    "inches of mercury for hPa": (0.02953, 0),
    "hPa for inches of mercury": (1 / 0.02953, 0),
    "minutes for seconds": (1 / 60, 0),
    "60 times as much": (60, 0),
    "hours for seconds": (1 / 3600, 0),
    "3600 times as much": (3600, 0),
    **{f"{factor:g} times as much": (factor, 0) for factor in (0.001, 0.01, 0.1, 10, 100, 1000)},
}


def look(known: Reference, batch: pd.DataFrame, names: list[str]) -> Iterator[Finding]:
    """Name columns whose numbers are in another unit than before.

    First by the values themselves, where the same ones come again and again; then by what the
    other columns tell of each number; by how they are spread; last by size, for what lies far
    beyond all windows.
    """
    judged = [name for name in names if batch[name].count() >= FEWEST]
    judged = [name for name in judged if known.rows[name].count() >= FEWEST]
    odd = {}
    for name in judged:
        if said := by_values(known, known.rows[name].dropna(), batch[name].dropna()):
            odd[name] = said
    rest = [name for name in judged if name not in odd]
    while worst := _worst(known, batch, rest):
        odd[worst[0]] = worst[1]
        rest.remove(worst[0])
    for name in rest:
        before, now = known.rows[name], batch[name]
        if said := by_shape(known, before, now) or by_size(known, before, now):
            odd[name] = said
    for name, said in odd.items():
        before, now = known.rows[name].median(), batch[name].median()
        yield Finding(
            "unit",
            name,
            f"{said}, {now:.4g} in the middle",
            f"the unit of the known rows, {before:.4g} in the middle",
            "convert the column back",
        )


def by_values(known: Reference, before: pd.Series, now: pd.Series) -> str:
    """Say which conversion gives back values that are known, where those of the batch are not."""
    recorded = np.unique(before.to_numpy("float64"))
    if not 10 <= len(recorded) <= len(before) / 5:
        return ""  # measured so finely that no value comes again
    drawn = now.sample(min(len(now), 2000), random_state=0).to_numpy("float64")
    step = _step(drawn)
    if _share_near(drawn, recorded, step) >= 0.6:
        return ""
    found = {
        said: _share_near((drawn - offset) / factor, recorded, step / factor)
        for said, (factor, offset) in CONVERSIONS.items()
    }
    best = max(found, key=lambda said: found[said])
    return best if found[best] >= 0.9 else ""


def _step(values: np.ndarray) -> float:
    """Return half of the last place to which values are rounded, a ten-thousandth at least."""
    for places in range(4):
        if np.allclose(values, np.round(values, places), rtol=0, atol=1e-9):
            return float(0.5 * 10.0**-places)
    return 1e-4


def _share_near(values: np.ndarray, recorded: np.ndarray, step: float) -> float:
    above = np.clip(np.searchsorted(recorded, values), 1, len(recorded) - 1)
    near = np.minimum(np.abs(values - recorded[above - 1]), np.abs(recorded[above] - values))
    return float((near <= step + 1e-9).mean())


def _worst(known: Reference, batch: pd.DataFrame, names: list[str]) -> tuple[str, str] | None:
    """Return the column that a conversion brings nearest to what the other columns tell."""
    odd: dict[str, tuple[float, str]] = {}
    both = known.rows[[one for one in known.rows if one in batch]]  # requests have no outcome
    for name in names:
        spread = width(known.rows[name])
        if spread <= 0:
            continue
        others = [other for other in names if other != name]
        expected = Told(both, name, others).of(batch)
        found = _apart(batch[name], expected, spread)
        mended = {
            said: _apart((batch[name] - offset) / factor, expected, spread)
            for said, (factor, offset) in CONVERSIONS.items()
            if not SLIGHT < factor < 1 / SLIGHT or offset
        }
        ratio = float(batch[name].median() / np.nanmedian(expected))
        if ratio > 0 and not SLIGHT < ratio < 1 / SLIGHT:
            mended[f"{ratio:.3g} times as much"] = _apart(batch[name] / ratio, expected, spread)
        best = min(mended, key=lambda said: mended[said])
        if found <= 0.05 or mended[best] > found / 3:
            continue
        seen = max(_seen(known, both, name, others, spread))
        told = seen <= GOOD  # else the other columns say too little of it
        if told and found > 4 * seen + 0.05 and mended[best] <= 1.2 * seen + 0.02:
            odd[name] = (mended[best] / found, best)
    if not odd:
        return None
    worst = min(odd, key=lambda name: odd[name][0])
    return worst, odd[worst][1]


def _seen(
    known: Reference, rows: pd.DataFrame, name: str, others: list[str], spread: float
) -> list[float]:
    """Return how far each window is from what rows outside of it tell; none after one too far."""
    found = []
    for window in known.windows[:LOOKED_AT]:
        part = rows.iloc[window]
        if part[name].count() >= FEWEST:
            rest = rows.drop(part.index)
            found.append(_apart(part[name], Told(rest, name, others).of(part), spread))
        if found and found[-1] > GOOD:
            break  # of hundreds of columns, most say nothing of each other
    return found or [np.inf]


def _apart(values: pd.Series, expected: np.ndarray, spread: float) -> float:
    return float(np.nanmedian(np.abs(values.to_numpy("float64") - expected)) / spread)


class Told:
    """What other columns tell of a number: its middle in each group, and a line through them."""

    def __init__(
        self, rows: pd.DataFrame, name: str, others: list[str], middle: str = "median"
    ) -> None:
        rows = rows[rows[name].notna()]
        if len(rows) > FITTED:
            rows = rows.sample(FITTED, random_state=0)
        self.middle, self.unit = float(rows[name].agg(middle)), float(rows[name].std()) or 1.0
        texts = [one for one, dtype in rows.dtypes.items() if dtype == "str"]
        texts = [one for one in texts if 2 <= rows[one].nunique() <= GROUPS]
        self.medians = {one: rows.groupby(one)[name].agg(middle) for one in texts}
        counts = rows[others].count()  # all columns at once: there may be hundreds
        self.numbers = counts.index[counts >= FEWEST].tolist()
        values = rows[self.numbers].to_numpy("float64")
        self.middles, spreads = np.nanmedian(values, axis=0), np.nanstd(values, axis=0, ddof=1)
        self.spreads = np.where(spreads > 0, spreads, 1.0)
        table = self._table(rows)
        target = (rows[name].to_numpy("float64") - self.middle) / self.unit
        self.weights = np.linalg.solve(table.T @ table + np.eye(table.shape[1]), table.T @ target)

    def of(self, rows: pd.DataFrame) -> np.ndarray:
        """Return what is told of the number in each row."""
        return np.asarray(self._table(rows) @ self.weights * self.unit + self.middle)

    def _table(self, rows: pd.DataFrame) -> np.ndarray:
        parts = [np.ones(len(rows))]
        for one, medians in self.medians.items():
            told = rows[one].map(medians).fillna(self.middle).to_numpy("float64")
            parts.append((told - self.middle) / self.unit)
        values = rows[self.numbers].to_numpy("float64")
        return np.column_stack([*parts, np.nan_to_num((values - self.middles) / self.spreads)])


def by_shape(known: Reference, before: pd.Series, now: pd.Series) -> str:
    """Say which conversion gives numbers spread as all windows are, where the batch's are not."""
    usual, drawn, luck = _drawn(before), _drawn(now), 2 / np.sqrt(now.count())
    found, bound = _unlike(drawn, usual), 0.1 + luck
    if found <= bound:
        return ""
    parts = [part for part in known.each(before) if part.count() >= FEWEST]
    seen = [_unlike(_drawn(part), _drawn(before.drop(part.index))) for part in parts]
    if not seen or max(seen) > bound or found <= known.ceiling(seen, bound):
        return ""  # where windows moved by themselves, a season may look like another unit
    mended = {
        said: _unlike((drawn - offset) / factor, usual)
        for said, (factor, offset) in CONVERSIONS.items()
        if not SLIGHT < factor < 1 / SLIGHT or offset
    }
    best = min(mended, key=lambda said: mended[said])
    return best if mended[best] < min(found / 3, luck) else ""


def _drawn(values: pd.Series) -> np.ndarray:
    there = values.dropna()
    return np.asarray(there.sample(min(len(there), FITTED), random_state=0), dtype="float64")


def _unlike(values: np.ndarray, others: np.ndarray) -> float:
    """Return the largest difference between the shares of both below any number, 0 to 1."""
    return float(ks_2samp(values, others, method="asymp").statistic)


def by_size(known: Reference, before: pd.Series, now: pd.Series) -> str:
    """Say how often as large a column is that lies far beyond all windows."""
    middles = [float(part.median()) for part in known.each(before) if part.count()]
    spread = width(before)
    found = float(now.median())
    least = 3 * spread
    seen = [_beyond(part, before.drop(part.index)) for part in known.each(before)]
    new = _beyond(now, before) > known.ceiling(seen, MOSTLY)
    usual = known.floor(middles, least) <= found <= known.ceiling(middles, least)
    if not spread or (usual and not new):
        return ""
    middle = float(before.median())
    return f"{found / middle:.3g} times as much" if middle else f"{found:.4g} more"


def _beyond(values: pd.Series, others: pd.Series) -> float:
    """Return the share of values below or above all others: of a skewed column, that is far."""
    return float(((values < others.min()) | (values > others.max())).mean())


def goes_with(told: np.ndarray, happened: pd.Series) -> float:
    """Return the rank correlation of what was told with what happened."""
    there = happened.notna().to_numpy()
    ranks = [pd.Series(one[there]).rank() for one in (told, happened.to_numpy())]
    if min(one.nunique() for one in ranks) < 2:
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])


def width(values: pd.Series) -> float:
    """Return how far the middle four fifths reach."""
    return float(values.quantile(0.9) - values.quantile(0.1))
