"""One trade by DESIGN section 5, slowly: what a candidate decided on a bar would have made.

A candidate is a side, two levels as fractions of the entry price, a leverage, perhaps a
limit price, and a horizon. Returns are fractions of margin. No other trade exists and the
cash never runs out; everything else is as in ``docs/fills.md``.
"""

from dataclasses import dataclass
from math import inf

from tests.reference.simulator import Bar


@dataclass(frozen=True)
class Candidate:
    """``bar``: decided on; ``stop``, ``target``: fractions of the entry price, none for no level."""

    bar: int
    side: int
    horizon: int
    stop: float | None = None
    target: float | None = None
    leverage: float = 1.0
    limit: float | None = None


@dataclass(frozen=True)
class Costs:
    """Fractions of notional, slippage a fraction of price."""

    taker_fee: float = 0.0
    maker_fee: float = 0.0
    liquidation_fee: float = 0.0
    slippage: float = 0.0
    maintenance_rate: float = 0.005


@dataclass(frozen=True)
class Outcome:
    """Bars and prices of the trade; gross, net, fees, funding and drawdown in units of margin."""

    reason: str = "not_filled"
    entry_bar: int = -1
    exit_bar: int = -1
    entry: float = 0.0
    exit: float = 0.0
    gross: float = 0.0
    net: float = 0.0
    fees: float = 0.0
    funding: float = 0.0
    drawdown: float = 0.0


def slow_candidate(values: list[list[float]], candidate: Candidate, costs: Costs) -> Outcome:
    """Outcome of one candidate; ``values`` are the (T, 6) rows of one symbol's bars."""
    last = min(candidate.bar + candidate.horizon, len(values) - 1)
    entered = find_entry(values, candidate, costs, last)
    if entered is None:
        return Outcome()
    start, price, raw = entered
    side, leverage = candidate.side, candidate.leverage
    levels = protective_levels(price, candidate, costs)
    at_open = raw == values[start][0]
    funding, peak, drawdown, close = 0.0, 1.0, 0.0, price
    found = None
    ends_early = candidate.bar + candidate.horizon > len(values) - 1
    for j in range(start, last + 1):
        bar = Bar(*values[j])
        if not bar.exists:
            continue
        if j > start and abs(bar.rate) > 0:
            funding += side * bar.rate * leverage * bar.open / price
        found = exit_in(bar, side, levels, j > start or at_open, j > start or candidate.limit is None)
        worst = bar.low if side > 0 else bar.high
        if found is not None:
            worst = bar.open if found[2] else found[1] if found[0] in ("stop", "liquidation") else worst
        drawdown = max(drawdown, peak - (1 + leverage * side * (worst / price - 1)))
        if found is not None:
            break
        close = bar.close
        peak = max(peak, 1 + leverage * side * (close / price - 1))
    reason, raw_exit = found[:2] if found else ("end_of_data" if ends_early else "horizon", close)
    return settle(candidate, costs, (start, j, price, raw, reason, raw_exit), funding, drawdown)


def find_entry(values, candidate: Candidate, costs: Costs, last: int) -> tuple[int, float, float] | None:
    """Bar, price and price before slippage of the entry, if there is one."""
    side = candidate.side
    for j in range(candidate.bar + 1, last + 1):
        bar = Bar(*values[j])
        if not bar.trades:
            continue
        if candidate.limit is None:
            return j, bar.open * (1 + side * costs.slippage), bar.open
        through = bar.low < candidate.limit if side > 0 else bar.high > candidate.limit
        if through:
            price = min(bar.open, candidate.limit) if side > 0 else max(bar.open, candidate.limit)
            return j, price, price
    return None


def protective_levels(entry: float, candidate: Candidate, costs: Costs) -> tuple[float, str, float | None]:
    """The acting protective level, its reason, and the target."""
    side, rate = candidate.side, costs.maintenance_rate
    acting, reason = entry * (1 - side / candidate.leverage) / (1 - side * rate), "liquidation"
    if candidate.stop is not None:
        stop = entry * (1 - side * candidate.stop)
        if side * stop >= side * acting:  # the one the price meets first on its way against the trade
            acting, reason = stop, "stop"
    target = None if candidate.target is None else entry * (1 + side * candidate.target)
    return acting, reason, target


def exit_in(bar: Bar, side: int, levels, open_counts: bool, target_counts: bool) -> tuple[str, float, bool] | None:
    """Reason, price before slippage, and whether it was the open that ended the trade."""
    acting, reason, target = levels
    if not bar.trades:
        return None
    worst, best = (bar.low, bar.high) if side > 0 else (bar.high, bar.low)
    target = side * inf if target is None else target
    if open_counts and side * (bar.open - acting) <= 0:
        return reason, bar.open, True
    if open_counts and target_counts and side * (bar.open - target) >= 0:
        return "target", bar.open, True
    if side * (worst - acting) <= 0:
        return reason, acting, False
    if target_counts and side * (best - target) >= 0:
        return "target", target, False
    return None


def settle(candidate: Candidate, costs: Costs, trade, funding: float, drawdown: float) -> Outcome:
    """Fees, slippage and the floor of one margin."""
    start, end, entry, raw_entry, reason, raw_exit = trade
    side, leverage = candidate.side, candidate.leverage
    entry_fee = costs.taker_fee if candidate.limit is None else costs.maker_fee
    exit_fee = {"target": costs.maker_fee, "liquidation": costs.liquidation_fee}.get(reason, costs.taker_fee)
    slips = reason not in ("target", "liquidation")
    price = raw_exit * (1 - side * costs.slippage) if slips else raw_exit
    fees = leverage * (entry_fee + exit_fee * price / entry)
    gross = leverage * side * (raw_exit / raw_entry - 1)
    net = max(-1.0, leverage * side * (price / entry - 1) - fees - funding)
    return Outcome(reason, start, end, entry, price, gross, net, fees, funding, drawdown)
