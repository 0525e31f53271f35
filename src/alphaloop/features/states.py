"""States: is the market calm or wild, trending or ranging, against its own recent bars.

Each is a trailing statistic with a known size for a random walk, so one threshold serves
every asset: nothing is fitted, nothing is scaled by the whole history.
"""

from dataclasses import dataclass

import numpy as np

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import CLOSE, HIGH, LOW, Floats, Ints
from alphaloop.features.family import compiled
from alphaloop.features.windows import drift, log_steps, rank

_STRETCH = 512  # windows whose sums stay in the first cache


@dataclass(frozen=True, slots=True)
class StateRules:
    """Windows and thresholds of the three states.

    Parameters
    ----------
    span : int, bars
        Steps that volatility, trend and range are measured on.
    ranked : int, bars
        Volatilities that the newest is ranked among, itself included.
    least : int
        Volatilities needed for a rank.
    calm, wild : float, fraction
        Ranks below the first and above the second are low and high volatility.
    trending : float
        ``|trend|`` from which on the market trends; a random walk gets there in 13 % of windows.
    ranging : float
        ``width`` below which a market that does not trend ranges; a random walk's mean is 1.6.

    Raises
    ------
    InvalidOption
        If a window is shorter than two bars, or a threshold out of order.
    """

    span: int = 48
    ranked: int = 576
    least: int = 144
    calm: float = 0.2
    wild: float = 0.8
    trending: float = 1.5
    ranging: float = 1.25

    def __post_init__(self) -> None:
        if self.span < 2 or not 2 <= self.least <= self.ranked or not 0 <= self.calm <= self.wild <= 1:
            raise InvalidOption(f"{self}", "span >= 2, 2 <= least <= ranked, calm <= wild", "correct the rules")

    @property
    def reach(self) -> int:
        """Earlier bars that a state reads."""
        return self.span + self.ranked


@dataclass(frozen=True, slots=True)
class States:
    """Three states per bar and the statistics behind them; NaN where not known. All (n,).

    Parameters
    ----------
    rank : float array, 0 to 1
        Of the volatility of the last ``span`` steps among the trailing ones.
    volatility : float array
        -1 low, 0 normal, 1 high.
    score : float array
        ``sum(r) / sqrt(sum(r^2))`` of the last ``span`` log steps: deviations of a random walk.
    trend : float array
        1 up, -1 down, 0 neither.
    width : float array
        ``log(highest / lowest) / sqrt(sum(r^2))`` over the same bars.
    ranging : float array
        1 where the market neither trends nor leaves a narrow range, else 0.
    """

    rank: Floats
    volatility: Floats
    score: Floats
    trend: Floats
    width: Floats
    ranging: Floats


def states(prices: Floats, *, rules: StateRules | None = None, begin: Ints | None = None, first: int = 0) -> States:
    """Volatility, trend and range state of every closed bar of one asset, from ``first`` on.

    Parameters
    ----------
    prices : float array, shape (4 or more, n)
        Rows ``open high low close``; oldest first, no absent bars.
    rules : StateRules, optional
    begin : int array, shape (n,), optional
        First bar of each bar's memory; without it bar 0.
    first : int
        Bars before it are only remembered.

    Raises
    ------
    SchemaViolation
        If ``prices`` has another shape.

    Examples
    --------
    >>> rising = np.tile(100 * 1.01 ** np.arange(60), (4, 1))
    >>> seen = states(rising, rules=StateRules(span=10, ranked=20, least=5))
    >>> seen.trend[-1], seen.score[-1].round(2), seen.ranging[-1], np.isnan(seen.trend[:10]).all()
    (np.float64(1.0), np.float64(3.16), np.float64(0.0), np.True_)
    """
    if prices.ndim != 2 or prices.shape[0] <= CLOSE:
        raise SchemaViolation(f"prices {prices.shape}", "(4 or more, n)", "give rows open high low close")
    rules, count = rules or StateRules(), prices.shape[1]
    begin = np.zeros(count, dtype=np.int64) if begin is None else begin
    made = np.full((3, count), np.nan)
    bars = np.ascontiguousarray(prices, dtype=np.float64)
    _measure(bars, log_steps(bars[CLOSE]), begin, (rules.span, rules.ranked, rules.least), first, made)
    place, score, width = made[:, first:]
    trend = _step(score, -rules.trending, rules.trending)
    still = np.where(np.isnan(trend), np.nan, (trend == 0) & (width < rules.ranging))
    return States(place, _step(place, rules.calm, rules.wild), score, trend, width, still)


def _step(values: Floats, low: float, high: float) -> Floats:
    """-1 below ``low``, 1 above ``high``, else 0; unknown stays unknown."""
    return np.where(np.isnan(values), np.nan, (values > high) * 1.0 - (values < low) * 1.0)


@compiled
def _measure(bars: Floats, steps: Floats, begin: Ints, sizes: tuple[int, int, int], first: int, made: Floats) -> None:
    """Write rank, score and width (3, n) from ``first`` on."""
    span, ranked, least = sizes
    sizes_of_move = np.full(len(steps), np.nan)
    _sizes(steps, span, sizes_of_move)
    for i in range(len(steps)):
        warm = begin[i] + span  # the first bar with a full window of steps
        if i < warm or i < first:
            continue
        if i - warm + 1 >= least:
            made[0, i] = rank(sizes_of_move, max(warm, i - ranked + 1), i)
        total, root = drift(steps, i - span + 1, i)
        if root > 0.0:
            top, bottom = bars[HIGH, i], bars[LOW, i]
            for j in range(i - span + 1, i):
                top, bottom = max(top, bars[HIGH, j]), min(bottom, bars[LOW, j])
            made[1, i] = total / root
            made[2, i] = np.log(top / bottom) / root


@compiled
def _sizes(steps: Floats, span: int, sizes: Floats) -> None:
    """The roots of :func:`drift` over each window of ``span`` steps, to its bits, many windows at a time."""
    for stretch in range(span - 1, len(steps), _STRETCH):
        squares = sizes[stretch : stretch + _STRETCH]
        squares[:] = 0.0
        for back in range(span - 1, -1, -1):  # oldest first
            near = steps[stretch - back : stretch - back + len(squares)]
            for k in range(len(squares)):
                squares[k] += near[k] * near[k]
        for k in range(len(squares)):
            squares[k] = np.sqrt(squares[k])
