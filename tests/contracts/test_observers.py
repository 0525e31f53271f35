"""Every observer of the package keeps the promises of an observer."""

import pytest

from alphaloop.core.account import AccountView
from alphaloop.core.conformance import check_observer
from alphaloop.core.market import Market
from alphaloop.core.observation import Observation
from alphaloop.features.contract import Schema
from alphaloop.features.online import OnlineView
from alphaloop.features.view import MarketView
from tests.contracts.discovery import OBSERVERS, name

SCHEMA = Schema(["close", "ret_1", "vol_3", "vol_z_3", "rsi_3", "atr_3", "donchian_high_3"])


class Relived:
    """A live view asked about any instant: it lives again, from the first bar up to that one."""

    def __init__(self, market: Market) -> None:
        self.market = market

    def observe(self, now: int, account: AccountView) -> Observation:
        view = OnlineView(self.market.symbols, self.market.timeframe, SCHEMA, lookback=3)
        for bars in self.market:
            if bars.available_at <= now:
                view.push(bars, {})
        return view.observe(now, account)


BUILDERS = {MarketView: lambda market: MarketView(market, SCHEMA, lookback=3), OnlineView: Relived}


def test_the_market_view_is_found():
    assert MarketView in OBSERVERS


@pytest.mark.parametrize("observer", OBSERVERS, ids=name)
def test_conforms(observer):
    check_observer(BUILDERS.get(observer, observer))
