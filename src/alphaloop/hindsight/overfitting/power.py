"""Power: the smallest edge that a sample of a given size could have shown.

A verdict of "nothing found" means little where nothing could have been found. These two numbers say what
the sample could have verified, had it been there.
"""

import math
from statistics import NormalDist

from alphaloop.core.errors import InvalidOption

_NORMAL = NormalDist()
_FISHER = 3.0  # degrees that Fisher's transformation of a correlation costs


def smallest_verifiable_sharpe(years: float, confidence: float = 0.95, power: float = 0.8) -> float:
    """The annual Sharpe ratio that one strategy, named beforehand, needs to be verified in ``years``.

        (z_confidence + z_power) / sqrt(years)

    A true ratio of this size passes a one-sided test at ``confidence`` with probability ``power``. Every
    further trial raises the bar: this is the least, not the usual.

    Parameters
    ----------
    years : float, above zero
        Out of sample, 365 days each.
    confidence, power : float, above 0.5 and below 1

    Raises
    ------
    InvalidOption
        If a number is out of range.

    Source
    ------
    Lo (2002), The Statistics of Sharpe Ratios, Financial Analysts Journal 58(4): the error of an annual ratio
    is 1 / sqrt(years) to first order.

    Examples
    --------
    Half of 420 days:

    >>> round(smallest_verifiable_sharpe(210 / 365), 2)
    3.28
    """
    if not (math.isfinite(years) and years > 0):
        raise InvalidOption(f"{years} years", "more than zero", "")
    return _needed(confidence, power) / math.sqrt(years)


def smallest_verifiable_ic(effective_n: float, confidence: float = 0.95, power: float = 0.8) -> float | None:
    """The information coefficient that a sample of ``effective_n`` independent pairs could have verified.

        tanh( (z_confidence + z_power) / sqrt(effective_n - 3) )

    Parameters
    ----------
    effective_n : float, above zero
        Independent pairs, not rows: overlapping labels and correlated symbols count less.
    confidence, power : float, above 0.5 and below 1

    Returns
    -------
    float or None
        None where three pairs or fewer are left: no coefficient could be told from chance.

    Source
    ------
    Fisher (1921), On the probable error of a coefficient of correlation, Metron 1.

    Examples
    --------
    >>> round(smallest_verifiable_ic(10_000), 4)
    0.0249
    """
    if not (math.isfinite(effective_n) and effective_n > 0):
        raise InvalidOption(f"{effective_n} pairs", "more than zero", "")
    needed = _needed(confidence, power)
    return math.tanh(needed / math.sqrt(effective_n - _FISHER)) if effective_n > _FISHER else None


def _needed(confidence: float, power: float) -> float:
    """Standard errors between nothing and an edge that is found with probability ``power``."""
    for name, value in (("confidence", confidence), ("power", power)):
        if not 0.5 < value < 1.0:
            raise InvalidOption(f"a {name} of {value}", "above 0.5 and below 1", "")
    return _NORMAL.inv_cdf(confidence) + _NORMAL.inv_cdf(power)
