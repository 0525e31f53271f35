"""freqtrade's backtest of one pair, slowly: long and short trades with a stop and a target, no fees.

Written from its documented order ("assumptions made by backtesting") and the source it
describes: signals are moved on by one candle; entries at its open; then, in the same candle,
exit signal at the open, else stop, else minimal return. Shares nothing with the kernel.
"""

from typing import NamedTuple


class Trade(NamedTuple):
    """Bars and prices of a trade, and why it ended; ``left`` is -1 while it has not."""

    entered: int
    entry: float
    left: int
    exit: float
    why: str


class Candle(NamedTuple):
    """One candle."""

    open: float
    high: float
    low: float
    close: float


def slow_freqtrade(candles: list[Candle], signals: dict[int, tuple[int, float, float]], exits: set[int]) -> list[Trade]:
    """Trades; ``signals``: candle to side, stop price, target price; ``exits``: candles that say leave."""
    found: list[Trade] = []
    trade: tuple[int, float, int, float, float] | None = None
    for i, candle in enumerate(candles):
        was_open = trade is not None
        if not was_open and i - 1 in signals:
            trade = i, candle.open, *signals[i - 1]
        if trade is None:
            continue
        entered, entry, side, stop, target = trade
        left = leave(candle, side, stop, target, i - 1 in exits and was_open)
        if left is not None:
            found.append(Trade(entered, entry, i, *left))
            trade = None
    if trade is not None:
        found.append(Trade(trade[0], trade[1], -1, 0.0, "open"))
    return found


def leave(candle: Candle, side: int, stop: float, target: float, told: bool) -> tuple[float, str] | None:
    """Price and reason, in the order exit signal, stop loss, minimal return; none if the trade stays."""
    if told:
        return candle.open, "market"
    worst, best = (candle.low, candle.high) if side > 0 else (candle.high, candle.low)
    if side * (worst - stop) <= 0:
        beyond = side * (best - stop) < 0  # the whole candle lies beyond the stop
        return (candle.open if beyond else stop), "stop"
    if side * (best - target) >= 0:
        return min(max(target, candle.low), candle.high), "target"
    return None
