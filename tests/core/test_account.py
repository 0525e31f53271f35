from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaloop.core.account import Account, Holding, exact
from alphaloop.core.orders import Fill, Reason

START = Account(cash=Decimal(1000))


def trade(account: Account, quantity: float, price: float, **options: object) -> Account:
    return account.apply(Fill("a", "X", 0, quantity, price, Reason.MARKET, **options))


def held(account: Account) -> tuple[Decimal, Decimal, Decimal]:
    one = account.holdings["X"]
    return one.quantity, one.entry_price, one.margin


def test_opening_commits_margin_and_realises_nothing():
    account = trade(START, 2.0, 100.0, fee=0.1, slippage=0.02, leverage=4.0)

    assert held(account) == (2, 100, 50)
    assert (account.cash, account.realised) == (Decimal("999.9"), 0)
    assert (account.fees, account.slippage) == (Decimal("0.1"), Decimal("0.02"))


def test_adding_averages_the_entry_and_adds_margin():
    # (1 x 100 + 3 x 120) / 4 = 115; 100 + 360 / 2 = 280
    assert held(trade(trade(START, 1.0, 100.0), 3.0, 120.0, leverage=2.0)) == (4, 115, 280)


def test_a_partial_close_keeps_the_entry_and_frees_its_share_of_margin():
    account = trade(trade(START, 4.0, 100.0, leverage=2.0), -1.0, 110.0)

    assert held(account) == (3, 100, 150)
    assert (account.realised, account.cash) == (10, 1010)


def test_a_short_gains_when_the_price_falls():
    account = trade(trade(START, -2.0, 100.0), 2.0, 90.0)

    assert (account.cash, account.holdings["X"]) == (1020, Holding(Decimal(0), Decimal(0), Decimal(0)))


def test_a_turn_realises_the_old_side_and_opens_the_new_at_its_price():
    account = trade(trade(START, 2.0, 100.0), -5.0, 110.0, leverage=3.0)

    assert held(account) == (-3, 110, 110)
    assert (account.realised, account.cash) == (20, 1020)


def test_funding_moves_cash_and_no_position():
    account = trade(START, 2.0, 100.0).apply(Fill("", "X", 1, 0.0, 100.0, Reason.FUNDING, funding=0.02))

    assert (account.cash, account.funding, account.holdings["X"].quantity) == (Decimal("999.98"), Decimal("0.02"), 2)


def test_a_shortfall_is_credited():
    account = trade(trade(START, 1.0, 100.0, leverage=10.0), -1.0, 85.0, shortfall=5.0)

    assert (account.cash, account.shortfall) == (990, 5)


def test_tenths_add_up_exactly():
    account = START
    for _ in range(10):
        account = trade(account, 0.1, 0.1, fee=0.1)

    assert held(account)[:2] == (1, Decimal("0.1"))
    assert account.cash == 999


def test_an_account_is_never_changed_in_place():
    trade(START, 1.0, 100.0)

    assert (START.cash, dict(START.holdings)) == (1000, {})


@pytest.mark.parametrize(("value", "text"), [(0.1, "0.1"), (1e-8, "1E-8"), (3, "3.0"), (-2.50, "-2.5")])
def test_floats_enter_as_they_read(value, text):
    assert str(exact(value)) == text


def test_equity_counts_open_profit_of_every_symbol_held():
    account = trade(START, 2.0, 100.0).apply(Fill("b", "Y", 0, -1.0, 50.0, Reason.MARKET))

    assert account.equity({"X": 110.0, "Y": 45.0}) == 1025


def test_equity_needs_no_mark_of_what_is_not_held():
    assert trade(trade(START, 1.0, 100.0), -1.0, 101.0).equity({}) == 1001


def test_the_view_is_the_account_in_floats_in_the_order_asked():
    account = trade(START, 2.0, 100.0, leverage=4.0)

    view = account.view(("Y", "X"), {"X": 110.0}, peak_equity=1015.0)

    assert (view.symbols, view.equity, view.cash, view.peak_equity) == (("Y", "X"), 1020.0, 1000.0, 1020.0)
    assert (view.quantity.tolist(), view.entry_price.tolist(), view.margin.tolist()) == ([0, 2], [0, 100], [0, 50])
    assert str(view.mark_price.tolist()) == "[nan, 110.0]"
    assert view.weights.tolist() == [0.0, 220.0 / 1020.0]
    assert account.view(("X",), {"X": 90.0}, 1000.0).drawdown == pytest.approx(0.02)


@pytest.mark.parametrize("equity", [0.0, -1.0])
def test_without_equity_there_are_no_weights(equity):
    view = START.view(("X",), {}, 0.0)._replace(equity=equity)

    assert view.weights.tolist() == [0.0]


def test_without_a_peak_there_is_no_drawdown():
    assert Account(cash=Decimal(0)).view((), {}, 0.0).drawdown == 0.0


COINS = st.decimals(-5, 5, places=3).map(float)
PRICES = st.decimals("0.01", 1000, places=2).map(float)
COSTS = st.decimals(0, 5, places=4).map(float)
FILLS = st.lists(st.tuples(st.sampled_from("XY"), COINS, PRICES, COSTS, COSTS, COSTS, st.sampled_from([1.0, 2.0, 8.0])))


def applied(fills: list[tuple[str, float, float, float, float, float, float]]) -> Account:
    account = START
    for symbol, quantity, price, fee, funding, shortfall, leverage in fills:
        account = account.apply(
            Fill("", symbol, 0, quantity, price, Reason.MARKET, fee, 0.0, funding, shortfall, leverage)
        )
    return account


@given(FILLS)
def test_cash_is_conserved(fills):
    """Decimal keeps 28 digits, and an average entry price may need more: hence not quite to the last one."""
    account = applied(fills)
    gained = account.realised - account.fees - account.funding + account.shortfall

    assert abs(account.cash - START.cash - gained) <= Decimal("1e-18")


@given(st.lists(st.tuples(COINS, COSTS, COSTS)))
def test_at_one_price_cash_is_conserved_to_the_last_digit(fills):
    account = applied([("X", quantity, 12.5, fee, funding, 0.0, 1.0) for quantity, fee, funding in fills])

    assert account.cash - START.cash == account.realised - account.fees - account.funding


def test_a_lot_makes_the_quantity_whole():
    account = START.apply(Fill("a", "X", 0, 0.30000000000000004, 100.0, Reason.MARKET), Decimal("0.1"))

    assert account.holdings["X"].quantity == Decimal("0.3")


@given(FILLS, PRICES)
def test_equity_is_what_the_trades_are_worth_less_costs(fills, mark):
    """However it is cut into round trips, profit is the value now less what was paid."""
    account = applied(fills)
    paid = sum((exact(quantity) * exact(price) for _, quantity, price, *_ in fills), Decimal(0))
    worth = sum((exact(quantity) * exact(mark) for _, quantity, *_ in fills), Decimal(0))
    costs = account.fees + account.funding - account.shortfall

    assert float(account.equity({"X": mark, "Y": mark})) == pytest.approx(float(START.cash + worth - paid - costs))


@given(FILLS)
def test_a_round_trip_leaves_only_cash(fills):
    account = applied(fills)
    for symbol, one in account.holdings.items():
        account = account.apply(Fill("", symbol, 0, -float(one.quantity), 50.0, Reason.MARKET))

    assert [one.quantity for one in account.holdings.values() if one.quantity] == []
    assert [one.margin for one in account.holdings.values() if one.margin] == []
    assert account.equity({}) == account.cash
