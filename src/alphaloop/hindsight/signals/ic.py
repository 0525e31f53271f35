"""Information coefficient: how well predictions and outcomes go together, and how sure that is.

Three readings of the same rows: pooled (all rows at once), by time (among the symbols of each instant) and by symbol
(each on its own). Plain or of ranks. A coefficient without its error says nothing: rows overlap in time and
move together, and the error of independent rows is several times too small.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from alphaloop.core.market import Floats, Ints
from alphaloop.hindsight.bootstrap import Blocks, Estimate, optimal_block_length, resampled, summarised
from alphaloop.hindsight.signals.errors import Measured, chosen_lag, measured
from alphaloop.hindsight.signals.rows import Pairs, Signal

_STILL = 1e-12  # deviation as a share of the largest value: rounding, not variation
_FEWEST = 3  # rows that a coefficient needs
_USUAL = Blocks()


@dataclass(frozen=True, slots=True)
class ByTime:
    """Coefficients among the symbols of each instant.

    Parameters
    ----------
    times : int array, shape (T,), microseconds UTC
    ic : float array, shape (T,)
        NaN where an instant has fewer than three symbols, or one side does not vary.
    mean : Measured or None
        Of the coefficients that there are; None for none.
    icir : float or None
        Mean over deviation of the coefficients, per instant and not annualised.
    reason : str
        Why there is no mean; empty where there is one.
    """

    times: Ints
    ic: Floats
    mean: Measured | None
    icir: float | None
    reason: str = ""


def information_coefficient(
    signal: Signal, *, rank: bool = False, lag: int | None = None, confidence: float = 0.95
) -> Measured | None:
    """Correlation of predictions and outcomes over all rows, with an error that knows time and market.

        r = mean(zx zy);  a row moves it by (zx zy - r (zx^2 + zy^2) / 2) / N;
        the moves of an instant are added up, those of neighbours joined by Newey-West weights

    Parameters
    ----------
    signal : Signal
    rank : bool
        Of ranks among all rows.
    lag : int, instants, optional
        No less than outcomes overlap; six times that when not given.
    confidence : float

    Returns
    -------
    Measured or None
        None for fewer than three rows, or where predictions or outcomes are all alike.

    Raises
    ------
    InvalidOption
        If the lag is below the overlap.

    Source
    ------
    Sums over instants: Driscoll and Kraay (1998), Review of Economics and Statistics 80(4). Weights: Newey and West
    (1987), Econometrica 55(3).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.standard_normal(400)
    >>> rows = Signal(x, 0.2 * x + rng.standard_normal(400), np.arange(400), np.arange(400) + 1, np.zeros(400))
    >>> found = information_coefficient(rows)
    >>> round(found.value, 2), round(found.error, 2), found.lag
    (0.27, 0.04, 5)
    """
    return pooled(signal.pairs.ranked(within=False) if rank else signal.pairs, lag, confidence)


def pooled(pairs: Pairs, lag: int | None, confidence: float) -> Measured | None:
    """The coefficient of pairs; see :func:`information_coefficient`."""
    influence = _influence(pairs)
    if influence is None:
        return None
    value, moves = influence
    used = chosen_lag(len(pairs.first), pairs.overlap, lag)
    return measured(value, moves, len(pairs), used, 1.0 - value**2, confidence)


def _influence(pairs: Pairs) -> tuple[float, Floats] | None:
    """The coefficient, and by instant what its rows move it by, times N."""
    if len(pairs) < _FEWEST or _still(pairs.x) or _still(pairs.y):
        return None
    x, y = ((one - one.mean()) / one.std() for one in (pairs.x, pairs.y))
    value = float(np.clip(np.mean(x * y), -1.0, 1.0))
    return value, pairs.sums(x * y - value / 2.0 * (x * x + y * y))


def by_time(signal: Signal, *, rank: bool = False, lag: int | None = None, confidence: float = 0.95) -> ByTime:
    """Coefficient of each instant among its symbols, their mean with its error, and the ICIR.

    Parameters and errors are those of :func:`information_coefficient`; with ``rank``, ranks within the instant.

    Examples
    --------
    >>> from alphaloop.hindsight.signals.rows import from_panel
    >>> x = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    >>> y = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    >>> by_time(from_panel(x, y, np.arange(2), np.arange(2) + 1, ("A", "B", "C"))).ic
    array([ 1., -1.])
    """
    pairs = signal.pairs.ranked(within=True) if rank else signal.pairs
    times, found = pairs.times[pairs.first], _each_instant(pairs)
    known = found[np.isfinite(found)]
    if len(known) == 0:
        return ByTime(times, found, None, None, _why(pairs))
    mean, spread = float(known.mean()), float(known.std(ddof=1)) if len(known) > 1 else 0.0
    used = chosen_lag(len(known), pairs.overlap, lag)
    certain = measured(mean, known - mean, len(known), used, spread, confidence)
    return ByTime(times, found, certain, mean / spread if spread > _STILL else None)


def _why(pairs: Pairs) -> str:
    """What keeps every instant from having a coefficient."""
    most = int(pairs.sizes.max(initial=0))
    if most < _FEWEST:
        return f"{most} symbols at an instant: a figure across symbols needs {_FEWEST}"
    return "predictions or outcomes of an instant that do not differ"


def _each_instant(pairs: Pairs) -> Floats:
    if len(pairs) == 0:
        return np.zeros(0)
    x, y = (one - (pairs.sums(one) / pairs.sizes)[pairs.group] for one in (pairs.x, pairs.y))
    xx, yy, xy = pairs.sums(x * x), pairs.sums(y * y), pairs.sums(x * y)
    largest = [np.maximum.reduceat(np.abs(one), pairs.first) for one in (pairs.x, pairs.y)]
    varies = [np.sqrt(squares / pairs.sizes) > _STILL * top for squares, top in zip((xx, yy), largest, strict=True)]
    known = (pairs.sizes >= _FEWEST) & varies[0] & varies[1]
    return np.where(known, np.clip(xy / np.sqrt(np.where(known, xx * yy, 1.0)), -1.0, 1.0), np.nan)


def by_symbol(signal: Signal, *, rank: bool = False, lag: int | None = None, confidence: float = 0.95) -> pl.DataFrame:
    """Coefficient of each symbol in time, in order of name.

    Parameters and errors are those of :func:`information_coefficient`; with ``rank``, ranks among the symbol's rows.

    Returns
    -------
    polars.DataFrame
        ``symbol``, ``rows``, ``ic``, ``error``, ``low``, ``high``, ``effective_n``; null where it cannot be said.
    """
    pairs, table = signal.pairs, []
    for code, name in enumerate(pairs.names.tolist()):
        own = pairs.of(pairs.codes == code)
        found = pooled(own.ranked(within=False) if rank else own, lag, confidence)
        figures = (found.value, found.error, found.low, found.high, found.effective_n) if found else (None,) * 5
        table.append((str(name), len(own), *figures))
    floats = {name: pl.Float64() for name in ("ic", "error", "low", "high", "effective_n")}
    return pl.DataFrame(table, schema={"symbol": pl.String(), "rows": pl.Int64(), **floats}, orient="row")


def bootstrap_ic(signal: Signal, *, rank: bool = False, how: Blocks = _USUAL) -> Estimate | None:
    """The pooled coefficient with its interval by stationary bootstrap of instants, all symbols of one together.

    Blocks are six times as long as outcomes overlap, or longer where the data say so.

    Returns
    -------
    Estimate or None
        None for fewer than three rows, or where predictions or outcomes are all alike.
    """
    pairs = signal.pairs.ranked(within=False) if rank else signal.pairs
    influence = _influence(pairs)
    if influence is None or len(influence[1]) < 2:
        return None
    x, y = ((one - one.mean()) / one.std() for one in (pairs.x, pairs.y))
    instant = np.column_stack([pairs.sums(one) for one in (np.ones(len(x)), x, y, x * x, y * y, x * y)])
    long_enough = max(float(np.cbrt(len(instant))), 6.0 * pairs.overlap, optimal_block_length(influence[1]))
    length = min(long_enough if how.length is None else how.length, float(len(instant)))
    values = np.array([_correlation(instant[drawn].sum(axis=0)) for drawn in resampled(len(instant), length, how)])
    return summarised(influence[0], values, length, how.confidence)


def _correlation(sums: Floats) -> float:
    n, x, y, xx, yy, xy = (float(one) for one in sums)
    spread = (n * xx - x * x) * (n * yy - y * y)
    return (n * xy - x * y) / float(np.sqrt(spread)) if spread > 0.0 else float("nan")


def _still(values: Floats) -> bool:
    return float(np.ptp(values)) <= _STILL * float(np.abs(values).max())
