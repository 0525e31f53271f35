"""Every observer of the package keeps the promises of an observer."""

import pytest

from alphaloop.core.conformance import check_observer
from alphaloop.features.contract import Schema
from alphaloop.features.view import MarketView
from tests.contracts.discovery import OBSERVERS, name

SCHEMA = Schema(["close", "ret_1", "vol_3", "vol_z_3", "rsi_3", "atr_3", "donchian_high_3"])
BUILDERS = {MarketView: lambda market: MarketView(market, SCHEMA, lookback=3)}


def test_the_market_view_is_found():
    assert MarketView in OBSERVERS


@pytest.mark.parametrize("observer", OBSERVERS, ids=name)
def test_conforms(observer):
    check_observer(BUILDERS.get(observer, observer))
