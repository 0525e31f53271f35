"""Timeframes: where the long frame is going, and what the short one does now.

The long frame (4h) gives the trend: direction, strength, support, resistance, momentum.
The short frame (3m, or the bars themselves where they are coarser) gives the entry:
momentum, breakout, overbought or oversold, micro-trend. Both read closed frames only, and
only those of a window that is cut by the clock; so whoever remembers the bars of that
window computes the same bits.

A direction is measured in deviations of a random walk, ``sum(r) / sqrt(sum(r^2))`` of the
log returns r between frames: one scale for every asset and frame.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from alphaloop.core.market import CLOSE, HIGH, LOW, Floats, Ints
from alphaloop.core.time import HOUR_US, MINUTE_US, Timeframe
from alphaloop.features.family import compiled
from alphaloop.features.resampling import closed_frames, reachable
from alphaloop.features.windows import CUSTOMARY, drift, log_steps, wilder

LONG, SHORT = Timeframe(4 * HOUR_US), Timeframe(3 * MINUTE_US)

TREND_FRAMES = 30  # five days of 4h
TREND_LEAST = 12
TREND_MOMENTUM = 6  # a day of 4h
PIVOT = 2  # frames on either side of a turning point
WEAK, MEDIUM, STRONG = 1.0, 1.5, 2.5  # a random walk is beyond them in 32 %, 13 % and 1.2 % of windows

MOMENTUM_FRAMES = 40  # two hours of 3m
MOMENTUM_LEAST = 20
MOMENTUM_SPAN = 5
BREAKOUT_SPAN = 20
MICRO_SPAN = 8
MICRO = 1.0
OVERBOUGHT, OVERSOLD = 70.0, 30.0

TREND_COLUMNS = ("score", "direction", "strength", "momentum", "support", "resistance", "closed")
MOMENTUM_COLUMNS = ("momentum", "score", "breakout", "rsi", "extreme", "micro_score", "micro_trend", "closed")


@dataclass(frozen=True, slots=True)
class Trend:
    """The long frame, as a policy or a prompt reads it.

    Parameters
    ----------
    frame : str
        Length of the frames read, e.g. ``4h``.
    direction : {"up", "down", "sideways"}
    strength : {"weak", "medium", "strong"}
        Of the direction; sideways is weak.
    score : float
        Signed size of the move, in deviations of a random walk.
    momentum : float, fraction
        Return over the last 6 frames.
    support, resistance : float or None, quote per base
        Nearest turning point of the window below and above the frame's close; else its extreme;
        None where the close is that extreme.
    closed_at : int, microseconds UTC
        Close of the newest frame read.
    """

    frame: str
    direction: Literal["up", "down", "sideways"]
    strength: Literal["weak", "medium", "strong"]
    score: float
    momentum: float
    support: float | None
    resistance: float | None
    closed_at: int


@dataclass(frozen=True, slots=True)
class Momentum:
    """The short frame, as a policy or a prompt reads it.

    Parameters
    ----------
    frame : str
    momentum : float, fraction
        Return over the last 5 frames.
    score : float
        The same in deviations of a random walk.
    breakout : {"up", "down", "none"}
        Close beyond the extremes of the 20 frames before.
    condition : {"overbought", "oversold", "neutral"}
        RSI above 70 or below 30.
    rsi : float, 0 to 100
        NaN where the price did not move.
    micro_trend : {"up", "down", "sideways"}
        Of the last 8 frames.
    closed_at : int, microseconds UTC
    """

    frame: str
    momentum: float
    score: float
    breakout: Literal["up", "down", "none"]
    condition: Literal["overbought", "oversold", "neutral"]
    rsi: float
    micro_trend: Literal["up", "down", "sideways"]
    closed_at: int


def trend_columns(now: Ints, bars: Floats, timeframe: Timeframe, wanted: Timeframe = LONG) -> Floats:
    """The trend of the long frame at every bar.

    Parameters
    ----------
    now : int array, shape (n,), microseconds UTC
        Close of each bar, strictly ascending.
    bars : float array, shape (5 or more, n)
        Rows ``open high low close volume``.
    timeframe, wanted : Timeframe
        Of the bars; of the long frame, raised to what the bars can fill.

    Returns
    -------
    float array, shape (7, n)
        :data:`TREND_COLUMNS`; NaN until 12 frames of the last 30 are there. Direction -1, 0, 1;
        strength 0 sideways, 1 weak, 2 medium, 3 strong; levels are prices; ``closed`` microseconds.

    Examples
    --------
    >>> hour = Timeframe.parse("1h")
    >>> price = 100 * 1.001 ** np.arange(100.0)
    >>> made = trend_columns(np.arange(1, 101) * hour.us, np.tile(price, (5, 1)), hour)
    >>> made[:3, -1].round(2).tolist(), bool(np.isnan(made[0, 46])), bool(np.isnan(made[0, 47]))
    ([4.9, 1.0, 3.0], True, False)
    """
    made = np.full((len(TREND_COLUMNS), len(now)), np.nan)
    _trends(*_windows(now, bars, timeframe, reachable(timeframe, wanted), TREND_FRAMES), made)
    return made


def momentum_columns(now: Ints, bars: Floats, timeframe: Timeframe, wanted: Timeframe = SHORT) -> Floats:
    """The momentum of the short frame at every bar; arguments as of :func:`trend_columns`.

    Returns
    -------
    float array, shape (8, n)
        :data:`MOMENTUM_COLUMNS`; NaN until 20 frames of the last 40 are there. Breakout, extreme
        and micro-trend are -1, 0, 1 (1: upward, overbought, up).

    Examples
    --------
    >>> minute = Timeframe.parse("1m")
    >>> price = 100 * 1.001 ** np.arange(100.0)
    >>> made = momentum_columns(np.arange(1, 101) * minute.us, np.tile(price, (5, 1)), minute)
    >>> dict(zip(MOMENTUM_COLUMNS, made[:, -1].round(3).tolist()))["breakout"], made[3, -1]
    (1.0, np.float64(100.0))
    """
    made = np.full((len(MOMENTUM_COLUMNS), len(now)), np.nan)
    _momenta(*_windows(now, bars, timeframe, reachable(timeframe, wanted), MOMENTUM_FRAMES), made)
    return made


def _windows(
    now: Ints, bars: Floats, timeframe: Timeframe, to: Timeframe, count: int
) -> tuple[Ints, Floats, Floats, Ints]:
    """Closed frames: their times (2, m), bars (6, m) and log steps (m,); and which of them each bar reads."""
    frames = closed_frames(now, bars, timeframe, to)
    times = np.stack([frames.closed, frames.last])
    return times, np.ascontiguousarray(frames.bars), log_steps(frames.bars[CLOSE]), _spans(now, times, to.us, count)


def trend(now: Ints, bars: Floats, timeframe: Timeframe, wanted: Timeframe = LONG) -> Trend | None:
    """The trend at the last bar, in words; None while it is unknown. The numbers of :func:`trend_columns`."""
    last = _last(trend_columns(*_recent(now, bars, timeframe, wanted, TREND_FRAMES)), TREND_COLUMNS)
    if last is None:
        return None
    return Trend(
        str(reachable(timeframe, wanted)),
        _SIDES[int(last["direction"])],
        _STRENGTHS[max(int(last["strength"]), 1) - 1],
        last["score"],
        last["momentum"],
        None if np.isnan(last["support"]) else last["support"],
        None if np.isnan(last["resistance"]) else last["resistance"],
        int(last["closed"]),
    )


def momentum(now: Ints, bars: Floats, timeframe: Timeframe, wanted: Timeframe = SHORT) -> Momentum | None:
    """The momentum at the last bar, in words; None while unknown. The numbers of :func:`momentum_columns`."""
    last = _last(momentum_columns(*_recent(now, bars, timeframe, wanted, MOMENTUM_FRAMES)), MOMENTUM_COLUMNS)
    if last is None:
        return None
    extreme = 0 if np.isnan(last["extreme"]) else int(last["extreme"])
    return Momentum(
        str(reachable(timeframe, wanted)),
        last["momentum"],
        last["score"],
        _BREAKS[int(last["breakout"])],
        _CONDITIONS[extreme],
        last["rsi"],
        _SIDES[int(last["micro_trend"])],
        int(last["closed"]),
    )


def summaries(now: Ints, bars: Floats, timeframe: Timeframe) -> dict[str, Trend | Momentum]:
    """What :class:`~alphaloop.core.observation.Observation` carries per symbol: ``{"4h": Trend, "3m": Momentum}``.

    The keys name what was asked for, ``.frame`` what the bars could give; unknown ones are left out.
    """
    found = {str(LONG): trend(now, bars, timeframe), str(SHORT): momentum(now, bars, timeframe)}
    return {name: one for name, one in found.items() if one is not None}


def _recent(
    now: Ints, bars: Floats, timeframe: Timeframe, wanted: Timeframe, count: int
) -> tuple[Ints, Floats, Timeframe, Timeframe]:
    """No more bars than a window of ``count`` frames and the forming one can hold."""
    most = (count + 1) * reachable(timeframe, wanted).us // timeframe.us
    return now[-most:], bars[:, -most:], timeframe, wanted


_SIDES: dict[int, Literal["up", "down", "sideways"]] = {1: "up", -1: "down", 0: "sideways"}
_BREAKS: dict[int, Literal["up", "down", "none"]] = {1: "up", -1: "down", 0: "none"}
_CONDITIONS: dict[int, Literal["overbought", "oversold", "neutral"]] = {1: "overbought", -1: "oversold", 0: "neutral"}
_STRENGTHS: tuple[Literal["weak", "medium", "strong"], ...] = ("weak", "medium", "strong")


def _last(columns: Floats, names: tuple[str, ...]) -> dict[str, float] | None:
    if not columns.shape[1] or np.isnan(columns[-1, -1]):
        return None
    return dict(zip(names, columns[:, -1].tolist(), strict=True))


@compiled
def _spans(now: Ints, times: Ints, length: int, frames: int) -> Ints:
    """First and last frame of each bar's window, (2, n): frames closed at ``now``, not earlier than ``frames`` ago."""
    closed, last = times[0], times[1]
    spans, row, first = np.empty((2, len(now)), dtype=np.int64), -1, 0
    for i in range(len(now)):
        clock = now[i] // length * length
        while row + 1 < len(closed) and closed[row + 1] <= clock and last[row + 1] <= i:
            row += 1
        while first < len(closed) and closed[first] <= clock - frames * length:
            first += 1
        spans[0, i], spans[1, i] = first, row
    return spans


@compiled
def _trends(times: Ints, bars: Floats, steps: Floats, spans: Ints, made: Floats) -> None:
    """Write :data:`TREND_COLUMNS` (7, n); worked out once a window."""
    for i in range(spans.shape[1]):
        first, row = spans[0, i], spans[1, i]
        if i > 0 and first == spans[0, i - 1] and row == spans[1, i - 1]:
            made[:, i] = made[:, i - 1]
            continue
        if row + 1 - first < TREND_LEAST:
            continue
        total, root = drift(steps, first + 1, row)
        score = total / root if root > 0.0 else 0.0
        size = abs(score)
        level = int(size >= WEAK) + int(size >= MEDIUM) + int(size >= STRONG)
        made[0, i] = score
        made[1, i] = np.sign(score) if level else 0.0
        made[2, i] = level
        made[3, i] = bars[CLOSE, row] / bars[CLOSE, row - TREND_MOMENTUM] - 1.0
        made[4, i], made[5, i] = _levels(bars[HIGH], bars[LOW], bars[CLOSE, row], first, row)
        made[6, i] = times[0, row]


@compiled
def _levels(high: Floats, low: Floats, close: float, first: int, last: int) -> tuple[float, float]:
    """Support and resistance: the nearest turning points beyond the close, else the extremes."""
    bottom, top, support, resistance = np.inf, -np.inf, -np.inf, np.inf
    for j in range(first, last + 1):
        bottom, top = min(bottom, low[j]), max(top, high[j])
        if j - first < PIVOT or last - j < PIVOT:
            continue
        lowest, highest = True, True
        for k in range(j - PIVOT, j + PIVOT + 1):
            lowest, highest = lowest and low[j] <= low[k], highest and high[j] >= high[k]
        if lowest and low[j] < close:
            support = max(support, low[j])
        if highest and high[j] > close:
            resistance = min(resistance, high[j])
    if support == -np.inf:
        support = bottom if bottom < close else np.nan
    if resistance == np.inf:
        resistance = top if top > close else np.nan
    return support, resistance


@compiled
def _momenta(times: Ints, bars: Floats, steps: Floats, spans: Ints, made: Floats) -> None:
    """Write :data:`MOMENTUM_COLUMNS` (8, n); worked out once a window."""
    for i in range(spans.shape[1]):
        first, row = spans[0, i], spans[1, i]
        if i > 0 and first == spans[0, i - 1] and row == spans[1, i - 1]:
            made[:, i] = made[:, i - 1]
            continue
        if row + 1 - first < MOMENTUM_LEAST + 1:
            continue
        close = bars[CLOSE, row]
        total, root = drift(steps, row - MOMENTUM_SPAN + 1, row)
        made[0, i] = close / bars[CLOSE, row - MOMENTUM_SPAN] - 1.0
        made[1, i] = total / root if root > 0.0 else 0.0
        top, bottom = -np.inf, np.inf
        for j in range(row - BREAKOUT_SPAN, row):
            top, bottom = max(top, bars[HIGH, j]), min(bottom, bars[LOW, j])
        made[2, i] = int(close > top) - int(close < bottom)
        _, rsi = wilder(bars, first, row, CUSTOMARY)
        made[3, i] = rsi
        made[4, i] = np.nan if np.isnan(rsi) else int(rsi > OVERBOUGHT) - int(rsi < OVERSOLD)
        total, root = drift(steps, row - MICRO_SPAN + 1, row)
        micro = total / root if root > 0.0 else 0.0
        made[5, i] = micro
        made[6, i] = int(micro >= MICRO) - int(micro <= -MICRO)
        made[7, i] = times[0, row]
