"""Is any candidate better than the benchmark, once it counts that there were many?

Three tests on the same bootstrap: superior predictive ability (is any better?), StepM (which ones?), and the
model confidence set (which cannot be told from the best?). All are computed by ``arch``, which is
loaded when first asked.

Returns go in, not losses. Each column is first divided by its own deviation: a candidate that merely swings
more must not set the bar for all. (Hansen's long-run deviation is noisy on short records: divided by it, luck
passed a 5 % test on 400 periods in 10 of 100 cases; divided by the plain one, in 6.)
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alphaloop.core.errors import InvalidOption, NoData, SchemaViolation
from alphaloop.core.market import Floats, Ints
from alphaloop.hindsight.bootstrap import Blocks

if TYPE_CHECKING:
    from arch.bootstrap import SPA

_MOST_ROWS = 20_000  # the work grows with the square: beyond this it takes minutes
_MOST_COMPARED = 100  # each with each, in every draw
_STILL = 1e-12  # deviation as a share of the largest return: rounding, not variation


@dataclass(frozen=True, slots=True)
class Superiority:
    """Answer to: is any candidate better than the benchmark?

    Parameters
    ----------
    p_value : float
        Of the best candidate's excess under the hypothesis that none is better; consistent variant.
    lower, upper : float
        The same where poor candidates are all left out, and where all are counted (White's reality check).
    best : int
        Column of the largest excess, in units of its own deviation.
    block : float, rows
        Mean length of a bootstrap block.
    """

    p_value: float
    lower: float
    upper: float
    best: int
    block: float


@dataclass(frozen=True, slots=True)
class ConfidenceSet:
    """The candidates that cannot be told from the best one.

    Parameters
    ----------
    members : tuple of int
        Columns in the set, ascending.
    p_values : float array, shape (N,)
        Smallest size at which each would be left out.
    block : float, rows
    """

    members: tuple[int, ...]
    p_values: Floats
    block: float


_USUAL = Blocks()


def spa(
    performance: Floats,
    benchmark: Floats | None = None,
    *,
    how: Blocks = _USUAL,
    scaled: bool = True,
    allow_wide: bool = False,
) -> Superiority:
    """Superior predictive ability: is any candidate better than the benchmark?

    Parameters
    ----------
    performance : float array, shape (T, N), fraction a period
        Net returns, one column a candidate: everything that was tried. By day, not by bar: at most 20,000 rows.
    benchmark : float array, shape (T,), optional
        Returns of what is to be beaten; holding nothing (zero) when not given.
    how : Blocks
        Draws, seed, and the mean length of blocks, rounded up.
    scaled : bool
        Divide each column by its own deviation. Off, the figures are those of ``arch`` as it comes.
    allow_wide : bool
        More candidates than periods. Refused by default: that is how a transposed table looks.

    Raises
    ------
    SchemaViolation
        If shapes disagree, the table is wider than long, or a number is not finite.
    NoData
        If no candidate differs from the benchmark.
    InvalidOption
        If a setting is out of range.

    Source
    ------
    Hansen (2005), A Test for Superior Predictive Ability, Journal of Business and Economic Statistics 23(4).

    Examples
    --------
    >>> returns = np.random.default_rng(0).normal(0.0, 0.01, (500, 4))
    >>> spa(returns).p_value > 0.05, spa(returns + [0, 0, 0.003, 0]).p_value < 0.05
    (True, True)
    """
    excess, kept = _excess(_table(performance, allow_wide), benchmark)
    block = _block(excess, how)
    unit = _unit(excess) if scaled else excess
    test = _test(unit, block, how)
    test.compute()
    found = test.pvalues
    best = int(kept[int(np.argmax(unit.mean(axis=0)))])
    return Superiority(float(found["consistent"]), float(found["lower"]), float(found["upper"]), best, block)


def step_m(
    performance: Floats,
    benchmark: Floats | None = None,
    *,
    size: float = 0.05,
    how: Blocks = _USUAL,
    scaled: bool = True,
    allow_wide: bool = False,
) -> tuple[int, ...]:
    """The candidates that are better than the benchmark; the chance of even one wrong name is ``size``.

    Parameters and errors are those of :func:`spa`; ``size`` lies between 0 and 1.

    Returns
    -------
    tuple of int
        Columns, ascending; empty when none is better.

    Source
    ------
    Romano and Wolf (2005), Stepwise Multiple Testing as Formalized Data Snooping, Econometrica 73(4).

    Examples
    --------
    >>> returns = np.random.default_rng(0).normal(0.0, 0.01, (500, 4))
    >>> step_m(returns), step_m(returns + [0, 0, 0.003, 0])
    ((), (2,))
    """
    from arch.bootstrap import StepM

    _fraction(size)
    excess, kept = _excess(_table(performance, allow_wide), benchmark)
    block = _block(excess, how)
    unit = _unit(excess) if scaled else excess
    test = StepM(
        np.zeros(len(unit)), -unit, size, block_size=_whole(block), reps=how.draws, studentize=False, seed=how.seed
    )
    test.compute()
    return tuple(int(kept[int(str(one))]) for one in test.superior_models)


def model_confidence_set(
    performance: Floats, *, size: float = 0.05, how: Blocks = _USUAL, allow_wide: bool = False
) -> ConfidenceSet:
    """The candidates that cannot be told from the best: it is among them with probability ``1 - size``.

    Parameters
    ----------
    performance : float array, shape (T, N), fraction a period
        Candidates with the same returns enter or leave together. At most 100 that differ, because each is compared with
        each (the range statistic: the cheaper one does not see a single winner among many).
    size : float, between 0 and 1
    how : Blocks
        As :func:`spa` takes it; this test scales by itself.
    allow_wide : bool
        As :func:`spa` takes it.

    Raises
    ------
    SchemaViolation, NoData, InvalidOption
        As :func:`spa`.

    Source
    ------
    Hansen, Lunde and Nason (2011), The Model Confidence Set, Econometrica 79(2).

    Examples
    --------
    >>> returns = np.random.default_rng(0).normal(0.0, 0.01, (500, 4))
    >>> model_confidence_set(returns + [0.0, 0.004, 0.004, -0.002]).members
    (1, 2)
    """
    from arch.bootstrap import MCS

    _fraction(size)
    table = _table(performance, allow_wide)
    distinct, copy = np.unique(table, axis=1, return_inverse=True)
    if distinct.shape[1] > _MOST_COMPARED:
        raise InvalidOption(
            f"{distinct.shape[1]} candidates", f"at most {_MOST_COMPARED}", "compare those you would choose among"
        )
    block = _block(distinct, how)
    if distinct.shape[1] == 1:
        return ConfidenceSet(tuple(range(table.shape[1])), np.ones(table.shape[1]), block)
    test = MCS(-distinct, size, reps=how.draws, block_size=_whole(block), seed=how.seed)
    test.compute()
    values = test.pvalues["Pvalue"].sort_index().to_numpy(dtype=np.float64)[copy]
    return ConfidenceSet(tuple(np.flatnonzero(values > size).tolist()), values, block)


def _table(returns: Floats, allow_wide: bool) -> Floats:
    performance = np.asarray(returns, dtype=np.float64)
    if performance.ndim != 2 or not np.isfinite(performance).all():
        raise SchemaViolation(
            f"performance of shape {performance.shape}, or with NaN", "finite numbers, periods x candidates", ""
        )
    rows, columns = performance.shape
    if rows < 10 or columns == 0:
        raise NoData(f"{rows} periods of {columns} candidates", "ten periods and one candidate at least", "")
    if rows < columns and not allow_wide:
        raise SchemaViolation(
            f"{rows} rows and {columns} columns",
            "periods x candidates, more periods than candidates",
            "transpose the table; pass allow_wide=True if there really are more candidates than periods",
        )
    if rows > _MOST_ROWS:
        raise InvalidOption(f"{rows} periods", f"at most {_MOST_ROWS}", "add returns up by day")
    return performance


def _excess(table: Floats, benchmark: Floats | None) -> tuple[Floats, Ints]:
    """Returns above the benchmark of the columns that vary, and which columns these are."""
    held = np.zeros(len(table)) if benchmark is None else np.asarray(benchmark, dtype=np.float64)
    if held.shape != table.shape[:1] or not np.isfinite(held).all():
        raise SchemaViolation(f"a benchmark of shape {held.shape}", f"{len(table)} finite returns", "")
    excess = table - held[:, None]
    varies = excess.std(axis=0) > _STILL * np.abs(excess).max(axis=0)
    if not varies.any():
        raise NoData("candidates that never differ from the benchmark", "one or more that do", "")
    return excess[:, varies], np.flatnonzero(varies)


def _unit(excess: Floats) -> Floats:
    """Columns with a deviation of one."""
    return np.asarray(excess / excess.std(axis=0))


def _test(unit: Floats, block: float, how: Blocks) -> "SPA":
    from arch.bootstrap import SPA

    return SPA(np.zeros(len(unit)), -unit, block_size=_whole(block), reps=how.draws, studentize=False, seed=how.seed)


def _block(excess: Floats, how: Blocks) -> float:
    length = how.of(excess)
    if length > len(excess):
        raise InvalidOption(f"blocks of {length} rows", f"1 to {len(excess)}", "leave it out to let the data say")
    return length


def _whole(block: float) -> int:
    return math.ceil(block)


def _fraction(size: float) -> None:
    if not 0.0 < size < 1.0:
        raise InvalidOption(f"a size of {size}", "above 0 and below 1", "0.05 is usual")
