import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaloop.core.errors import InvalidOrder
from alphaloop.core.orders import Order, OrderType, Terms, TimeInForce, round_to_lot

LIMIT, STOP, TAKE, PROTECT = OrderType.LIMIT, OrderType.STOP, OrderType.TAKE_PROFIT, OrderType.PROTECT


@pytest.mark.parametrize(
    "options",
    [
        {"quantity": 1.0},
        {"quantity": -1.0, "stop_loss": 90.0, "take_profit": 80.0},
        {"quantity": 1.0, "type": LIMIT, "price": 100.0, "stop_loss": 90.0, "take_profit": 110.0},
        {"quantity": -1.0, "type": LIMIT, "price": 100.0, "stop_loss": 110.0, "take_profit": 90.0},
        {"quantity": 1.0, "type": STOP, "price": 100.0},
        {"quantity": -1.0, "type": TAKE, "price": 100.0, "reduce_only": True},
        {"quantity": 0.0, "type": PROTECT, "stop_loss": 90.0},
        {"quantity": 1.0, "leverage": 125.0, "reduce_only": True},
    ],
)
def test_orders_that_can_be(options):
    assert Order("a", "X", 0, **options).symbol == "X"


@pytest.mark.parametrize(
    "options",
    [
        {"quantity": math.nan},
        {"quantity": math.inf},
        {"quantity": 0.0},
        {"quantity": 1.0, "leverage": math.nan},
        {"quantity": 1.0, "leverage": 0.99},
        {"quantity": 1.0, "stop_loss": 0.0},
        {"quantity": 1.0, "take_profit": -1.0},
        {"quantity": 1.0, "stop_loss": math.inf},
        {"quantity": 1.0, "price": 100.0},
        {"quantity": 1.0, "type": LIMIT},
        {"quantity": 1.0, "type": LIMIT, "price": math.nan},
        {"quantity": 1.0, "type": LIMIT, "price": 0.0},
        {"quantity": 1.0, "type": STOP},
        {"quantity": -1.0, "type": TAKE, "reduce_only": True},
        {"quantity": -1.0, "type": TAKE, "price": 100.0},
        {"quantity": 1.0, "type": PROTECT},
        {"quantity": 0.0, "type": PROTECT, "price": 100.0},
        {"quantity": 0.0, "type": LIMIT, "price": 100.0},
        {"quantity": 1.0, "type": LIMIT, "price": 100.0, "stop_loss": 100.0},
        {"quantity": 1.0, "type": LIMIT, "price": 100.0, "take_profit": 99.0},
        {"quantity": -1.0, "type": LIMIT, "price": 100.0, "stop_loss": 99.0},
        {"quantity": -1.0, "type": STOP, "price": 100.0, "take_profit": 101.0},
    ],
)
def test_orders_no_venue_could_accept(options):
    with pytest.raises(InvalidOrder):
        Order("a", "X", 0, **options)


@pytest.mark.parametrize(
    ("quantity", "lot", "rounded"),
    [(1.27, 0.5, 1.0), (-1.27, 0.5, -1.0), (0.4, 0.5, 0.0), (3.0, 1.0, 3.0), (0.3, 0.1, 0.1 * 3), (0.0, 0.1, 0.0)],
)
def test_round_to_lot(quantity, lot, rounded):
    assert round_to_lot(quantity, lot) == rounded


@given(st.integers(-(10**6), 10**6), st.sampled_from([1e-8, 0.001, 0.1, 0.25, 1.0, 10.0]))
def test_a_multiple_of_the_lot_stays(steps, lot):
    assert round_to_lot(steps * lot, lot) == steps * lot


@given(st.floats(-1e9, 1e9), st.sampled_from([1e-4, 0.1, 0.3, 1.0]))
def test_rounding_goes_towards_zero_by_less_than_a_lot(quantity, lot):
    rounded = round_to_lot(quantity, lot)

    assert abs(rounded) <= abs(quantity) * (1 + 1e-12) + 1e-9 * lot
    assert abs(quantity) - abs(rounded) < lot * (1 + 1e-6) + abs(quantity) * 1e-12
    assert rounded * quantity >= 0


def test_a_plain_order_reads_as_it_always_did():
    """Its text is hashed into traces: terms that it does not use may not appear."""
    common = "price=None, stop_loss=None, take_profit=None, leverage=1.0, reduce_only=False"

    assert repr(Order("a", "X", 1, 2.0)) == (
        f"Order(id='a', symbol='X', created_at=1, quantity=2.0, type=<OrderType.MARKET: 'market'>, {common})"
    )
    assert repr(Order("a", "X", 1, 2.0, LIMIT, 5.0, post_only=True)).endswith("reduce_only=False, post_only=True)")


@pytest.mark.parametrize(
    "options",
    [
        {"trigger": 0.0},
        {"trigger": math.inf},
        {"trail_fraction": 1.0},
        {"trail_distance": 1.0, "trail_fraction": 0.1},
        {"expires_at": 5},
        {"time_in_force": TimeInForce.GTD},
        {"time_in_force": TimeInForce.IOC, "post_only": True},
        {"time_in_force": TimeInForce.IOC, "trigger": 100.0},
        {"trigger": 100.0, "post_only": True},
    ],
)
def test_terms_that_do_not_go_together_are_refused(options):
    with pytest.raises(InvalidOrder):
        Terms(**options)


@given(
    st.integers(1, 10**13),
    st.sampled_from(["1", "0.5", "0.1", "0.001", "0.00001", "0.00000001", "25", "0.3"]),
    st.sampled_from([1, -1]),
)
def test_whole_lots_stay_whole_however_many(steps, lot, side):
    size = Decimal(lot)

    assert round_to_lot(side * float(steps * size), float(size)) == side * (steps * float(size))


@given(st.integers(0, 10**13), st.sampled_from(["1", "0.1", "0.00000001"]), st.floats(0.01, 0.98))
def test_a_part_of_a_lot_is_left(steps, lot, part):
    size = Decimal(lot)

    assert round_to_lot(float((steps + Decimal(part)) * size), float(size)) == steps * float(size)


@given(st.floats(1e-12, 1e15), st.sampled_from([1.0, 0.1, 1e-8]))
def test_never_beyond_but_for_the_last_digits(quantity, lot):
    assert round_to_lot(quantity, lot) <= quantity * (1 + 3e-15) + 1e-9 * lot
