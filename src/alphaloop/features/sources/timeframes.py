"""Timeframe columns: the trend of the long frame and the momentum of the short one.

Levels become distances of the bar's own close, so that they compare across assets. Bars
finer than a minute are too many for the long frame, and finer than 15 seconds for the
short one: they are masked there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from alphaloop.core.market import CLOSE, Bools, Floats, Ints
from alphaloop.core.time import MINUTE_US, SECOND_US, Timeframe
from alphaloop.features.facts import Declared, SymbolFacts
from alphaloop.features.resampling import reachable
from alphaloop.features.sources.rows import Reader
from alphaloop.features.sources.series import settle
from alphaloop.features.timeframes import LONG, MOMENTUM_FRAMES, SHORT, TREND_FRAMES, momentum_columns, trend_columns

_BARS = tuple(f"market_bars.{name}" for name in ("high", "low", "close"))
_TREND = "masked until 12 of the last 30 frames of 4h have bars"
_MOMENTUM = "masked until 21 of the last 40 frames of 3m (or bars, where longer) have bars"


def _one(name: str, unit: str, formula: str, missing: str) -> Declared:
    return Declared(name, "price", unit, formula, _BARS, missing)


@dataclass(frozen=True)
class FrameFamily:
    """A source family made of closed frames of bars alone: ``trend``, or ``momentum``.

    Parameters
    ----------
    name : str
    declared : tuple of Declared
    wanted : Timeframe
        The frame, raised to what the bars can fill.
    frames : int
        Closed frames it looks back on.
    finest : int, microseconds
        Shortest bar it is made for.
    columns : callable, (now, bars, timeframe) -> float array, shape (columns, n)

    Examples
    --------
    >>> LONG_FRAME.declared[0].name, LONG_FRAME.memory_bars, SHORT_FRAME.declared[0].name, SHORT_FRAME.memory_bars
    ('trend_score', 7440, 'momentum_return', 492)
    """

    name: str
    declared: tuple[Declared, ...]
    wanted: Timeframe
    frames: int
    finest: int
    columns: Callable[[Ints, Floats, Timeframe], Floats]

    @property
    def tables(self) -> tuple[str, ...]:
        """Bars alone."""
        return ()

    @property
    def readers(self) -> Mapping[str, Reader]:
        """No table is read."""
        return {}

    @property
    def memory_us(self) -> int:
        """No table is read."""
        return 0

    @property
    def memory_bars(self) -> int:
        """The window and the forming frame, in the finest bars it is made for."""
        return (self.frames + 1) * (self.wanted.us // self.finest)

    def compute(self, facts: SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask``, both (columns, n - first)."""
        reach = (self.frames + 1) * reachable(facts.timeframe, self.wanted).us // facts.timeframe.us
        near = facts.lately(reach)
        values[:] = (
            self.columns(near.now, near.bars, near.timeframe)[:, near.first :] if reach <= self.memory_bars else np.nan
        )
        settle(values, mask)


def _trend(now: Ints, bars: Floats, timeframe: Timeframe) -> Floats:
    """Columns of the trend, its levels as distances of the bar's own close."""
    long = trend_columns(now, bars, timeframe)
    return np.vstack([long[:4], bars[CLOSE] / long[4:6] - 1.0])


def _momentum(now: Ints, bars: Floats, timeframe: Timeframe) -> Floats:
    return momentum_columns(now, bars, timeframe)[:-1]


_BEYOND = f"{_TREND}; and where the close is that extreme of the window"
LONG_FRAME = FrameFamily(
    "trend",
    (
        _one("trend_score", "deviations", "sum(r) / sqrt(sum(r^2)), log returns of the last 30 frames", _TREND),
        _one("trend_direction", "-1, 0, 1", "sign of trend_score from 1 on", _TREND),
        _one("trend_strength", "0 to 3", "|trend_score| below 1, from 1, from 1.5, from 2.5", _TREND),
        _one("trend_momentum", "fraction", "return over the last 6 frames", _TREND),
        _one("trend_support_gap", "fraction", "close / support - 1", _BEYOND),
        _one("trend_resistance_gap", "fraction", "close / resistance - 1", _BEYOND),
    ),
    LONG,
    TREND_FRAMES,
    MINUTE_US,
    _trend,
)
SHORT_FRAME = FrameFamily(
    "momentum",
    (
        _one("momentum_return", "fraction", "return over the last 5 frames", _MOMENTUM),
        _one("momentum_score", "deviations", "sum(r) / sqrt(sum(r^2)), log returns of 5 frames", _MOMENTUM),
        _one("momentum_breakout", "-1, 0, 1", "close beyond the extremes of the 20 frames before", _MOMENTUM),
        _one("momentum_rsi", "0 to 100", "RSI 14 over the frames", f"{_MOMENTUM}, and where none moved"),
        _one("momentum_extreme", "-1, 0, 1", "momentum_rsi below 30, between, above 70", "as momentum_rsi"),
        _one("momentum_micro_score", "deviations", "as momentum_score, of 8 frames", _MOMENTUM),
        _one("momentum_micro_trend", "-1, 0, 1", "sign of momentum_micro_score from 1 on", _MOMENTUM),
    ),
    SHORT,
    MOMENTUM_FRAMES,
    15 * SECOND_US,
    _momentum,
)
