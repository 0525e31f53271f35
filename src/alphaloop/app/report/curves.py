"""Curves: series of any length as at most 4000 points, their extremes kept.

Of each stretch the lowest and the highest point survive, in the order they came, so a
spike or a drawdown is drawn at its true depth. Times leave as milliseconds UTC, which is
what a browser wants; values with eight significant digits.
"""

from collections.abc import Mapping

import numpy as np

from alphaloop.core.market import Floats, Ints

MAX_POINTS = 4000
Curve = list[list[float | int | None]]


def extremes(values: Floats, limit: int = MAX_POINTS) -> Ints:
    """Rows to keep: first, last, and the least and greatest of each stretch; ascending.

    Parameters
    ----------
    values : float array, shape (T,), NaN allowed
    limit : int, >= 4

    Returns
    -------
    int array, shape (at most ``limit``,)

    Examples
    --------
    >>> extremes(np.array([0.0, 5.0, 1.0, -3.0, 2.0, 0.0, 1.0, 9.0, 4.0]), limit=6)
    array([0, 1, 3, 5, 7, 8])
    """
    count = len(values)
    if count <= limit:
        return np.arange(count)
    stretches = limit // 2 - 1
    size = -(-(count - 2) // stretches)
    padded = np.full(stretches * size, np.nan)
    padded[: count - 2] = values[1:-1]
    table = padded.reshape(stretches, size)
    starts = np.arange(stretches) * size + 1
    low = np.where(np.isnan(table), np.inf, table).argmin(axis=1)
    high = np.where(np.isnan(table), -np.inf, table).argmax(axis=1)
    inner = np.concatenate((starts + low, starts + high))
    rows = np.unique(np.concatenate(([0], inner, [count - 1])))
    return rows[rows < count]


def lines(now: Ints, named: Mapping[str, Floats], limit: int = MAX_POINTS) -> dict[str, list[float | int | None]]:
    """``times`` in ms and every named series at them: the union of what each one needs to keep.

    Shared times let a reader compare the series at a point. Holes become null.

    Examples
    --------
    >>> lines(np.array([1_000, 2_000]), {"equity": np.array([1.0, np.nan])})
    {'times': [1, 2], 'equity': [1.0, None]}
    """
    if len(now) <= limit:
        rows = np.arange(len(now))
    else:
        kept = [extremes(values, limit // len(named)) for values in named.values()]
        rows = np.unique(np.concatenate(kept))
    return {"times": (now[rows] // 1000).tolist(), **{name: short(values[rows]) for name, values in named.items()}}


def averages(now: Ints, values: Floats, limit: int = 400) -> Curve:
    """``[times in ms, means]`` of at most ``limit`` stretches of equally many rows, at their ends.

    For what jumps between levels (an exposure), where extremes would fill the picture.

    Examples
    --------
    >>> averages(np.arange(1, 6) * 1000, np.array([0.0, 1.0, 1.0, 1.0, 0.0]), limit=3)
    [[2, 4, 5], [0.5, 1.0, 0.0]]
    """
    if len(values) == 0:
        return [[], []]
    starts = np.arange(0, len(values), -(-len(values) // limit))
    ends = np.append(starts[1:], len(values))
    means = np.add.reduceat(values, starts) / (ends - starts)
    return [(now[ends - 1] // 1000).tolist(), short(means)]


def short(values: Floats, digits: int = 8) -> list[float | int | None]:
    """Numbers cut to ``digits`` significant ones; NaN and infinity become null."""
    return [float(f"{value:.{digits}g}") if np.isfinite(value) else None for value in values.tolist()]


def rolling_sharpe(returns: Floats, window: int, per_year: float) -> Floats:
    """Sharpe of the last ``window`` returns at each of them, shape (P,); NaN before and where nothing varies.

    Examples
    --------
    >>> rolling_sharpe(np.array([0.0, 1.0, 0.0]), 2, 1.0).round(3)
    array([  nan, 0.707, 0.707])
    """
    out = np.full(len(returns), np.nan)
    if len(returns) < window:
        return out
    windows = np.lib.stride_tricks.sliding_window_view(returns, window)
    deviation = windows.std(axis=1, ddof=1)
    varies = deviation > 1e-12 * np.abs(windows).max(axis=1)
    out[window - 1 :] = np.where(varies, windows.mean(axis=1) / np.where(varies, deviation, 1.0), np.nan)
    return np.asarray(out * np.sqrt(per_year))


def histogram(values: Floats, most: int = 41) -> dict[str, list[float]]:
    """Counts of ``values`` in equal bins, one edge of which is zero.

    Examples
    --------
    >>> histogram(np.array([-0.01, 0.01, 0.012]))["counts"]
    [1, 0, 0, 2]
    """
    if len(values) == 0:
        return {"edges": [], "counts": []}
    bins = min(most, max(4, int(np.sqrt(len(values)) * 2)))
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    width = (high - low) / (bins - 1) or 1.0
    edges = np.arange(np.floor(low / width), np.ceil(high / width) + 1) * width
    if len(edges) < 2:
        edges = np.array([0.0, width])
    counts, _ = np.histogram(values, np.append(edges[:-1], max(edges[-1], high)))
    return {"edges": [float(f"{edge:.8g}") for edge in edges], "counts": counts.tolist()}
