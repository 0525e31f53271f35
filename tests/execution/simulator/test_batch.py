"""The vectorised backtest equals the venue that is driven by the same targets, fill by fill."""

import copy
import math
import os
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.account import AccountView, orders_to_reach
from alphaloop.core.decision import Action, Decision, Intent
from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import Bars, Floats, Instrument, Market
from alphaloop.core.orders import Fill, Order, OrderType, Reason, round_to_lot
from alphaloop.execution.simulator.batch import simulate, targets
from alphaloop.execution.simulator.compiled import Plan
from alphaloop.execution.simulator.layout import DEFAULT
from alphaloop.execution.simulator.rules import FillRules
from alphaloop.execution.simulator.venue import SimulatedVenue
from tests.execution.builders import NAN, make_instrument, make_market
from tests.laws.test_simulator import bar_rows

ROUNDS = settings(deadline=None, max_examples=int(os.environ.get("ALPHALOOP_LAW_EXAMPLES", "100")))
FREE = {"taker_fee": 0.0, "maker_fee": 0.0, "slippage": 0.0}


@dataclass(frozen=True)
class Case:
    """A market, a plan for it, and who trades."""

    market: Market
    plan: Plan
    instruments: tuple[Instrument, ...]


@st.composite
def cases(draw, fractions: bool, units: bool):
    symbols = ("A", "B", "C")[: draw(st.integers(1, 3))]
    bars = draw(st.integers(2, 10))
    wild = draw(st.booleans())
    values = np.array([[draw(bar_rows(wild)) for _ in symbols] for _ in range(bars)])
    sizes = [0.5, 3.0, -2.0, 40.0] if units else [0.3, 0.5, 0.31, -0.4, -1.0, 2.0, 6.0]
    target = draw_array(draw, values.shape[:2], st.sampled_from([NAN, NAN, 0.0, *sizes]))
    level = st.sampled_from([NAN, NAN, 0.01, 0.05, 0.3]) if fractions else st.sampled_from([NAN, NAN, 95.0, 103.0])
    stop, take = (draw_array(draw, target.shape, level) for _ in range(2))
    leverage = draw_array(draw, target.shape, st.sampled_from([1.0, 2.0, 7.5, 40.0]))
    options = {"units": units, "fractions": fractions, "band": draw(st.sampled_from([0.0, 0.0, 0.05]))}
    instruments = tuple(
        make_instrument(
            symbol,
            kind=draw(st.sampled_from(["perp", "perp", "spot"])),
            lot=draw(st.sampled_from([Decimal("0.001"), Decimal(1)])),
            min_notional=draw(st.sampled_from([0.0, 0.0, 60.0])),
        )
        for symbol in symbols
    )
    plan = targets(target, stop=stop, take=take, leverage=leverage, **options)
    return Case(make_market(values, symbols), plan, instruments)


def draw_array(draw, shape: tuple[int, int], values) -> Floats:
    return np.array([[draw(values) for _ in range(shape[1])] for _ in range(shape[0])])


def drive(case: Case, cash: float, rules: FillRules = DEFAULT) -> tuple[list[Fill], list[float]]:
    """The same targets, decided bar by bar in Python and submitted as orders."""
    venue, fills, equity = SimulatedVenue(case.instruments, cash, rules), [], []
    waiting: dict[str, Order] = {}
    for t, bars in enumerate(case.market):
        orders = tuple(waiting.values())
        venue.submit(with_levels(orders, venue, bars) if case.plan.fractions else orders)
        fills += venue.on_bars(bars)
        account = venue.account()
        equity.append(account.equity)
        waiting = {symbol: order for symbol, order in waiting.items() if symbol in account.working}
        waiting |= {order.symbol: order for order in wanted(case, t, bars.available_at, account)}
    return fills, equity


def wanted(case: Case, t: int, now: int, account: AccountView) -> tuple[Order, ...]:
    """Orders of row ``t``: by the engine's own function, or in base units by the rule of ``targets``."""
    known = {one.symbol: one for one in case.instruments}
    if case.plan.units:
        made = [in_units(case.plan, t, asset, now, account, one) for asset, one in enumerate(case.instruments)]
        return tuple(order for order in made if order is not None)
    intents = {}
    for asset, symbol in enumerate(case.market.symbols):
        target = float(case.plan.target[t, asset])
        if not math.isnan(target):
            action = Action.BUY if target > 0 else Action.SELL if target < 0 else Action.CLOSE
            stop, take = levels(case.plan, t, asset)
            intents[symbol] = Intent(action, target, float(case.plan.leverage[t, asset]), None, stop, take)
    return orders_to_reach(Decision(intents), account, known, now, case.plan.band)


def in_units(plan: Plan, t: int, asset: int, now: int, account: AccountView, one: Instrument) -> Order | None:
    target, price, held = plan.target[t, asset], account.mark_price[asset], float(account.quantity[asset])
    if math.isnan(target) or math.isnan(price):
        return None
    delta = -held if target == 0 else round_to_lot(float(target) - held, float(one.lot))
    notional = abs(delta) * float(price)
    small = notional < one.min_notional or notional < plan.band * account.equity
    stop, take = levels(plan, t, asset)
    name = f"{now}:{one.symbol}", one.symbol, now
    if delta == 0 or (small and target != 0 and target * held >= 0):
        cancels = target == 0 and one.symbol in account.working
        moves = held != 0 and (stop is not None or take is not None)
        return Order(*name, 0.0, OrderType.PROTECT, None, stop, take) if cancels or moves else None
    reduces = bool(delta * held < 0 and target * held >= 0)
    return Order(*name, delta, OrderType.MARKET, None, stop, take, float(plan.leverage[t, asset]), reduces)


def levels(plan: Plan, t: int, asset: int) -> tuple[float | None, float | None]:
    found = float(plan.stop[t, asset]), float(plan.take[t, asset])
    return tuple(None if math.isnan(one) else one for one in found)


def with_levels(orders: tuple[Order, ...], venue: SimulatedVenue, bars: Bars) -> list[Order]:
    """Orders whose fractions have become the levels they will be, told by a rehearsal of the bar they meet.

    The rehearsal plays on a copy of the venue, without levels: market orders are filled before any level acts.
    """
    rehearsal = copy.deepcopy(venue)
    rehearsal.submit([priced(order, None, None) for order in orders])
    fills = rehearsal.on_bars(bars)
    return [levelled(order, venue, fills) for order in orders]


def levelled(order: Order, venue: SimulatedVenue, fills: tuple[Fill, ...]) -> Order:
    view, asset = venue.account(), venue.symbols.index(order.symbol)
    quantity, entry = float(view.quantity[asset]), float(view.entry_price[asset])
    for fill in fills:
        if (fill.symbol, fill.reason) == (order.symbol, Reason.MARKET):
            if quantity * fill.quantity >= 0:
                entry = (quantity * entry + fill.quantity * fill.price) / (quantity + fill.quantity)
            quantity += fill.quantity
    if quantity == 0:  # nothing was filled: no level can act
        return priced(order, None, None)
    side = math.copysign(1.0, quantity)
    stop = None if order.stop_loss is None else entry * (1.0 - side * order.stop_loss)
    take = None if order.take_profit is None else entry * (1.0 + side * order.take_profit)
    return priced(order, stop, take)


def priced(order: Order, stop: float | None, take: float | None) -> Order:
    named = order.id, order.symbol, order.created_at, order.quantity, order.type, None
    return Order(*named, stop, take, order.leverage, order.reduce_only)


@ROUNDS
@given(st.booleans().flatmap(lambda units: cases(fractions=False, units=units)))
def test_targets_and_levels_equal_the_venue(case):
    result = simulate(case.market, case.plan, case.instruments, 1000.0)
    fills, equity = drive(case, 1000.0)

    assert result.fills() == fills
    assert result.equity.tolist() == equity


@ROUNDS
@given(cases(fractions=True, units=False))
def test_brackets_as_fractions_equal_the_venue(case):
    result = simulate(case.market, case.plan, case.instruments, 1000.0)
    fills, equity = drive(case, 1000.0)

    assert result.fills() == fills
    assert result.equity.tolist() == equity


def prices(*closes: float) -> Floats:
    """Bars that open at the last close and go one beyond either end, shape (T, 1, 6)."""
    opens = (closes[0], *closes[:-1])
    rows = [(o, max(o, c) + 1, min(o, c) - 1, c, 1.0, 0.0) for o, c in zip(opens, closes, strict=True)]
    return np.array(rows)[:, None, :]


def column(*values: float) -> Floats:
    return np.array(values)[:, None]


def test_a_plan_by_hand():
    """Half of 1000 at 100: 5 units from the second bar on; sold at the fourth open, 120."""
    market = make_market(prices(100, 100, 110, 120, 90))
    plan = targets(column(0.5, NAN, NAN, 0.0, NAN))

    result = simulate(market, plan, [make_instrument("X", **FREE)], 1000.0)

    assert result.equity.tolist() == [1000.0, 1000.0, 1050.0, 1100.0, 1100.0]
    assert [(fill.ts, fill.quantity, fill.price) for fill in result.fills()] == [
        (60_000_000, 5.0, 100.0),
        (240_000_000, -5.0, 120.0),
    ]
    assert result.totals["realised"] == 100.0


def test_totals_are_the_sums_of_the_fills():
    market = make_market(np.concatenate([prices(100, 104, 98, 103, 99)] * 2)[:8])
    market.values.flags.writeable = True
    market.values[4, 0, 5] = 0.001
    plan = targets(column(0.5, -0.5, 0.5, NAN, NAN, -0.2, 0.0, NAN))

    result = simulate(market, plan, [make_instrument("X")], 1000.0)

    for name in ("fees", "slippage", "funding", "shortfall"):
        singular = {"fees": "fee"}.get(name, name)
        assert result.totals[name] == pytest.approx(sum(getattr(fill, singular) for fill in result.fills()))
    assert result.totals["funding"] > 0


@pytest.mark.parametrize(("side", "out"), [(1.0, 97.0), (-1.0, 103.0)])
def test_protecting_by_fractions_means_fractions_of_the_entry(side, out):
    """The target is held already, so the second row only moves the stop: to 3 % of the entry price."""
    market = make_market(prices(100, 100, 100, 100 - 10 * side))
    plan = targets(column(0.5 * side, 0.5 * side, NAN, NAN), stop=column(NAN, 0.03, NAN, NAN), fractions=True)

    result = simulate(market, plan, [make_instrument("X", **FREE)], 1000.0)

    assert [(fill.reason, fill.price) for fill in result.fills()] == [(Reason.MARKET, 100.0), (Reason.STOP, out)]


def test_more_fills_than_the_first_buffer_holds():
    market = make_market(np.tile(prices(100.0, 100.0), (2000, 1, 1)))
    flips = np.where(np.arange(len(market)) % 2 == 0, 0.5, -0.5)[:, None]

    result = simulate(market, targets(flips), [make_instrument("X", **FREE)], 1e9)

    assert len(result.fills()) == 1 + 2 * (len(market) - 2)  # each turn closes and opens
    assert len(result.equity) == len(market)


def test_shapes_must_agree():
    with pytest.raises(SchemaViolation, match="align"):
        targets(column(0.5, 0.5), stop=column(0.1))
    with pytest.raises(SchemaViolation):
        targets(np.array([0.5]))
    with pytest.raises(SchemaViolation, match="plan of shape"):
        simulate(make_market(prices(10, 20)), targets(column(0.5)), [make_instrument("X")], 1.0)
    with pytest.raises(SchemaViolation, match="instruments"):
        simulate(make_market(prices(10, 20)), targets(column(0.5, NAN)), [make_instrument("Y")], 1.0)


@pytest.mark.parametrize("options", [{"target": column(math.inf)}, {"target": column(0.5), "leverage": 0.5}])
def test_impossible_targets(options):
    with pytest.raises(InvalidOption):
        targets(**options)


def test_more_leverage_than_allowed_is_refused_here_too():
    plan = targets(column(0.5, NAN), leverage=21.0)

    with pytest.raises(InvalidOption, match="leverage"):
        simulate(make_market(prices(100, 100)), plan, [make_instrument("X", max_leverage=20.0)], 1000.0)


def test_leverage_where_nothing_is_wanted_is_not_read():
    plan = targets(column(0.5, NAN), leverage=column(2.0, 500.0))

    assert len(simulate(make_market(prices(100, 100)), plan, [make_instrument("X")], 1000.0).fills()) == 1


@pytest.mark.parametrize("cash", [0.0, -5.0, math.inf, math.nan])
def test_cash_must_be_an_amount(cash):
    with pytest.raises(InvalidOption, match="cash"):
        simulate(make_market(prices(100, 100)), targets(column(0.5, NAN)), [make_instrument("X")], cash)
