"""The vectorised backtest: precomputed targets over a whole market, in one compiled pass.

The same rules as the venue, called bar by bar inside the kernel; ``tests/laws`` holds the
two equal to the last digit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import Floats, Instrument, Market
from alphaloop.core.orders import Fill
from alphaloop.execution.simulator import layout as at
from alphaloop.execution.simulator.compiled import Plan, Views, run
from alphaloop.execution.simulator.layout import DEFAULT
from alphaloop.execution.simulator.rules import FillRules


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What a vectorised backtest leaves behind.

    ``equity`` (T,) is quote currency after each bar; ``rows`` (N, 11) are the raw fills in
    the kernel's layout; ``totals`` names the running sums of costs.
    """

    equity: Floats
    rows: Floats
    totals: dict[str, float]
    market: Market

    def fills(self) -> list[Fill]:
        """The raw rows as records; an order's id is the bar it was decided on."""
        symbols, ts, step = self.market.symbols, self.market.ts.tolist(), self.market.timeframe.us
        found = []
        for row in self.rows.tolist():
            symbol, bar, decided = symbols[int(row[at.F_ASSET])], int(row[at.F_BAR]), max(0, int(row[at.F_TICKET]))
            found.append(at.fill_of(row, f"{ts[decided] + step}:{symbol}", symbol, ts[bar]))
        return found


def targets(
    target: Floats,
    *,
    stop: Floats | None = None,
    take: Floats | None = None,
    leverage: Floats | float = 1.0,
    units: bool = False,
    fractions: bool = False,
    band: float = 0.0,
) -> Plan:
    """A plan from arrays of shape (T, A); what is left out is "none".

    Parameters
    ----------
    target : float array, shape (T, A)
        Signed fraction of equity (base units when ``units``); NaN holds.
    stop, take : float array, shape (T, A), optional
        Price levels, or fractions of the entry price when ``fractions``; NaN for none.
    leverage : float or float array, shape (T, A), >= 1
    band : float, fraction of equity
        Smaller changes are left alone.

    Raises
    ------
    SchemaViolation
        If shapes disagree.
    InvalidOption
        If a leverage is below 1 or a target infinite.
    """
    none = np.broadcast_to(np.nan, target.shape)
    arrays = [target, none if stop is None else stop, none if take is None else take]
    arrays.append(np.broadcast_to(np.asarray(leverage, dtype=np.float64), target.shape))
    if any(array.shape != target.shape or array.ndim != 2 for array in arrays):
        raise SchemaViolation(f"shapes {[array.shape for array in arrays]}", "all equal, (T, A)", "align the arrays")
    if bool(np.isinf(target).any()) or bool((arrays[3] < 1).any()):
        raise InvalidOption("an infinite target or a leverage below 1", "finite targets, leverage >= 1", "")
    goal, low, high, lever = (np.ascontiguousarray(array, dtype=np.float64) for array in arrays)
    return Plan(goal, low, high, lever, units, fractions, band)


def simulate(
    market: Market,
    plan: Plan,
    instruments: Sequence[Instrument],
    cash: float,
    *,
    rules: FillRules = DEFAULT,
    participation: float | None = None,
) -> BatchResult:
    """Run precomputed targets through a market.

    Parameters
    ----------
    market : Market
    plan : Plan, arrays of shape (T, A)
        Row ``t`` is decided at the close of bar ``t`` and fills at the open of bar ``t + 1``.
    instruments : sequence of Instrument, length A
    cash : float, quote currency
    rules : FillRules, optional
    participation : float, fraction of a bar's volume, optional
        The most that may trade in one bar; what an order finds no volume for waits for the next.

    Raises
    ------
    SchemaViolation
        If plan, instruments and market differ in shape or symbols, or a volume is unknown
        of which a share may trade.
    InvalidOption
        If there is no cash, or a leverage is beyond its instrument's.

    Examples
    --------
    >>> import numpy as np
    >>> from alphaloop.core.time import Timeframe
    >>> prices = np.array([100.0, 100.0, 110.0])
    >>> values = np.stack([prices] * 4 + [np.full(3, np.nan), np.zeros(3)], axis=1)[:, None, :]
    >>> market = Market(np.arange(3) * 60_000_000, ("X",), values, Timeframe.parse("1m"))
    >>> free = Instrument("X", slippage=0.0, taker_fee=0.0)
    >>> simulate(market, targets(np.array([[1.0], [np.nan], [np.nan]])), [free], 1000.0).equity
    array([1000., 1000., 1100.])
    """
    if plan.target.shape != market.values.shape[:2]:
        raise SchemaViolation(f"a plan of shape {plan.target.shape}", f"{market.values.shape[:2]}", "align to the bars")
    if tuple(one.symbol for one in instruments) != market.symbols:
        raise SchemaViolation("instruments of other symbols", f"{market.symbols}", "give one per symbol, in order")
    if not 0 < cash < math.inf:
        raise InvalidOption(f"starting cash {cash}", "an amount above zero", "pass e.g. 10000")
    most = np.array([one.max_leverage for one in instruments])
    beyond = plan.leverage.max(initial=1.0) > most.min()  # most plans need no closer look
    if beyond and bool(((plan.leverage > most) & ~np.isnan(plan.target)).any()):
        raise InvalidOption("a leverage beyond the instrument's", f"at most {most.tolist()}", "lower it")
    share = at.share_of_volume(participation)
    if participation is not None:
        at.check_volume(market.values)
    state, account = at.new_state(tuple(instruments), rules, share), at.new_account(cash)
    equity = np.empty(len(market))
    marks = np.empty((0, len(instruments), 2)) if market.mark is None else market.mark
    marks.setflags(write=False)  # as a market's own are: one compiled form serves both
    rows = run(Views(market.values, marks), plan, state, account, equity)
    names = ("fees", "slippage", "funding", "realised", "shortfall")
    sums = (at.FEES, at.SLIPPAGE_PAID, at.FUNDING_PAID, at.REALISED, at.SHORTFALL)
    totals = {name: float(account[index]) for name, index in zip(names, sums, strict=True)}
    return BatchResult(equity, rows, totals, market)
