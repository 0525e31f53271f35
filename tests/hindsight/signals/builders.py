"""Panels whose truth is known: overlapping labels, symbols that move together, a signal with memory."""

import numpy as np

from alphaloop.hindsight.signals import Signal, from_panel

SYMBOLS = tuple("ABCDEFGHIJ")
STEP = 300_000_000


def rows(x, y, times=None, ends=None, symbols=None) -> Signal:
    """One symbol, one row an instant, unless said otherwise."""
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    times = np.arange(len(x)) if times is None else np.asarray(times)
    ends = times if ends is None else np.asarray(ends)
    symbols = np.zeros(len(x), dtype=int) if symbols is None else np.asarray(symbols)
    return Signal(x, y, times, ends, symbols)


def memory(steps: np.ndarray, phi: float) -> np.ndarray:
    """An AR(1) of deviation one along the first axis."""
    found = np.empty_like(steps)
    found[0] = steps[0]
    for t in range(1, len(steps)):
        found[t] = phi * found[t - 1] + np.sqrt(1 - phi**2) * steps[t]
    return found


def panel(seed: int, instants: int = 3000, horizon: int = 12, phi: float = 0.95, edge: float = 0.0) -> Signal:
    """Ten symbols correlated by 0.6, labels of ``horizon`` bars at every bar, a signal that remembers."""
    rng = np.random.default_rng(seed)

    def together(count: int) -> np.ndarray:
        return np.sqrt(0.6) * rng.standard_normal((count, 1)) + np.sqrt(0.4) * rng.standard_normal((count, 10))

    x, bars = memory(together(instants), phi), together(instants + horizon)
    bars[1 : instants + 1] += edge * x
    walk = np.vstack([np.zeros((1, 10)), np.cumsum(bars, axis=0)])
    times = np.arange(instants) * STEP
    labels = (walk[horizon + 1 :] - walk[1:-horizon])[:instants]
    return from_panel(x, labels, times, times + horizon * STEP, SYMBOLS)
