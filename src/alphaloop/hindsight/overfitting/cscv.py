"""Probability of backtest overfitting, by combinatorially symmetric cross-validation.

The record is cut into blocks. Every choice of half the blocks is in sample once: its best candidate is
picked, and ranked among all by the other half. Where picking means nothing, the winner lands anywhere.

Sums and sums of squares of each block are all a Sharpe ratio needs, so no row is touched twice: the cost is
that of the choices, not of the record.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import combinations, islice

import numpy as np

from alphaloop.core.errors import InvalidOption, NoData, SchemaViolation
from alphaloop.core.market import Bools, Floats, Ints

_MOST_BLOCKS = 20
_CELLS = 1 << 15  # choices x candidates at a time: what fits a cache is seven times faster
_TIE = 1e-10  # Sharpe ratios closer than this are the same bet
_STILL = 1e-12  # variance as a share of the second moment: rounding, not variation
_NULL_CHOICES = 512  # of each null draw; what this adds to its spread is a hundredth
_NULL_ROWS = 64  # rows of a block of a null draw, at most


@dataclass(frozen=True, eq=False)
class Pbo:
    """What picking the best in sample was worth out of sample. C choices of blocks, N candidates.

    Parameters
    ----------
    winner : int array, shape (C,)
        The candidate that was best in sample; of equals the first.
    rank : float array, shape (C,), in (0, 1)
        Its rank out of sample over ``N + 1``, 0.5 is the median; equals share their average rank.
    in_sample, out_of_sample : float array, shape (C,), per period
        Its Sharpe ratio in either half.
    performance : float array, shape (T, N)
        What was judged.
    blocks, seed, draws : int
        As they were asked for.
    """

    winner: Ints
    rank: Floats
    in_sample: Floats
    out_of_sample: Floats
    performance: Floats = field(repr=False)
    blocks: int
    seed: int
    draws: int

    @property
    def pbo(self) -> float:
        """Share of choices whose winner was at or below the median out of sample (logit <= 0)."""
        return float(np.mean(self.rank <= 0.5))

    @property
    def logits(self) -> Floats:
        """``log(rank / (1 - rank))``, shape (C,)."""
        return np.asarray(np.log(self.rank / (1.0 - self.rank)))

    @property
    def loss(self) -> float:
        """Share of choices whose winner lost out of sample."""
        return float(np.mean(self.out_of_sample < 0.0))

    @property
    def slope(self) -> float | None:
        """Out-of-sample over in-sample Sharpe ratio of the winners, least squares; none if they are all alike."""
        centred = self.in_sample - self.in_sample.mean()
        spread = float(centred @ centred)
        return float(centred @ self.out_of_sample) / spread if spread > _TIE else None

    @cached_property
    def null(self) -> Floats:
        """PBO of candidates without edge, shape (draws,), ascending.

        The rows of the same record, each candidate's mean taken away, are drawn at random: spread,
        tails and likeness of the candidates stay, and time order and edge are gone.
        Made when first asked for.
        """
        return _null(self.performance, self.blocks, self.draws, self.seed)

    @property
    def null_band(self) -> tuple[float, float]:
        """5 % and 95 % quantiles of :attr:`null`: a PBO inside says nothing either way."""
        low, high = np.quantile(self.null, [0.05, 0.95])
        return float(low), float(high)

    @property
    def p_value(self) -> float:
        """Probability of so small a PBO, or a smaller, without any edge."""
        below = int(np.count_nonzero(self.null <= self.pbo))
        return (below + 1) / (self.draws + 1)


def pbo(performance: Floats, blocks: int = 16, *, seed: int = 0, draws: int = 200, allow_wide: bool = False) -> Pbo:
    """Probability that the candidate picked as best in sample is no better than the median out of sample.

    Parameters
    ----------
    performance : float array, shape (T, N), fraction a period
        One row a period in time order, one column a candidate: everything that was tried.
        Where a candidate does not vary within a half, its Sharpe ratio there is 0.
    blocks : int, even, 2 to 20
        Of equal length; the first ``T % blocks`` are one row longer.
    seed, draws : int
        Of the null band.
    allow_wide : bool
        More candidates than periods. Refused by default: that is how a transposed table looks.

    Raises
    ------
    SchemaViolation
        If the table is not two-dimensional, is wider than long, or holds NaN or infinity.
    NoData
        If there are fewer than two candidates, or none of them varies.
    InvalidOption
        If ``blocks`` is odd, out of range, or more than the rows allow.

    Source
    ------
    Bailey, Borwein, Lopez de Prado and Zhu (2017), The Probability of Backtest Overfitting, Journal of
    Computational Finance 20(4), 39-69.

    Examples
    --------
    One candidate of five that earns something:

    >>> returns = np.random.default_rng(0).normal(0.0, 0.01, (640, 5))
    >>> returns[:, 2] += 0.003
    >>> found = pbo(returns, blocks=8)
    >>> found.pbo, found.pbo < found.null_band[0]
    (0.0, True)
    """
    table = _checked(np.asarray(performance, dtype=np.float64), blocks, allow_wide)
    if draws < 20:
        raise InvalidOption(f"{draws} draws", "20 or more, to have a band at all", "200 are enough")
    unit, mean = _standard(table)
    return Pbo(*_judge(_block_sums(unit, blocks), mean, _choices(blocks)), table, blocks, seed, draws)


def _checked(performance: Floats, blocks: int, allow_wide: bool) -> Floats:
    if performance.ndim != 2 or not np.isfinite(performance).all():
        raise SchemaViolation(
            f"performance of shape {performance.shape}, or with NaN", "finite numbers, periods x candidates", ""
        )
    rows, columns = performance.shape
    if columns < 2:
        raise NoData(f"{columns} candidates", "two or more", "one candidate has nobody to be picked from")
    if rows < columns and not allow_wide:
        raise SchemaViolation(
            f"{rows} rows and {columns} columns",
            "periods x candidates, more periods than candidates",
            "transpose the table; pass allow_wide=True if there really are more candidates than periods",
        )
    if blocks % 2 or not 2 <= blocks <= _MOST_BLOCKS:
        raise InvalidOption(f"{blocks} blocks", f"an even number from 2 to {_MOST_BLOCKS}", "16 is usual")
    if rows // blocks * (blocks // 2) < 2:
        raise InvalidOption(
            f"{blocks} blocks of {rows} rows", "two rows or more in each half", "lower blocks, or pass more rows"
        )
    if not bool((np.ptp(performance, axis=0) > 0).any()):
        raise NoData("candidates that never vary", "one or more that do", "")
    return performance


@lru_cache(maxsize=4)
def _choices(blocks: int) -> Bools:
    """Halves that hold the first block, in dictionary order, one row each; their complements are the rest."""
    half = math.comb(blocks, blocks // 2) // 2
    picked = np.array(list(islice(combinations(range(blocks), blocks // 2), half)))
    chosen = np.zeros((half, blocks), dtype=np.bool_)
    np.put_along_axis(chosen, picked, True, axis=1)
    chosen.setflags(write=False)
    return chosen


def _standard(table: Floats) -> tuple[Floats, Floats]:
    """Columns with mean 0 and deviation 1, and their Sharpe ratios: no digit is lost in sums of squares."""
    deviation = table.std(axis=0)
    still = deviation <= _STILL * np.abs(table).max(axis=0)
    deviation = np.where(still, 1.0, deviation)
    mean = np.where(still, 0.0, table.mean(axis=0))
    return np.where(still, 0.0, table - mean) / deviation, np.where(still, 0.0, mean / deviation)


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Rows, sums and sums of squares of each block: (S, 1), (S, N), (S, N)."""

    rows: Floats
    sums: Floats
    squares: Floats

    def of(self, chosen: Floats) -> tuple[Floats, Floats, Floats]:
        """The same of each choice of blocks, (C, S) of ones and zeros."""
        return chosen @ self.rows, chosen @ self.sums, chosen @ self.squares


def _block_sums(unit: Floats, blocks: int) -> _Blocks:
    size, longer = divmod(len(unit), blocks)
    rows = np.full(blocks, size) + (np.arange(blocks) < longer)
    first = np.concatenate(([0], np.cumsum(rows)[:-1]))
    return _Blocks(rows[:, None].astype(np.float64), np.add.reduceat(unit, first), np.add.reduceat(unit * unit, first))


def _judge(given: _Blocks, mean: Floats, choices: Bools) -> tuple[Ints, Floats, Floats, Floats]:
    """Winner, rank, in-sample and out-of-sample ratio of each choice, then of the complements, last first."""
    half, chunk = len(choices), max(1, _CELLS // len(mean))
    winner, figures = np.empty(2 * half, dtype=np.int64), np.empty((3, 2 * half))
    for start in range(0, half, chunk):
        chosen = choices[start : start + chunk].astype(np.float64)
        one, other = _sharpes(given.of(chosen), mean), _sharpes(given.of(1.0 - chosen), mean)
        there = np.arange(start, start + len(chosen))
        for place, inside, outside in ((there, one, other), (2 * half - 1 - there, other, one)):
            winner[place], figures[:, place] = _pick(inside, outside)
    return winner, figures[0], figures[1], figures[2]


def _sharpes(sums: tuple[Floats, Floats, Floats], mean: Floats) -> Floats:
    """Sharpe ratio of every candidate in every choice, shape (C, N); 0 where it stands still."""
    rows, total, squares = sums
    average = total / rows
    spread = squares - total * average
    still = spread <= _STILL * squares
    deviation = np.sqrt(np.where(still, 1.0, spread) / (rows - 1.0))
    return np.where(still, 0.0, (average + mean) / deviation)


def _pick(inside: Floats, outside: Floats) -> tuple[Ints, Floats]:
    """The winner of each row inside, and its rank, its ratio inside and its ratio outside."""
    best = inside.max(axis=1, keepdims=True)
    winner = np.argmax(inside >= best - _TIE, axis=1)
    own = np.take_along_axis(outside, winner[:, None], axis=1)
    below = np.count_nonzero(outside < own - _TIE, axis=1)
    not_above = np.count_nonzero(outside <= own + _TIE, axis=1)
    rank = (below + not_above + 1) / 2.0 / (outside.shape[1] + 1)
    return winner, np.stack([rank, best[:, 0], own[:, 0]])


def _null(table: Floats, blocks: int, draws: int, seed: int) -> Floats:
    unit, _ = _standard(table)
    rng = np.random.default_rng(seed)
    rows = min(len(unit) // blocks, _NULL_ROWS)
    choices, nothing = _choices(blocks), np.zeros(unit.shape[1])
    found = np.empty(draws)
    for draw in range(draws):
        some = choices[rng.integers(0, len(choices), _NULL_CHOICES // 2)] if len(choices) > _NULL_CHOICES else choices
        drawn = unit[rng.integers(0, len(unit), rows * blocks)]
        found[draw] = np.mean(_judge(_block_sums(drawn, blocks), nothing, some)[1] <= 0.5)
    return np.sort(found)
