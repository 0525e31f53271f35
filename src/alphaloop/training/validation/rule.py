"""From predictions to positions: in proportion to what is expected, moved only when it pays.

    wanted[t] = clip(expected[t] / (m c), -1, 1)
    held[t]   = the nearest to held[t-1] within  wanted[t] +- w
    position  = held[t] * min(1, (target / volatility[t])^2) / A

``c`` is the cost of changing a position by one. Trading towards the edge of a band, not its middle, is what
proportional costs ask for; a share that falls with the variance is what a given expected return asks for.
Which pairs of multiple ``m`` and width ``w`` are used is decided anew before each test block: those with the worst
net Sharpe ratio on all earlier test blocks, never on the block itself, are dropped, and the position is the
mean of the others'. A mean of many is less a matter of luck than the best one. So the first
test block has no say in any score: it only fits the rule.
"""

from dataclasses import dataclass, field

import numba
import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats, Ints
from alphaloop.core.time import DAY_US
from alphaloop.hindsight.signals.pnl import position_pnl
from alphaloop.training.validation.folds import Folds, later
from alphaloop.training.validation.panel import Panel

_STILL = 1e-15  # deviation of returns below which nothing was held


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What the rule may choose from.

    Parameters
    ----------
    cost : float, fraction of what changes hands
        Fee and slippage, one way.
    multiples : tuple of float, > 0
        Expected return at which the whole share is held, in units of ``cost``.
    widths : tuple of float, 0 to 1
        Half-width of the band, as a share of the largest position.
    averaged : int
        How many pairs of multiple and width are used together; the rest are dropped.
    target_volatility : float, annual
        A symbol that swings less is held in full; above, less by the square.

    Raises
    ------
    InvalidOption
        If a number is out of its range.
    """

    cost: float = 6e-4
    multiples: tuple[float, ...] = (1.0, 1.5, 2.0, 3.0)
    widths: tuple[float, ...] = (0.3, 0.5, 0.7)
    averaged: int = 10
    target_volatility: float = 0.25

    def __post_init__(self) -> None:
        sound = min(self.cost, self.target_volatility, self.averaged) > 0 and self.multiples and self.widths
        if not sound or min(self.multiples) <= 0 or not 0 <= min(self.widths) <= max(self.widths) < 1:
            raise InvalidOption(f"{self}", "a cost, multiples, averaged and volatility above 0, widths in [0, 1)", "")


@dataclass(frozen=True, eq=False, slots=True)
class Traded:
    """What a rule earned on the scored blocks, and what it held. S bars, D days.

    Parameters
    ----------
    times : int array, shape (S,), microseconds UTC
        Decisions.
    net : float array, shape (S,), fraction of the stake
        Of the bar after each.
    positions : float array, shape (S, A)
    windows : tuple of (first, stop)
        Scored blocks, as places in ``times``.
    choices : tuple of tuples of (multiple, width)
        Of each scored block, the best first.
    """

    times: Ints
    net: Floats
    positions: Floats
    windows: tuple[tuple[int, int], ...]
    choices: tuple[tuple[tuple[float, float], ...], ...]
    days: Ints = field(init=False)
    daily: Floats = field(init=False)

    def __post_init__(self) -> None:
        days, daily = by_day(self.times, self.net)
        object.__setattr__(self, "days", days)
        object.__setattr__(self, "daily", daily)

    @property
    def sharpe(self) -> float | None:
        """Per day, net; none where nothing was held."""
        spread = float(self.daily.std(ddof=1)) if len(self.daily) > 1 else 0.0
        return float(self.daily.mean()) / spread if spread > _STILL else None

    @property
    def trades(self) -> int:
        """Times a symbol was entered: from flat, or from one side to the other."""
        side = np.sign(self.positions)
        before = np.vstack([np.zeros((1, side.shape[1])), side[:-1]])
        return int(np.count_nonzero((side != 0) & (side != before)))

    @property
    def turnover(self) -> float:
        """Notional traded a year, over the stake."""
        moved = float(np.abs(np.diff(self.positions, axis=0, prepend=0.0)).sum())
        return moved * 365.0 / len(self.daily)


def by_day(times: Ints, net: Floats) -> tuple[Ints, Floats]:
    """Starts of all days from the first to the last, and what was earned on each; nothing on a day without a bar."""
    days, place = np.unique(times // DAY_US, return_inverse=True)
    every = np.arange(days[0], days[-1] + 1)
    earned = np.zeros(len(every))
    np.add.at(earned, days[place] - days[0], net)
    return every * DAY_US, earned


def trade(panel: Panel, folds: Folds, predictions: Floats, rule: Rule) -> Traded:
    """Positions and their result on every test block but the first.

    Parameters
    ----------
    panel : Panel
    folds : Folds
        In the order of time: walk-forward.
    predictions : float array, shape (T, A), in units of the label
    rule : Rule

    Raises
    ------
    NoData
        If there is only one test block.
    InvalidOption
        If the blocks do not follow each other in time.
    """
    begin, end = folds.blocks[0][0], folds.blocks[-1][1]
    if any(one[1] > two[0] for one, two in zip(folds.blocks, folds.blocks[1:], strict=False)):
        raise InvalidOption("test blocks that are not in the order of time", "a walk-forward split", "use WalkForward")
    span = slice(begin, end)
    share = _share(panel, rule)[span]
    expected = (predictions * panel.unit)[span]
    options = [(multiple, width) for multiple in rule.multiples for width in rule.widths]
    paths = [share * follow(np.clip(expected / (m * rule.cost), -1.0, 1.0), w) for m, w in options]
    paid = np.array([position_pnl(path, panel.returns[span], rule.cost).net for path in paths])
    held = np.zeros(share.shape)
    choices, windows = [], []
    for first, stop in later(folds):
        chosen = np.argsort(-_sharpes(paid[:, : first - begin]), kind="stable")[: rule.averaged].tolist()
        block = slice(first - begin, stop - begin)
        held[block] = np.mean([paths[one][block] for one in chosen], axis=0)
        choices.append(tuple(options[one] for one in chosen))
        windows.append((first - folds.blocks[1][0], stop - folds.blocks[1][0]))
    scored = slice(folds.blocks[1][0] - begin, None)
    net = position_pnl(held[scored], panel.returns[span][scored], rule.cost, close=True).net
    return Traded(panel.times[span][scored], net, held[scored], tuple(windows), tuple(choices))


@numba.njit(cache=True)
def follow(wanted: Floats, width: float) -> Floats:
    """Positions that move to the edge of ``wanted +- width`` and no further; NaN holds. Shape (T, A).

    Examples
    --------
    >>> follow(np.array([[1.0], [0.6], [np.nan], [-1.0]]), 0.5)[:, 0].tolist()
    [0.5, 0.5, 0.5, -0.5]
    """
    held = np.zeros_like(wanted)
    for asset in range(wanted.shape[1]):
        now = 0.0
        for t in range(wanted.shape[0]):
            if not np.isnan(wanted[t, asset]):
                now = min(max(now, wanted[t, asset] - width), wanted[t, asset] + width)
            held[t, asset] = now
    return held


def _share(panel: Panel, rule: Rule) -> Floats:
    """Largest position of each symbol, shape (T, A): less when it swings more; nothing where that is unknown."""
    annual = panel.volatility * np.sqrt(panel.timeframe.per_year)
    known = annual > 0
    share = np.minimum(1.0, (rule.target_volatility / np.where(known, annual, 1.0)) ** 2)
    return np.asarray(np.where(known, share, 0.0) / len(panel.symbols))


def _sharpes(paid: Floats) -> Floats:
    """Of each row; zero where nothing was held: a rule that never trades is no worse than one that loses."""
    spread = paid.std(axis=1)
    return np.where(spread > _STILL, paid.mean(axis=1) / np.where(spread > _STILL, spread, 1.0), 0.0)
