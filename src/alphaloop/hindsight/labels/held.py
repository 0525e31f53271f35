"""What holding pays from one decision to the next: the money of a position that is looked at every bar.

A position decided on a bar is taken at the open of the next bar that trades, and changed, if at
all, at the open after the next decision. So these returns lie end to end: their sum over a
position is what it earned, which is never true of labels that overlap.
"""

import numpy as np

from alphaloop.core.market import OPEN, Floats
from alphaloop.hindsight.labels.windows import Windows


def held_returns(window: Windows) -> Floats:
    """What one unit long earns between the fills of neighbouring decisions, funding paid, before cost.

        held[i] = (open[f(i+1)] - open[f(i)] - funding in (f(i), f(i+1)]) / open[f(i)]

    ``f(i)`` is the first bar that trades after decision ``i``. A short earns the same with its sign
    turned. Where bars are missing the return spans the hole.

    Parameters
    ----------
    window : Windows
        Of any horizon.

    Returns
    -------
    float array, shape (T,), fraction
        NaN where there is no decision, or one of the two fills is not there.

    Examples
    --------
    >>> from alphaloop.core.market import Market
    >>> from alphaloop.core.time import Timeframe
    >>> from alphaloop.hindsight.labels.windows import windows
    >>> bars = np.array([[[price] * 4 + [1.0, 0.0]] for price in (100.0, 100.0, 110.0, 99.0)])
    >>> market = Market(np.arange(4) * 60_000_000, ("X",), bars, Timeframe.parse("1m"))
    >>> held_returns(windows(market, 0, 1)).round(3).tolist()
    [0.1, -0.1, nan, nan]
    """
    found = np.full(len(window.here), np.nan)
    rows = np.flatnonzero(window.decided)
    if len(rows) < 2 or len(window.path) == 0:
        return found
    fill = window.here[rows] + 1
    there = fill[1:] < len(window.path)
    first, last = fill[:-1][there], fill[1:][there]
    opens, funding = window.path[:, OPEN], np.cumsum(window.paid)
    earned = opens[last] - opens[first] - (funding[last] - funding[first])
    found[rows[:-1][there]] = earned / opens[first]
    return found
