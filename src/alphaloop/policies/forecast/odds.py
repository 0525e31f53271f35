"""Odds: what the quantiles of a forecast say of beating a cost, and how far it may be wrong.

Between two quantiles a distribution is taken as normal in the score of its level; beyond
the outermost the last slope goes on, as :class:`alphaloop.models.sequence.levels.QuantileForecast`
does. Shapes: H horizons, Q levels. Knows neither prices nor positions.
"""

from math import erfc, sqrt
from statistics import NormalDist

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats, Ints
from alphaloop.core.protocols import Forecast

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels at which a forecast is asked for its quantiles."""

_NORMAL = NormalDist()
SCORES = np.array([_NORMAL.inv_cdf(level) for level in LEVELS])
_WIDTH = float(SCORES[-1] - SCORES[0])
_ROOT_HALF = sqrt(0.5)


def at_levels(forecast: Forecast) -> Floats:
    """Quantiles of a forecast at :data:`LEVELS`, shape (N, H, 5), made ascending."""
    asked = np.stack([forecast.quantile(level) for level in LEVELS], axis=-1)
    return np.asarray(np.maximum.accumulate(asked, axis=-1), dtype=np.float64)


def spread(quantiles: Floats) -> Floats:
    """Standard deviation of a normal distribution as wide, shape (...); from the outermost of (..., Q)."""
    return np.asarray((quantiles[..., -1] - quantiles[..., 0]) / _WIDTH)


def confidence(quantiles: Floats, cost: Floats | float, side: Floats | int) -> Floats:
    """Probability, in percent, that a position on ``side`` earns more than it costs.

        100 * P(side * return > cost)

    Parameters
    ----------
    quantiles : float array, shape (..., 5), ascending
        At :data:`LEVELS`.
    cost : float, or array of shape (...), fraction of the price, 0 or more
        Of entering and leaving together.
    side : 1 or -1, or array of them, shape (...)

    Returns
    -------
    float array, shape (...), 0 to 100
        NaN where a quantile is.

    Raises
    ------
    InvalidOption
        If the last axis has not one place for each level.

    Examples
    --------
    >>> normal = 0.01 * SCORES
    >>> confidence(normal, 0.0, 1).item(), round(confidence(normal, 0.01, 1).item(), 2)
    (50.0, 15.87)
    """
    if quantiles.shape[-1] != len(LEVELS):
        raise InvalidOption(f"quantiles of shape {quantiles.shape}", f"(..., {len(LEVELS)})", "use at_levels")
    costs, sides = np.asarray(cost, dtype=np.float64), np.asarray(side, dtype=np.float64)
    under = _below(quantiles, np.broadcast_to(sides * costs, quantiles.shape[:-1]))
    return np.asarray(100.0 * np.where(sides > 0, 1.0 - under, under))


def _below(quantiles: Floats, level: Floats) -> Floats:
    """Probability below ``level`` (...) of distributions by their quantiles (..., Q); half of what lies on it."""
    whole = quantiles[..., -1] - quantiles[..., 0]
    known = np.isfinite(quantiles).all(axis=-1) & ~np.isnan(level)
    under, up_to = (
        _up_to(quantiles, level, found.sum(axis=-1))
        for found in (quantiles < level[..., None], quantiles <= level[..., None])
    )
    first = quantiles[..., 0]
    certain = np.where(level == first, 0.5, np.where(level > first, 1.0, 0.0))
    return np.asarray(np.where(known, np.where(whole > 0, 0.5 * (under + up_to), certain), np.nan))


def _up_to(quantiles: Floats, level: Floats, place: Ints) -> Floats:
    """The normal probability of ``level`` between the quantiles before and at ``place``, 0 to Q."""
    right = np.clip(place, 1, len(LEVELS) - 1)
    low, high = (np.take_along_axis(quantiles, one[..., None], axis=-1)[..., 0] for one in (right - 1, right))
    width, steps = high - low, SCORES[right] - SCORES[right - 1]
    # Beyond a border that is a step the whole width tells the slope; inside, the two quantiles always differ.
    whole = quantiles[..., -1] - quantiles[..., 0]
    rise, run = np.where(width > 0, steps, _WIDTH), np.where(width > 0, width, np.where(whole > 0, whole, 1.0))
    anchor, edge = np.where(place == 0, 0, right), np.where(place == 0, low, high)
    with np.errstate(over="ignore"):  # so far beyond a step that it is certain
        score = SCORES[anchor] + (level - edge) / run * rise
    return np.array([0.5 * erfc(-one * _ROOT_HALF) for one in score.ravel().tolist()]).reshape(score.shape)
