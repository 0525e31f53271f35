"""Volatility: how far one bar usually moves, as known when the decision is taken.

The scale of classes and barriers. Exponentially weighted, of log returns between bars that
trade; a return over a hole of ``n`` intervals counts as ``n`` bars (its square is divided by n).
"""

import numba
import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import CLOSE, Floats, Ints
from alphaloop.hindsight.labels.windows import Windows


def ewm_volatility(window: Windows, span: int = 288) -> Floats:
    """Volatility of one bar, at each row.

        v[k] = (1 - a) v[k-1] + a r[k]^2 / gap[k],   a = 2 / (span + 1)

    begun with the mean of the first ``span`` squares; the root of it.

    Parameters
    ----------
    window : Windows
        Of any horizon.
    span : int, bars, >= 2

    Returns
    -------
    float array, shape (T,), fraction of price per bar
        NaN until ``span`` returns are known.

    Raises
    ------
    InvalidOption
        If the span is below 2.

    Source
    ------
    Lopez de Prado (2018), Advances in Financial Machine Learning, section 3.3: barriers in
    units of an exponentially weighted volatility.
    """
    if span < 2:
        raise InvalidOption(f"a span of {span} bars", "2 or more", "use 288 for a day of 5m bars")
    own = _volatility(np.ascontiguousarray(window.path[:, CLOSE]), window.slot, span)
    known = (window.here >= 0) & window.decided
    return np.where(known, own[window.here], np.nan) if len(own) else np.full(len(known), np.nan)


@numba.njit(cache=True)
def _volatility(close: Floats, slot: Ints, span: int) -> Floats:
    found = np.full(len(close), np.nan)
    weight, variance = 2.0 / (span + 1.0), 0.0
    for k in range(1, len(close)):
        square = np.log(close[k] / close[k - 1]) ** 2 / (slot[k] - slot[k - 1])
        if k <= span:
            variance += square / span
        else:
            variance = (1.0 - weight) * variance + weight * square
        if k >= span:
            found[k] = np.sqrt(variance)
    return found
