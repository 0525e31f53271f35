"""Signals: from which forecast on a candidate is traded, told from its out-of-sample forecasts.

The walk has forecast every tested row by a model that had not seen it; on these the gates of
each horizon are fitted, and kept in the manifest for whoever trades by the final fit. How
gates fitted that way would have done is told by the same forecasts, block after block, each
block by gates of the blocks before it: the figures under ``nested`` are of no row that a gate
was fitted on.
"""

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from alphaloop.policies.forecast.nested import nested, replayed
from alphaloop.policies.forecast.odds import confidence
from alphaloop.policies.forecast.thresholds import Found, Past, Search, fit_signals
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.walk import Predicted


def signals_of(examples: Examples, predicted: Predicted, search: Search | None = None) -> dict[str, Any]:
    """Gates of every horizon, and what they did, as JSON.

    Parameters
    ----------
    examples : Examples
    predicted : Predicted
        Of the variant that becomes the candidate.
    search : Search, optional

    Returns
    -------
    dict
        ``cost`` (fraction of the price, there and back), ``gates`` (as
        :meth:`alphaloop.policies.forecast.signals.Signals.as_dict`), ``fitted`` (by horizon: ``best`` entry before it
        was pulled, ``rows trades net``), ``nested`` (``rows trades net mean`` of gates fitted beforehand).
    """
    pasts = {name: _past(examples, predicted, place) for place, name in enumerate(examples.horizons)}
    signals, found = fit_signals(pasts, search)
    starts = [int(examples.rows.times[first]) for first, _ in predicted.blocks]
    borders = [*starts, int(examples.rows.times[predicted.blocks[-1][1] - 1]) + 1]
    told = replayed(pasts, nested(pasts, borders, search)) if len(starts) > 1 else {}
    return {
        "cost": 2.0 * examples.cost,
        "gates": signals.as_dict(),
        "fitted": {name: _fitted(one) for name, one in found.items()},
        "nested": {name: asdict(one) for name, one in told.items()},
    }


def _past(examples: Examples, predicted: Predicted, place: int) -> Past:
    """The tested rows of one horizon."""
    tested = predicted.tested
    rows = examples.rows.pick(tested)
    mean, cost = predicted.mean[tested, place], 2.0 * examples.cost
    return Past(
        predicted=mean,
        realised=rows.targets[:, place],
        cost=np.full(len(tested), cost),
        times=rows.times,
        ends=replace(rows, horizons=(rows.horizons[place],)).ends,
        confidence=confidence(predicted.quantiles[tested, place], cost, np.where(mean < 0, -1, 1)),
    )


def _fitted(found: Found) -> dict[str, Any]:
    best = found.best if np.isfinite(found.best) else None
    return {"best": best, "rows": found.rows, "trades": found.trades, "net": found.net}
