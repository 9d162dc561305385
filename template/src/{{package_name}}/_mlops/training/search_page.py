# The template's. Yours is what is searched: section tune of params.yaml.
"""How did a search go? One page with nothing to load from elsewhere."""

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import PROJECT, web_page
from ..errors import counted
from . import plots
from .search import Search, ended, rounded

if TYPE_CHECKING:
    from optuna import Study

SHOWN = 20  # trials in the table
STYLE = "table { width: auto } th, td { text-align: right }\n"


def draw(found: "Study", search: Search, before: float, values: dict[str, Any]) -> str:
    """Return the page: best and present values, how the score grew, each key, the best trials."""
    metric, quality = search.contract.quality.metric, search.contract.quality
    trials = pd.DataFrame(
        [
            {"trial": trial.number, metric: trial.value, **rounded(trial.params, search.space)}
            for trial in ended(found)
            if trial.value is not None
        ]
    ).sort_values("trial")
    ordered = trials.sort_values(metric, ascending=quality.better == "lower").head(SHOWN)
    compared = pd.DataFrame({"now": search.present, "best": values}, dtype="object")

    def history(axes: Any) -> None:
        grown = trials[metric].cummax() if quality.better == "higher" else trials[metric].cummin()
        axes.plot(trials["trial"], trials[metric], "o", alpha=0.5, label="trial")
        axes.step(trials["trial"], grown, where="post", label="best so far")
        axes.axhline(before, color="grey", linestyle="--", label="now")
        axes.set(xlabel="trial", ylabel=f"{metric} ({quality.better} is better)")
        axes.legend(frameon=False)

    def against(name: str) -> Callable[[Any], None]:
        def drawn(axes: Any) -> None:
            number = search.space[name].low is not None
            axes.plot(trials[name] if number else trials[name].astype("str"), trials[metric], "o")
            if search.space[name].log:
                axes.set_xscale("log")
            axes.set(xlabel=name, ylabel=metric)

        return drawn

    scores = f"{metric} {ordered[metric].iloc[0]:.4g}, now {before:.4g}"
    rows = f"fitted on {len(search.fitted_on):,} rows of the training part"
    judged = f"judged on {len(search.judged_on):,}; the hold-out was not used"
    parts = [
        f"<h1>{escape(found.study_name)}: {scores}</h1>",
        f"<p>{counted(len(trials), 'trial')}, {rows} and {judged}.</p>",
        compared.to_html(border=0),
        plots.image(history, 3),
        *(plots.image(against(name), 3) for name in search.space),
        ordered.to_html(border=0, index=False, float_format="{:.4g}".format),
    ]
    return web_page.document(f"{PROJECT}: {found.study_name}", "\n".join(parts), STYLE)
