"""Resampling: bars of a higher timeframe from closed bars of a lower one.

A frame of length T opens at a multiple of T since 1970 and is closed, hence known, T
later: at 5m time t the newest 4h bar is the one with close <= t. The frame that is still
forming does not exist here. A frame is made of the bars there are: a hole inside it
leaves it partial, its ``count`` says how many bars it has; without any bar there is no
frame. Its volume is unknown if that of one of its bars is.
"""

from dataclasses import dataclass

import numpy as np

from alphaloop.core.errors import InvalidOption, UnsortedData
from alphaloop.core.market import BAR_COLUMNS, CLOSE, FUNDING, HIGH, LOW, VOLUME, Floats, Ints, Market
from alphaloop.core.time import Timeframe
from alphaloop.features.family import compiled


@dataclass(frozen=True, slots=True)
class Frames:
    """m closed frames of one asset, oldest first.

    Parameters
    ----------
    opened, closed : int array, shape (m,), microseconds UTC
        ``closed = opened + T``; known from then on.
    bars : float array, shape (6, m)
        ``open high low close volume funding``; funding is summed.
    count : int array, shape (m,)
        Bars in it, 1 to T / timeframe.
    last : int array, shape (m,)
        Index of the newest bar in it.
    """

    opened: Ints
    closed: Ints
    bars: Floats
    count: Ints
    last: Ints

    def __len__(self) -> int:
        return len(self.opened)


def reachable(timeframe: Timeframe, wanted: Timeframe) -> Timeframe:
    """The shortest frame not below ``wanted`` that bars of ``timeframe`` fill without a rest.

    Examples
    --------
    >>> minute, five, four_hours = (Timeframe.parse(text) for text in ("1m", "5m", "4h"))
    >>> three = Timeframe.parse("3m")
    >>> str(reachable(minute, three)), str(reachable(five, three)), str(reachable(five, four_hours))
    ('3m', '5m', '4h')
    """
    return Timeframe(-(-wanted.us // timeframe.us) * timeframe.us)


def closed_frames(now: Ints, bars: Floats, timeframe: Timeframe, to: Timeframe) -> Frames:
    """The frames of one asset that are closed at the last instant of ``now``.

    Parameters
    ----------
    now : int array, shape (n,), microseconds UTC
        When each bar became available, strictly ascending. Its close is the multiple of ``timeframe``
        at or before that, so a bar may be late by less than one bar.
    bars : float array, shape (5 or more, n)
        Rows ``open high low close volume``, and ``funding`` if there is a sixth.
    timeframe, to : Timeframe
        Of the bars, and of the frames: a whole multiple of it.

    Returns
    -------
    Frames

    Raises
    ------
    InvalidOption
        If ``to`` is no whole multiple of ``timeframe``.
    UnsortedData
        If ``now`` does not ascend.

    Examples
    --------
    >>> minute = Timeframe.parse("1m")
    >>> now, price = np.arange(1, 9) * minute.us, np.arange(1.0, 9.0)
    >>> frames = closed_frames(now, np.tile(price, (6, 1)), minute, Timeframe.parse("3m"))
    >>> frames.bars[:5].T.tolist(), frames.count.tolist()
    ([[1.0, 3.0, 1.0, 3.0, 6.0], [4.0, 6.0, 4.0, 6.0, 15.0]], [3, 3])
    """
    if to.us % timeframe.us:
        raise InvalidOption(f"frames of {to} from bars of {timeframe}", f"a multiple of {timeframe}", "use reachable()")
    if len(now) > 1 and not bool((np.diff(now) > 0).all()):
        raise UnsortedData("bars out of order or repeated", "strictly ascending closes", "sort the bars first")
    if len(bars) <= FUNDING:
        bars = np.vstack([bars, np.zeros(len(now))])
    closes = now // timeframe.us * timeframe.us
    most = int(np.count_nonzero(np.diff((closes - 1) // to.us))) + int(len(closes) > 0)
    opened, count = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    made = np.empty((len(BAR_COLUMNS), most))
    _gather(closes, np.ascontiguousarray(bars), to.us, opened, made, count)
    m = most - int(most > 0 and opened[-1] + to.us > now[-1])
    return Frames(opened[:m], opened[:m] + to.us, made[:, :m], count[:m], np.cumsum(count)[:m] - 1)


def resample(market: Market, to: Timeframe) -> Market:
    """The market in bars of a higher timeframe; only closed ones, so the last may be missing.

    Raises
    ------
    InvalidOption
        If ``to`` is no whole multiple of the market's timeframe.

    Examples
    --------
    >>> minute = Timeframe.parse("1m")
    >>> market = Market(np.arange(5) * minute.us, ("X",), np.full((5, 1, 6), 10.0), minute)
    >>> resample(market, Timeframe.parse("2m")).values[:, 0].tolist()
    [[10.0, 10.0, 10.0, 10.0, 20.0, 20.0], [10.0, 10.0, 10.0, 10.0, 20.0, 20.0]]
    """
    step, parts = market.timeframe.us, []
    for asset in range(len(market.symbols)):
        rows = np.flatnonzero(~np.isnan(market.values[:, asset, CLOSE]))
        parts.append(closed_frames(market.ts[rows] + step, market.values[rows, asset].T, market.timeframe, to))
    opened = np.unique(np.concatenate([part.opened for part in parts])) if parts else market.ts[:0]
    values = np.full((len(opened), len(parts), len(BAR_COLUMNS)), np.nan)
    for asset, part in enumerate(parts):
        values[np.searchsorted(opened, part.opened), asset] = part.bars.T
    return Market(opened, market.symbols, values, to, market.sources)


@compiled
def _gather(closes: Ints, bars: Floats, length: int, opened: Ints, made: Floats, count: Ints) -> None:
    """Fill one frame after the other, the forming one too."""
    m = -1
    for i in range(len(closes)):
        start = (closes[i] - 1) // length * length
        if m < 0 or opened[m] != start:
            m += 1
            opened[m], count[m] = start, 1
            made[:, m] = bars[:6, i]
            continue
        made[HIGH, m] = max(made[HIGH, m], bars[HIGH, i])
        made[LOW, m] = min(made[LOW, m], bars[LOW, i])
        made[CLOSE, m] = bars[CLOSE, i]
        made[VOLUME, m] += bars[VOLUME, i]
        made[FUNDING, m] += bars[FUNDING, i]
        count[m] += 1
