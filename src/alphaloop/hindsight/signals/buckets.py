"""Hits and deciles: how often the direction was right, and whether larger predictions meant larger outcomes."""

import math
from dataclasses import replace

import numpy as np
import polars as pl

from alphaloop.core.errors import DegenerateData, InvalidOption
from alphaloop.core.market import Bools
from alphaloop.hindsight.signals.errors import Measured, chosen_lag, measured, widened, wilson
from alphaloop.hindsight.signals.rows import Pairs, Signal, ranks

SCHEMA = {
    "bucket": pl.Int64(),  # 1 has the lowest predictions
    "rows": pl.Int64(),
    "prediction": pl.Float64(),  # mean
    "outcome": pl.Float64(),  # mean
    "error": pl.Float64(),  # of the mean outcome
    "low": pl.Float64(),
    "high": pl.Float64(),
}


def hit_rate(signal: Signal, *, lag: int | None = None, confidence: float = 0.95) -> Measured | None:
    """Share of rows whose outcome has the sign that was predicted; rows where either is zero are left out.

    The interval is Wilson's, for as many independent rows as the Newey-West error stands for.

    Returns
    -------
    Measured or None
        None if no row has two signs.

    Source
    ------
    Wilson (1927), Journal of the American Statistical Association 22(158).

    Examples
    --------
    >>> x, y = np.array([1.0, 2.0, -1.0, 0.0]), np.array([0.1, -0.2, -0.3, 0.4])
    >>> found = hit_rate(Signal(x, y, np.arange(4), np.arange(4), np.zeros(4)))
    >>> round(found.value, 4), found.rows
    (0.6667, 3)
    """
    pairs = signal.pairs.of((signal.pairs.x != 0) & (signal.pairs.y != 0))
    if len(pairs) == 0:
        return None
    hits = (np.sign(pairs.x) == np.sign(pairs.y)).astype(np.float64)
    value = float(hits.mean())
    used = chosen_lag(len(pairs.first), pairs.overlap, lag)
    found = measured(value, pairs.sums(hits - value), len(pairs), used, math.sqrt(value * (1 - value)), confidence)
    if found.error is None:
        return found
    if not found.error:  # hits alone, or misses alone: no error can be measured, only what does not overlap be counted
        apart = len(pairs.first) / (pairs.overlap + 1)
        low, high = wilson(value, apart, confidence)
        return replace(found, low=low, high=high, effective_n=apart)
    trials = found.effective_n or 1.0
    low, high = wilson(value, trials / widened(len(pairs.first), used, confidence) ** 2, confidence)
    return replace(found, low=low, high=high)


def deciles(
    signal: Signal, buckets: int = 10, *, within: bool = False, lag: int | None = None, confidence: float = 0.95
) -> pl.DataFrame:
    """Mean outcome of rows sorted by prediction into buckets of equal size.

    Parameters
    ----------
    signal : Signal
    buckets : int, 2 or more
    within : bool
        Sort among the symbols of each instant, not among all rows.
    lag, confidence
        As :func:`alphaloop.hindsight.signals.ic.information_coefficient` takes them.

    Returns
    -------
    polars.DataFrame
        Columns of :data:`SCHEMA`, a row for each bucket that is not empty. Equal predictions are never parted.

    Raises
    ------
    InvalidOption
        If there are fewer than two buckets.
    DegenerateData
        If rows are to be sorted within instants that have one symbol each.

    Examples
    --------
    >>> x = np.arange(8.0)
    >>> deciles(Signal(x, 2 * x, np.arange(8), np.arange(8), np.zeros(8)), 2)["outcome"].to_list()
    [3.0, 11.0]
    """
    if buckets < 2:
        raise InvalidOption(f"{buckets} buckets", "2 or more", "10 are usual")
    pairs = signal.pairs
    if within and len(pairs) and int(pairs.sizes.max()) < 2:
        raise DegenerateData("one symbol at every instant", "two or more to sort among", "leave within out")
    group = pairs.group if within else np.zeros(len(pairs), dtype=np.int64)
    size = np.bincount(group)[group] if len(pairs) else np.zeros(0)
    place = np.ceil((ranks(pairs.x, group) - 0.5) / np.maximum(size, 1) * buckets - 1e-9).astype(np.int64)
    place = np.clip(place, 1, buckets)
    used = chosen_lag(len(pairs.first), pairs.overlap, lag)
    rows = [_bucket(pairs, number, place == number, used, confidence) for number in np.unique(place).tolist()]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _bucket(pairs: Pairs, number: int, inside: Bools, lag: int, confidence: float) -> tuple[float | None, ...]:
    """One row of the table; instants without a row in the bucket count as such."""
    x, y = pairs.x[inside], pairs.y[inside]
    mean = float(y.mean())
    moves = pairs.sums(np.where(inside, pairs.y - mean, 0.0))
    found = measured(mean, moves, len(y), lag, float(y.std()), confidence)
    return number, len(y), float(x.mean()), mean, found.error, found.low, found.high
