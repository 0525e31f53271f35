"""Ablation: what a forecast loses when something is taken from it, on the same rows, with an interval.

    difference = figure(without) - figure(full)

Both are drawn together, in blocks, so that what they share (the market's swings) cancels, and every variant meets
the same draws. For IC and rank IC a difference below zero says that what was taken helped; for the squared error, one
above. Knows neither models nor what was taken.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from alphaloop.core.errors import InvalidOption, NoData, SchemaViolation, UnsortedData
from alphaloop.core.market import Floats, Ints
from alphaloop.hindsight.bootstrap import (
    Blocks,
    Estimate,
    optimal_block_length,
    paired_difference,
    resampled,
    summarised,
)
from alphaloop.hindsight.signals.rows import ranks

FIGURES = ("ic", "rank_ic", "mse")
FEWEST = 30
"""Instants below which no interval is given: blocks of so few say nothing."""

_STILL = 1e-12  # spread as a share of the largest value: rounding, not variation
_CHUNK = 64  # draws summed at a time
_WIDER = 6  # rows in a block for each that an outcome overlaps, as the errors of coefficients have it
_USUAL = Blocks()


@dataclass(frozen=True, eq=False, slots=True)
class Outcomes:
    """What came of N predictions, one symbol or many, in the order of time.

    Parameters
    ----------
    outcome : float array, shape (N,), fraction
    times, ends : int array, shape (N,), microseconds UTC
        When each prediction was made, and the last instant its outcome reads.

    Raises
    ------
    SchemaViolation
        If shapes disagree, an outcome is not finite, or an end lies before its time.
    UnsortedData
        If times descend.
    NoData
        If there is no row.
    """

    outcome: Floats
    times: Ints
    ends: Ints

    def __post_init__(self) -> None:
        if not self.outcome.shape == self.times.shape == self.ends.shape or self.outcome.ndim != 1:
            shapes = (self.outcome.shape, self.times.shape, self.ends.shape)
            raise SchemaViolation(f"columns of shapes {shapes}", "three columns of N rows", "")
        if len(self.outcome) == 0:
            raise NoData("an ablation without rows", "one row or more", "")
        if not np.isfinite(self.outcome).all() or bool((self.ends < self.times).any()):
            raise SchemaViolation("an outcome that is not finite, or ends before its time", "finite, ended later", "")
        if bool((np.diff(self.times) < 0).any()):
            raise UnsortedData("times that descend", "rows by time", "sort them")

    @property
    def first(self) -> Ints:
        """First row of each of the T instants."""
        return np.flatnonzero(np.append(True, np.diff(self.times) != 0))

    @property
    def overlap(self) -> int:
        """Later instants, at most, that begin before an outcome has ended."""
        instants = self.times[self.first]
        inside = np.searchsorted(instants, self.ends, side="left") - np.searchsorted(instants, self.times) - 1
        return max(0, int(inside.max()))


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of a forecast without something beside the full one's.

    Parameters
    ----------
    figure : str
    full, without : float or None
        None where predictions or outcomes do not vary.
    change : Estimate
        ``without - full``, with its paired interval.
    """

    figure: str
    full: float | None
    without: float | None
    change: Estimate

    def as_dict(self) -> dict[str, float | str | int | None]:
        """Plain numbers: ``figure full without change low high error block draws``."""
        found = self.change
        return {
            "figure": self.figure,
            "full": self.full,
            "without": self.without,
            "change": found.value,
            "low": found.low,
            "high": found.high,
            "error": found.error,
            "block": found.block,
            "draws": found.draws,
        }


def differences(
    rows: Outcomes, full: Floats, without: Mapping[str, Floats], how: Blocks = _USUAL
) -> dict[str, tuple[Difference, ...]]:
    """IC, rank IC and mean squared error of each variant less those of the full forecast.

    Parameters
    ----------
    rows : Outcomes
    full : float array, shape (N,), unit of the outcome
    without : mapping of name to float array, shape (N,)
        The variants' predictions of the same rows.
    how : Blocks
        Instants are drawn in blocks of six times the overlap of outcomes, or longer where the data say so.

    Returns
    -------
    dict of name to tuple of Difference
        In the order of :data:`FIGURES`. Without interval below :data:`FEWEST` instants.

    Raises
    ------
    SchemaViolation
        If a prediction is missing or not finite: take out such rows of all first.
    InvalidOption
        If a fixed block is longer than the record.

    Source
    ------
    Blocks: Politis and Romano (1994), The Stationary Bootstrap, Journal of the American Statistical Association
    89(428).

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> told, noise = random.standard_normal((2, 2000))
    >>> rows = Outcomes(told + noise, np.arange(2000), np.arange(2000) + 1)
    >>> ic = differences(rows, told, {"no_flow": 0.2 * told + random.standard_normal(2000)})["no_flow"][0]
    >>> round(ic.full, 2), round(ic.without, 2), ic.change.high < 0
    (0.7, 0.12, True)
    """
    made = {"": full, **without}
    for name, one in made.items():
        if one.shape != rows.outcome.shape or not np.isfinite(one).all():
            found = f"predictions {name or 'of the full forecast'} of shape {one.shape}, or not finite"
            raise SchemaViolation(found, f"finite ones, {rows.outcome.shape}", "drop such rows of all")
    moments = {name: _moments(rows, one) for name, one in made.items()}
    length = _block(rows, moments, how)
    own = {name: _figures(one.sums.sum(axis=0)[None], varies=one.varies)[0] for name, one in moments.items()}
    drawn = _all_draws(moments, length, how)
    few = len(rows.first) < FEWEST

    def difference(name: str, place: int, figure: str) -> Difference:
        apart = drawn[name][:, place] - drawn[""][:, place]
        known = [float(one[place]) if np.isfinite(one[place]) else None for one in (own[""], own[name])]
        found = summarised(float(own[name][place] - own[""][place]), apart, length, how.confidence)
        return Difference(figure, known[0], known[1], _without_interval(found) if few else found)

    return {name: tuple(difference(name, place, one) for place, one in enumerate(FIGURES)) for name in without}


def daily_difference(full: Floats, without: Floats, how: Blocks = _USUAL) -> Difference:
    """Mean net return a day of two sets of positions on the same days, ``without - full``.

    Parameters
    ----------
    full, without : float array, shape (D,), fraction

    Raises
    ------
    SchemaViolation, NoData
        As :func:`alphaloop.hindsight.bootstrap.paired_difference`.

    Examples
    --------
    >>> found = daily_difference(np.array([0.01, 0.03]), np.array([0.0, 0.01]))
    >>> found.full, found.without, round(found.change.value, 3), found.change.low
    (0.02, 0.005, -0.015, None)
    """
    found = paired_difference(without, full, _mean, how)
    if len(full) < FEWEST:
        found = _without_interval(found)
    return Difference("net_per_day", float(full.mean()), float(without.mean()), found)


class _Moments(NamedTuple):
    """Sums over each instant's rows of what the figures of one forecast are made of, shape (T, 12)."""

    sums: Floats
    varies: bool


def _moments(rows: Outcomes, prediction: Floats) -> _Moments:
    one = np.zeros(len(prediction), dtype=np.int64)
    columns = [np.ones(len(prediction))]
    for y, x in ((rows.outcome, prediction), (ranks(rows.outcome, one), ranks(prediction, one))):
        unit_y, unit_x = _unit(y), _unit(x)
        columns += [unit_x, unit_y, unit_x * unit_x, unit_y * unit_y, unit_x * unit_y]
    columns.append((rows.outcome - prediction) ** 2)
    sums = np.add.reduceat(np.column_stack(columns), rows.first, axis=0)
    return _Moments(sums, _varies(prediction) and _varies(rows.outcome))


def _figures(sums: Floats, *, varies: bool) -> Floats:
    """IC, rank IC and mean squared error of each row of sums, shape (K, 3); no coefficient where nothing varies."""
    n, error = sums[:, 0], sums[:, -1] / sums[:, 0]
    if not varies:
        return np.column_stack([np.full((len(sums), 2), np.nan), error])
    return np.column_stack([_correlation(n, sums[:, 1:6]), _correlation(n, sums[:, 6:11]), error])


def _correlation(n: Floats, sums: Floats) -> Floats:
    x, y, xx, yy, xy = sums.T
    spread = (n * xx - x * x) * (n * yy - y * y)
    known = spread > 0.0
    return np.where(known, (n * xy - x * y) / np.sqrt(np.where(known, spread, 1.0)), np.nan)


def _drawn(table: Floats, length: float, how: Blocks) -> Iterator[Floats]:
    """Sums over the rows of each draw, (k, K), some draws at a time."""
    counts: list[Ints] = []
    for number, rows in enumerate(resampled(len(table), length, how), start=1):
        counts.append(np.bincount(rows, minlength=len(table)))
        if len(counts) == _CHUNK or number == how.draws:
            yield np.asarray(counts, dtype=np.float64) @ table
            counts = []


def _block(rows: Outcomes, moments: Mapping[str, _Moments], how: Blocks) -> float:
    """One mean length for all variants, so that all meet the same draws."""
    instants = len(rows.first)
    if how.length is not None:
        if how.length > instants:
            raise InvalidOption(f"blocks of {how.length:g} rows", f"at most {instants}", "leave it out")
        return how.length
    error, product = (np.column_stack([one.sums[:, k] for one in moments.values()]) for k in (-1, 5))
    apart = [part[:, k] - part[:, 0] for part in (error, product) for k in range(1, part.shape[1])]
    asked = [optimal_block_length(one) for one in apart] if instants > FEWEST else []
    return min(float(max([np.cbrt(instants), _WIDER * rows.overlap, *asked])), float(instants))


def _all_draws(moments: Mapping[str, _Moments], length: float, how: Blocks) -> dict[str, Floats]:
    """Figures of each forecast in every draw, (draws, 3): one pass, so that all meet the same rows."""
    table = np.hstack([one.sums for one in moments.values()])
    width = table.shape[1] // len(moments)
    made: dict[str, list[Floats]] = {name: [] for name in moments}
    for sums in _drawn(table, length, how):
        for place, (name, one) in enumerate(moments.items()):
            made[name].append(_figures(sums[:, place * width : (place + 1) * width], varies=one.varies))
    return {name: np.vstack(parts) for name, parts in made.items()}


def _without_interval(found: Estimate) -> Estimate:
    return Estimate(found.value, None, None, None, found.block, 0)


def _unit(values: Floats) -> Floats:
    """With mean 0 and deviation 1, so that no digit is lost in sums; zeros where nothing varies."""
    spread = float(values.std())
    return np.asarray((values - values.mean()) / spread) if _varies(values) else np.zeros(len(values))


def _varies(values: Floats) -> bool:
    return float(np.ptp(values)) > _STILL * float(np.abs(values).max(initial=0.0))


def _mean(rows: Floats) -> float:
    return float(rows.mean())
