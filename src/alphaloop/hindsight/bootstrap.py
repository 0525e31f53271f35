"""Stationary bootstrap: how far off a statistic of dependent rows may be.

Rows are drawn in blocks of random length, so that neighbours stay together as often as the mean length says.
Whatever belongs to one row (a candidate and what it is compared with, all symbols of one instant) is drawn
together. Seeded: the same seed gives the same rows, and the same that ``arch`` draws.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from alphaloop.core.errors import InvalidOption, NoData, SchemaViolation
from alphaloop.core.market import Floats, Ints

Statistic = Callable[[Floats], float | None]
"""From rows, (T,) or (T, K), to a number; none or NaN where the rows cannot say."""

_MOST_UNDEFINED = 0.05  # share of draws that may have no value before the interval is given up


@dataclass(frozen=True, slots=True)
class Estimate:
    """A statistic and how far off it may be.

    Parameters
    ----------
    value : float or None
        Of the rows as they are; None where they cannot say.
    low, high : float or None
        Interval of the stated confidence; None where too many draws cannot say.
    error : float or None
        Standard deviation over the draws.
    block : float, rows
        Mean length of a block.
    draws : int
        That gave a value.
    """

    value: float | None
    low: float | None
    high: float | None
    error: float | None
    block: float
    draws: int

    @property
    def above_zero(self) -> bool | None:
        """Whether the whole interval lies above zero; None where there is no interval."""
        return None if self.low is None else self.low > 0.0


@dataclass(frozen=True, slots=True)
class Blocks:
    """How to draw.

    Parameters
    ----------
    length : float, rows, 1 or more, optional
        Mean length of a block. From the data when not given: :func:`optimal_block_length`, and ``T ** (1/3)`` or
        more, because that estimate is noisy and falls short where memory is short.
    draws : int, 100 or more
    seed : int
    confidence : float, between 0 and 1
    """

    length: float | None = None
    draws: int = 1000
    seed: int = 0
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.length is not None and not (math.isfinite(self.length) and self.length >= 1.0):
            raise InvalidOption(f"blocks of {self.length} rows", "1 or more", "leave it out to let the data say")
        if self.draws < 100:
            raise InvalidOption(f"{self.draws} draws", "100 or more", "1000 are usual")
        if not 0.0 < self.confidence < 1.0:
            raise InvalidOption(f"a confidence of {self.confidence}", "above 0 and below 1", "0.95 is usual")

    def of(self, rows: Floats) -> float:
        """Mean length for these rows."""
        return max(optimal_block_length(rows), float(np.cbrt(len(rows)))) if self.length is None else self.length


_USUAL = Blocks()


def interval(rows: Floats, statistic: Statistic, how: Blocks = _USUAL) -> Estimate:
    """A statistic of rows with its interval: the quantiles of its value over the draws.

    Parameters
    ----------
    rows : float array, shape (T,) or (T, K)
        In time order, equally spaced.
    statistic : callable
        From rows to a number.
    how : Blocks

    Raises
    ------
    NoData
        If there are fewer than two rows.
    SchemaViolation
        If a number is not finite.

    Source
    ------
    Politis and Romano (1994), The Stationary Bootstrap, Journal of the American Statistical Association 89(428).

    Examples
    --------
    >>> returns = np.random.default_rng(0).normal(0.001, 0.01, 1000)
    >>> found = interval(returns, np.mean)
    >>> round(found.value, 4), round(found.low, 4), round(found.high, 4), found.above_zero
    (0.0005, -0.0001, 0.0011, False)
    """
    table = _checked(rows)
    length = how.of(table)
    values = np.array([_number(statistic(table[drawn])) for drawn in resampled(len(table), length, how)])
    return summarised(_number(statistic(table)), values, length, how.confidence)


def paired_difference(one: Floats, other: Floats, statistic: Statistic, how: Blocks = _USUAL) -> Estimate:
    """``statistic(one) - statistic(other)`` with its interval, the same rows drawn of both.

    What both share (the market's swings) cancels: pairs tell far smaller differences than two separate intervals.
    The length of blocks is that of the difference of rows.

    Parameters
    ----------
    one, other : float array, shape (T,)
        Row by row of the same instants.
    statistic : callable
    how : Blocks

    Raises
    ------
    SchemaViolation
        If lengths differ or a number is not finite.
    NoData
        If there are fewer than two rows.

    Examples
    --------
    >>> market = np.random.default_rng(0).normal(0.0, 0.01, 500)
    >>> better = market + np.random.default_rng(1).normal(0.0004, 0.001, 500)
    >>> paired_difference(better, market, np.mean).above_zero
    True
    """
    if one.shape != other.shape or one.ndim != 1:
        raise SchemaViolation(f"rows of shapes {one.shape} and {other.shape}", "two series of one length", "")
    both = _checked(np.column_stack([one, other]))
    length = how.of(both[:, 0] - both[:, 1])

    def difference(rows: Floats) -> float:
        return _number(statistic(rows[:, 0])) - _number(statistic(rows[:, 1]))

    values = np.array([difference(both[drawn]) for drawn in resampled(len(both), length, how)])
    return summarised(difference(both), values, length, how.confidence)


def resampled(rows: int, length: float, how: Blocks) -> Iterator[Ints]:
    """Row numbers of each draw, shape (rows,): blocks begin anywhere, and the end joins the beginning.

    Examples
    --------
    >>> next(resampled(8, 4.0, Blocks(length=4, seed=1)))
    array([3, 4, 5, 6, 7, 1, 2, 3])
    """
    rng, place = np.random.default_rng(how.seed), np.arange(rows)
    for _ in range(how.draws):
        start, luck = rng.integers(rows, size=rows), rng.random(rows)
        begins = luck <= 1.0 / length
        begins[0] = True
        first = np.maximum.accumulate(np.where(begins, place, 0))
        yield (start[first] + place - first) % rows


def summarised(value: float, values: Floats, length: float, confidence: float) -> Estimate:
    """An estimate from the statistic's value and its values over the draws."""
    known = values[np.isfinite(values)]
    own = value if math.isfinite(value) else None
    if own is None or len(known) < (1.0 - _MOST_UNDEFINED) * len(values):
        return Estimate(own, None, None, None, length, len(known))
    low, high = np.quantile(known, [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0])
    return Estimate(own, float(low), float(high), float(known.std(ddof=1)), length, len(known))


def optimal_block_length(rows: Floats) -> float:
    """Mean block length that makes the error of a mean most exact; 1 or more; averaged over columns.

    Parameters
    ----------
    rows : float array, shape (T,) or (T, K)

    Source
    ------
    Politis and White (2004), Automatic Block-Length Selection for the Dependent Bootstrap, Econometric Reviews 23(1),
    with the correction of Patton, Politis and White (2009), Econometric Reviews 28(4).

    Examples
    --------
    >>> steps = np.random.default_rng(0).standard_normal(1000)
    >>> round(optimal_block_length(np.convolve(steps, np.ones(20), "valid")))
    32
    """
    table = _checked(rows)
    columns = table.reshape(len(table), -1).T
    return float(np.mean([_column_length(one) for one in columns]))


def _column_length(series: Floats) -> float:
    """The corrected length of one column; 1 where it never varies."""
    rows = len(series)
    centred = series - series.mean()
    if float(np.ptp(series)) <= 1e-12 * float(np.abs(series).max(initial=0.0)):
        return 1.0
    quiet = max(5, int(math.log10(rows)))
    most = min(math.ceil(math.sqrt(rows)) + quiet, rows - 2)
    covariance = np.array([centred[lag:] @ centred[: rows - lag] for lag in range(most + 1)]) / rows
    lags = np.arange(1, _bandwidth(centred, covariance, quiet, most) + 1)
    taper = np.where(lags <= len(lags) / 2, 1.0, 2.0 * (1.0 - lags / len(lags)))
    slope = 2.0 * float(taper * lags @ covariance[lags])
    level = float(covariance[0] + 2.0 * taper @ covariance[lags])
    if level == 0.0:
        return 1.0
    longest = math.ceil(min(3.0 * math.sqrt(rows), rows / 3.0))
    return max(1.0, float(min((slope**2 / level**2 * rows) ** (1.0 / 3.0), longest)))


def _bandwidth(centred: Floats, covariance: Floats, quiet: int, most: int) -> int:
    """Twice the lag after which ``quiet`` correlations in a row are too small to count."""
    rows = len(centred)
    squares = np.concatenate(([0.0], np.cumsum(centred**2)))
    lags = np.arange(most + 1)
    head, tail = squares[rows - lags - 1], squares[rows] - squares[np.minimum(lags + 1, rows)]
    scale = np.sqrt(np.maximum(head * tail, 0.0))
    small = np.abs(covariance) * rows < 2.0 * math.sqrt(math.log10(rows) / rows) * scale
    for last in range(quiet, most + 1):
        if small[last - quiet : last].all():
            return min(2 * max(last - quiet, 1), most)
    return most


def _checked(rows: Floats) -> Floats:
    table = np.asarray(rows, dtype=np.float64)
    if table.ndim not in (1, 2) or not np.isfinite(table).all():
        raise SchemaViolation(f"rows of shape {table.shape}, or not finite", "finite numbers, (T,) or (T, K)", "")
    if len(table) < 2:
        raise NoData(f"{len(table)} rows", "two or more", "")
    return table


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
