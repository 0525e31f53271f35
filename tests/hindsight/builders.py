"""Rough markets and rougher candidates for the reward oracle: gaps, halts, funding, ruinous leverage."""

import math

import numpy as np

from tests.reference.candidate import Candidate, slow_candidate
from tests.reference.candidate import Costs as SlowCosts

COLUMNS = ("open", "high", "low", "close", "volume", "funding_rate")


def rough_bars(bars: int, seed: int, *, halts: bool = True, tick: float = 0.01) -> dict[str, np.ndarray]:
    """A random walk on a grid of ticks; one bar in ten gaps, one in twenty is flat, half of those halted."""
    rng = np.random.default_rng(seed)
    path = np.cumsum(rng.standard_normal((bars, 4)) * 0.004, axis=1)
    path -= path[:, -1:] * 0.5  # keeps long walks near their start
    gap = np.where(rng.random(bars) < 0.1, rng.standard_normal(bars) * 0.02, 0.0)
    level = np.concatenate([[0.0], np.cumsum(path[:, -1] + gap)[:-1]])
    start = level - np.linspace(0, level[-1], bars) + gap
    parts = (start, start + np.maximum(path.max(1), 0), start + np.minimum(path.min(1), 0), start + path[:, -1])
    first, high, low, close = (np.round(np.exp(part) * 100 / tick) * tick for part in parts)
    flat = rng.random(bars) < 0.05
    for array in (first, high, low):
        array[flat] = close[flat]
    high, low = np.maximum(high, np.maximum(first, close)), np.minimum(low, np.minimum(first, close))
    volume = np.where(flat & (rng.random(bars) < 0.5) & halts, 0.0, 1.0)
    rate = np.where(rng.random(bars) < 0.05, rng.standard_normal(bars) * 0.001, 0.0)
    return dict(zip(COLUMNS, (first, high, low, close, volume, rate), strict=True))


def rough_candidates(bars: dict[str, np.ndarray], count: int, seed: int, *, limits: bool = True, group: int = 1):
    """Random bars, sides and levels, a fifth without a level; leverage up to 500; some at a limit."""
    rng = np.random.default_rng(seed)

    def some(values: np.ndarray, share: float) -> np.ndarray:
        return np.where(rng.random(count) < share, np.nan, values)

    bar = np.repeat(rng.integers(0, len(bars["open"]), count // group + 1), group)[:count]
    found = {
        "bar": bar,
        "side": rng.choice([1, -1], count),
        "stop": some(np.round(rng.exponential(0.02, count), 3), 0.2),
        "target": some(np.round(rng.exponential(0.03, count), 3), 0.2),
        "leverage": rng.choice([1, 2, 3, 5, 10, 20, 50, 100, 125, 500.0], count),
    }
    if limits:
        found["limit"] = some(np.round(bars["close"][bar] * (1 + rng.standard_normal(count) * 0.003), 2), 0.6)
    return found


def slow_outcomes(bars, candidates, costs, horizon: int):
    """The same by the slow reference, one record per candidate."""
    rows = np.stack([bars[name] for name in COLUMNS], axis=1).tolist()
    plain = SlowCosts(costs.taker_fee, costs.maker_fee, costs.liquidation_fee, costs.slippage, costs.maintenance_rate)
    names = ("bar", "side", "stop", "target", "leverage", "limit")
    columns = [candidates.get(name, np.full(len(candidates["bar"]), np.nan)).tolist() for name in names]
    for bar, side, stop, target, leverage, limit in zip(*columns, strict=True):
        levels = [None if math.isnan(one) else one for one in (stop, target)]
        yield slow_candidate(
            rows, Candidate(bar, side, horizon, *levels, leverage, None if math.isnan(limit) else limit), plain
        )


def differences(found, slow) -> tuple[int, float]:
    """Candidates whose reason, bar or price differ, and the largest difference of any other number."""
    wrong, widest = 0, 0.0
    slow = list(slow)
    for k, one in enumerate(slow):
        end = one.exit_bar if one.reason != "not_filled" else 0
        mine = (str(found.reason[k]), int(found.exit_bar[k]), float(found.exit_price[k]), float(found.entry_price[k]))
        wrong += mine != (one.reason, end, one.exit, one.entry)
    pairs = [("net_return", "net"), ("gross_return", "gross"), ("max_drawdown", "drawdown")]
    for name, other in [*pairs, ("fees", "fees"), ("funding", "funding")]:
        values = np.array([getattr(one, other) for one in slow])
        widest = max(widest, float(np.abs(getattr(found, name) - values).max()))
    return wrong, widest
