"""The packed state: what stands where before anything has happened."""

import math
from decimal import Decimal

import numpy as np

from alphaloop.core.market import MarginTier
from alphaloop.core.orders import Reason
from alphaloop.execution.simulator import layout as at
from tests.execution.builders import TIERS, make_instrument


def test_a_new_state_holds_costs_and_tiers_and_no_position():
    one = make_instrument("A", lot=Decimal("0.5"), min_notional=5.0, margin_tiers=TIERS)
    other = make_instrument("B", kind="spot", margin_tiers=(MarginTier(math.inf, 0.01, 2.0),))

    state = at.new_state((one, other))

    assert state.shape == (at.TIERS + 9, 2)
    assert state[[at.TAKER, at.MAKER, at.ENTRY_SLIPPAGE, at.LIQUIDATION_FEE], 0].tolist() == [0.001, 0.0004, 0.01, 0.02]
    assert state[[at.LOT, at.MIN_NOTIONAL, at.UNLEVERED], 0].tolist() == [0.5, 5.0, 0.0]
    assert state[at.UNLEVERED, 1] == 1.0
    assert state[at.TIERS :, 0].tolist() == [100.0, 0.01, 0.0, 1000.0, 0.02, 1.0, math.inf, 0.05, 31.0]
    assert state[at.TIERS :, 1].tolist() == [math.inf, 0.01, 2.0] * 3
    assert state[[at.QUANTITY, at.ENTRY, at.MARGIN, at.PAID, at.KIND]].tolist() == [[0.0, 0.0]] * 5
    assert np.isnan(state[[at.MARK, at.STOP, at.TARGET, at.LIQUIDATION]]).all()


def test_a_new_account_is_its_cash():
    account = at.new_account(70.0)

    assert account[[at.CASH, at.EQUITY, at.PEAK]].tolist() == [70.0] * 3
    assert account.sum() == 210.0
    assert at.new_fills(3).shape == (3, at.FILL_FIELDS)


def test_every_reason_has_its_number():
    assert [at.REASONS[number] for number in (at.R_MARKET, at.R_STOP_ENTRY, at.R_TARGET, at.R_FUNDING)] == [
        Reason.MARKET,
        Reason.STOP_ENTRY,
        Reason.TARGET,
        Reason.FUNDING,
    ]
    assert set(at.REASONS) == set(Reason)
