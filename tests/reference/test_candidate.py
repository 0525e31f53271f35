"""One trade, three ways: the candidate's formula, the slow venue and the simulator agree."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alphaloop.core.errors import InvalidOrder
from alphaloop.core.market import Bars, Instrument, MarginTier
from alphaloop.core.orders import Order, OrderType, Reason
from alphaloop.execution.simulator.venue import SimulatedVenue
from tests.reference.candidate import Candidate, Costs, slow_candidate
from tests.reference.simulator import SlowVenue

COSTS = Costs(0.0005, 0.0002, 0.0125, 0.0001)
FREE = Costs()
NAN = math.nan
FLAT = [100.0, 100.5, 99.5, 100.0, 1.0, 0.0]


def test_a_target_at_market():
    rows = [FLAT, FLAT, [100.0, 106.0, 99.0, 104.0, 1.0, 0.001]]

    found = slow_candidate(rows, Candidate(0, 1, 5, 0.03, 0.05, 10.0), FREE)

    # 10 x 5 % = 0.5; one funding payment of 0.001 x 10 x 100/100; worst price 99: 1 - 0.9
    assert (found.reason, found.entry_bar, found.exit_bar, found.entry, found.exit) == ("target", 1, 2, 100.0, 105.0)
    assert [found.gross, found.net, found.fees, found.funding] == pytest.approx([0.5, 0.49, 0.0, 0.01])
    assert found.drawdown == pytest.approx(0.1)


def test_costs_of_a_stop():
    rows = [FLAT, [100.0, 100.5, 96.0, 97.0, 1.0, 0.0]]

    found = slow_candidate(rows, Candidate(0, 1, 5, stop=0.03), COSTS)

    # in at 100.01, stop 97.0097, out at 96.99999903
    assert (found.entry, found.exit) == (pytest.approx(100.01), pytest.approx(100.01 * 0.97 * 0.9999))
    assert found.fees == pytest.approx(0.0005 * (1 + 0.97 * 0.9999))
    assert found.net == pytest.approx(0.97 * 0.9999 - 1 - 0.0005 * (1 + 0.97 * 0.9999))
    assert found.drawdown == pytest.approx(0.03)


def test_a_loss_is_never_more_than_the_margin():
    rows = [FLAT, FLAT, [50.0, 51.0, 49.0, 50.0, 1.0, 0.0]]

    found = slow_candidate(rows, Candidate(0, 1, 5, leverage=10.0), COSTS)

    assert (found.reason, found.exit, found.net) == ("liquidation", 50.0, -1.0)


def test_a_limit_takes_no_target_in_its_own_bar():
    rows = [FLAT, [100.0, 110.0, 98.0, 109.0, 1.0, 0.0], [109.0, 110.0, 108.0, 109.0, 1.0, 0.0]]

    found = slow_candidate(rows, Candidate(0, 1, 5, target=0.05, limit=99.0), FREE)

    assert (found.reason, found.entry_bar, found.exit_bar, found.exit) == ("target", 1, 2, 109.0)


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (Candidate(0, 1, 2), "horizon"),
        (Candidate(0, 1, 9), "end_of_data"),
        (Candidate(2, 1, 9), "not_filled"),
        (Candidate(0, 1, 2, limit=99.5), "not_filled"),
        (Candidate(0, -1, 2, limit=100.5), "not_filled"),
        (Candidate(0, -1, 2, limit=100.4), "horizon"),
    ],
)
def test_ends(candidate, reason):
    assert slow_candidate([FLAT] * 3, candidate, FREE).reason == reason


def test_a_short_receives_funding_and_gains_from_a_fall():
    rows = [FLAT, FLAT, [100.0, 100.0, 95.0, 95.0, 1.0, 0.001]]

    found = slow_candidate(rows, Candidate(0, -1, 2, leverage=2.0), FREE)

    assert (found.gross, found.funding) == (pytest.approx(0.1), pytest.approx(-0.002))
    assert found.net == pytest.approx(0.102)


@st.composite
def bars(draw):
    if draw(st.integers(0, 11)) == 0:
        return [NAN] * 6
    start, end = float(draw(st.integers(85, 115))), float(draw(st.integers(85, 115)))
    high = max(start, end) + draw(st.sampled_from([0.0, 1.0, 4.0]))
    low = min(start, end) - draw(st.sampled_from([0.0, 1.0, 4.0]))
    return [
        start,
        high,
        low,
        end,
        draw(st.sampled_from([1.0, 1.0, 0.0])),
        draw(st.sampled_from([0.0, 0.0, 0.001, -0.02])),
    ]


CANDIDATES = st.builds(
    Candidate,
    st.integers(0, 2),
    st.sampled_from([1, -1]),
    st.integers(1, 8),
    st.sampled_from([None, 0.01, 0.05, 0.3]),
    st.sampled_from([None, 0.01, 0.05, 0.3]),
    st.sampled_from([1.0, 3.0, 10.0, 40.0]),
    st.none() | st.integers(85, 115).map(float),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(bars(), min_size=2, max_size=10), CANDIDATES, st.sampled_from([COSTS, FREE]), st.booleans())
def test_one_trade_in_a_venue_is_the_candidate(rows, candidate, costs, fast):
    found = slow_candidate(rows, candidate, costs)
    instrument = Instrument(
        "X",
        taker_fee=costs.taker_fee,
        maker_fee=costs.maker_fee,
        liquidation_fee=costs.liquidation_fee,
        slippage=costs.slippage,
        margin_tiers=(MarginTier(math.inf, costs.maintenance_rate),),
    )
    venue = SimulatedVenue([instrument], 1e6) if fast else SlowVenue({"X": instrument}, ("X",), 1e6)
    order = order_of(candidate, found.entry or candidate.limit or 100.0)
    assume(order is not None)
    last = min(candidate.bar + candidate.horizon, len(rows) - 1)
    fills = []
    for i, row in enumerate(rows[: last + 1]):
        fills += venue.on_bars(Bars(i, i + 1, ("X",), np.array([row])))
        if i == candidate.bar:
            venue.submit([order])
    account = venue.account()

    if found.reason == "not_filled":
        assert fills == []
        return
    margin = found.entry / candidate.leverage
    assert (fills[0].ts, fills[0].price) == (found.entry_bar, pytest.approx(found.entry))
    assert sum(fill.funding for fill in fills) / margin == pytest.approx(found.funding, abs=1e-9)
    if found.reason in ("horizon", "end_of_data"):
        assert account.quantity[0] == candidate.side
        return
    assert (fills[-1].reason, fills[-1].ts) == (Reason(found.reason), found.exit_bar)
    assert fills[-1].price == pytest.approx(found.exit)
    assert (account.cash - 1e6) / margin == pytest.approx(found.net, abs=1e-8)


def order_of(candidate: Candidate, entry: float) -> Order | None:
    """The candidate as an order, its levels from the price it will get.

    None where a limit filled at a better open has put a level beyond the limit itself: a
    candidate's levels hang on its fill, an order's are absolute and must surround its limit.
    """
    side = candidate.side
    stop = None if candidate.stop is None else entry * (1 - side * candidate.stop)
    target = None if candidate.target is None else entry * (1 + side * candidate.target)
    kind = OrderType.MARKET if candidate.limit is None else OrderType.LIMIT
    try:
        return Order("a", "X", candidate.bar + 1, float(side), kind, candidate.limit, stop, target, candidate.leverage)
    except InvalidOrder:
        return None
