"""Timeframe columns: the trend of the long frame and the momentum of the short one.

Levels become distances of the bar's own close, so that they compare across assets. Bars
finer than a minute are too many for the long frame, and finer than 15 seconds for the
short one: they are masked there.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alphaloop.core.market import CLOSE, Bools, Floats
from alphaloop.core.time import MINUTE_US, SECOND_US
from alphaloop.features.facts import Declared, SymbolFacts
from alphaloop.features.resampling import reachable
from alphaloop.features.sources.series import write
from alphaloop.features.timeframes import LONG, MOMENTUM_FRAMES, SHORT, TREND_FRAMES, momentum_columns, trend_columns

FINEST_US = 15 * SECOND_US  # bars of the short frame

_BARS = tuple(f"market_bars.{name}" for name in ("high", "low", "close"))
_TREND = "masked until 12 of the last 30 frames of 4h have bars"
_MOMENTUM = "masked until 21 of the last 40 frames of 3m (or bars, where longer) have bars"


def _one(name: str, unit: str, formula: str, missing: str) -> Declared:
    return Declared(name, "price", unit, formula, _BARS, missing)


@dataclass(frozen=True)
class LongFrame:
    """The source family ``trend``: the long frame.

    Examples
    --------
    >>> family = LongFrame()
    >>> [one.name for one in family.declared[:3]], family.memory_bars
    (['trend_score', 'trend_direction', 'trend_strength'], 7440)
    """

    @property
    def name(self) -> str:
        """``trend``."""
        return "trend"

    @cached_property
    def declared(self) -> tuple[Declared, ...]:
        """Direction, strength, momentum and levels of 4h."""
        beyond = f"{_TREND}; and where the close is that extreme of the window"
        return (
            _one("trend_score", "deviations", "sum(r) / sqrt(sum(r^2)), log returns of the last 30 frames", _TREND),
            _one("trend_direction", "-1, 0, 1", "sign of trend_score from 1 on", _TREND),
            _one("trend_strength", "0 to 3", "|trend_score| below 1, from 1, from 1.5, from 2.5", _TREND),
            _one("trend_momentum", "fraction", "return over the last 6 frames", _TREND),
            _one("trend_support_gap", "fraction", "close / support - 1", beyond),
            _one("trend_resistance_gap", "fraction", "close / resistance - 1", beyond),
        )

    @property
    def tables(self) -> tuple[str, ...]:
        """Bars alone."""
        return ()

    @property
    def memory_us(self) -> int:
        """No table is read."""
        return 0

    @property
    def memory_bars(self) -> int:
        """The window and the forming frame, in bars of a minute."""
        return (TREND_FRAMES + 1) * (LONG.us // MINUTE_US)

    def compute(self, facts: SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask``, both (columns, n)."""
        long = trend_columns(facts.now, facts.bars, facts.timeframe)
        if (TREND_FRAMES + 1) * reachable(facts.timeframe, LONG).us > self.memory_bars * facts.timeframe.us:
            long[:] = np.nan
        made = np.vstack([long[:4], facts.bars[CLOSE] / long[4:6] - 1.0])
        write(self.declared, dict(zip((one.name for one in self.declared), made, strict=True)), values, mask)


@dataclass(frozen=True)
class ShortFrame:
    """The source family ``momentum``: the short frame.

    Examples
    --------
    >>> family = ShortFrame()
    >>> [one.name for one in family.declared[:3]], family.memory_bars
    (['momentum_return', 'momentum_score', 'momentum_breakout'], 492)
    """

    @property
    def name(self) -> str:
        """``momentum``."""
        return "momentum"

    @cached_property
    def declared(self) -> tuple[Declared, ...]:
        """Momentum, breakout, extremes and micro-trend of 3m."""
        return (
            _one("momentum_return", "fraction", "return over the last 5 frames", _MOMENTUM),
            _one("momentum_score", "deviations", "sum(r) / sqrt(sum(r^2)), log returns of 5 frames", _MOMENTUM),
            _one("momentum_breakout", "-1, 0, 1", "close beyond the extremes of the 20 frames before", _MOMENTUM),
            _one("momentum_rsi", "0 to 100", "RSI 14 over the frames", f"{_MOMENTUM}, and where none moved"),
            _one("momentum_extreme", "-1, 0, 1", "momentum_rsi below 30, between, above 70", "as momentum_rsi"),
            _one("momentum_micro_score", "deviations", "as momentum_score, of 8 frames", _MOMENTUM),
            _one("momentum_micro_trend", "-1, 0, 1", "sign of momentum_micro_score from 1 on", _MOMENTUM),
        )

    @property
    def tables(self) -> tuple[str, ...]:
        """Bars alone."""
        return ()

    @property
    def memory_us(self) -> int:
        """No table is read."""
        return 0

    @property
    def memory_bars(self) -> int:
        """The window and the forming frame, in the finest bars it is made for."""
        return (MOMENTUM_FRAMES + 1) * (SHORT.us // FINEST_US)

    def compute(self, facts: SymbolFacts, values: Floats, mask: Bools) -> None:
        """Fill ``values`` and ``mask``, both (columns, n)."""
        short = momentum_columns(facts.now, facts.bars, facts.timeframe)
        if (MOMENTUM_FRAMES + 1) * reachable(facts.timeframe, SHORT).us > self.memory_bars * facts.timeframe.us:
            short[:] = np.nan
        write(self.declared, dict(zip((one.name for one in self.declared), short[:-1], strict=True)), values, mask)
