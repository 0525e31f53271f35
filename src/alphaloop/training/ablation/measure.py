"""Differences from the full forecast: of labels by coefficients and errors, of money by the day.

Rows are those that are scored: every test block but the first, which only fits the rule of positions. On
an event window both forecasts are held to its rows, and both stand aside (a forecast of nothing) on all others.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from alphaloop.core.errors import NoData
from alphaloop.core.market import Bools, Ints
from alphaloop.hindsight.ablation import Difference, Outcomes, daily_difference, differences
from alphaloop.hindsight.bootstrap import Blocks
from alphaloop.training.ablation.taking import Taken
from alphaloop.training.ablation.walks import FULL
from alphaloop.training.chain.score import Bench, figures
from alphaloop.training.chain.walk import Predicted
from alphaloop.training.validation.rule import Rule

Json = dict[str, Any]
NET = "net_per_day"


def measure(bench: Bench, predicted: Mapping[str, Predicted], taken: Mapping[str, Taken], how: Blocks) -> Json:
    """Every variant of one horizon beside the full forecast.

    Parameters
    ----------
    bench : Bench
    predicted : mapping of name to Predicted
        ``full`` among them, all of the bench's cuts.
    taken : mapping of name to Taken
        What each of the others lacks.
    how : Blocks

    Returns
    -------
    dict of name to dict
        ``rows``, and ``ic rank_ic mse net_per_day``, each ``{full, without, change, low, high, error, block, draws}``;
        or ``reason`` where nothing can be measured.
    """
    full, found = predicted[FULL], {}
    everywhere = [name for name in predicted if name != FULL and taken[name].rows is None]
    for names in ([everywhere] if everywhere else []) + [[one] for one in predicted if one not in {FULL, *everywhere}]:
        rows = taken[names[0]].rows
        try:
            found.update(_compare(bench, full, {name: predicted[name] for name in names}, rows, how))
        except NoData as error:
            found.update({name: {"reason": str(error.found)} for name in names})
    return found


def full_figures(bench: Bench, predicted: Predicted) -> Json:
    """What the full forecast came to: figures of a candidate."""
    return figures(bench, bench.tried(predicted, {}, Rule(cost=bench.examples.cost)))


def scored_rows(bench: Bench, predicted: Predicted, only: Bools | None = None) -> Ints:
    """Labelled rows of every test block but the first, or those of them that belong to a window.

    Raises
    ------
    NoData
        If there is none.
    """
    blocks = bench.cuts.blocks
    chosen = np.isfinite(predicted.mean[:, bench.place])
    chosen[: blocks[1][0]] = False
    if only is not None:
        chosen &= only
    if int(chosen.sum()) < 2:
        raise NoData(f"{int(chosen.sum())} scored rows", "two or more", "widen the window, or lower the threshold")
    return np.flatnonzero(chosen)


def outcomes_of(bench: Bench, rows: Ints) -> Outcomes:
    """What came of some labelled rows at the bench's horizon."""
    every = bench.examples.rows
    own = replace(every, horizons=(every.horizons[bench.place],)).pick(rows)
    return Outcomes(own.targets[:, 0], own.times, own.ends)


def _compare(
    bench: Bench, full: Predicted, without: Mapping[str, Predicted], only: Bools | None, how: Blocks
) -> dict[str, Json]:
    rows = scored_rows(bench, full, only)
    of_labels = differences(
        outcomes_of(bench, rows),
        full.mean[rows, bench.place],
        {name: one.mean[rows, bench.place] for name, one in without.items()},
        how,
    )
    held = _daily(bench, full, only)
    found: dict[str, Json] = {}
    for name, parts in of_labels.items():
        every: tuple[Difference, ...] = (*parts, daily_difference(held, _daily(bench, without[name], only), how))
        found[name] = {"rows": len(rows), **{one.figure: _plain(one) for one in every}}
    return found


def _daily(bench: Bench, predicted: Predicted, only: Bools | None) -> Any:
    """Net returns a day of positions by the forecast."""
    if only is not None:
        aside = np.where(np.isfinite(predicted.mean) & ~only[:, None], 0.0, predicted.mean)
        predicted = replace(predicted, mean=aside)
    return bench.tried(predicted, {}, Rule(cost=bench.examples.cost)).traded.daily


def _plain(one: Difference) -> Json:
    return {name: value for name, value in one.as_dict().items() if name != "figure"}
