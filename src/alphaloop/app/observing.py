"""From the lake to what a policy of a backtest may see beside bars: funding, flow, and the rest.

A market holds bars and the funding they pay. Features of other facts are computed from the
lake's rows as of each bar, exactly as ``features build`` does, and laid beside the market.
"""

import numpy as np

from alphaloop.app.featuring import load
from alphaloop.core.errors import NoData
from alphaloop.core.market import Bools, Floats, Market
from alphaloop.features.contract import Schema
from alphaloop.features.symbol import columns
from alphaloop.features.view import MarketView
from alphaloop.lake.table import Lake


def view_of(lake: Lake, market: Market, schema: Schema, *, words: bool = False, lookback: int = 1) -> MarketView:
    """Observer of a market through a schema whose features may need the lake.

    Parameters
    ----------
    lake : Lake
    market : Market
        With the venue of each symbol in ``sources``.
    schema : Schema
    words : bool
        Whether observations tell frames and regimes too, which costs a millisecond a bar and symbol.
    lookback : int, bars
        Rows of their windows.

    Raises
    ------
    NoData
        If a feature that needs the lake is unknown at every bar of a symbol: a policy that
        reads it would do nothing, and not say so.
    """
    if not schema.sources:
        return MarketView(market, schema, lookback, words=words)

    def fill(values: Floats, mask: Bools) -> None:
        values[:], mask[:] = np.nan, False
        for asset, symbol in enumerate(market.symbols):
            _fill(lake, market, schema, asset, values[:, asset], mask[:, asset])
            _check(schema, symbol, mask[:, asset])

    return MarketView(market, schema, lookback, fill=fill, words=words)


def _fill(lake: Lake, market: Market, schema: Schema, asset: int, values: Floats, mask: Bools) -> None:
    """Write one symbol's features, (T, F); a bar that became known later than it closed shows nothing."""
    symbol, step = market.symbols[asset], market.timeframe
    end = int(market.ts[-1]) + step.us
    own = load(lake, symbol, step, schema, venue=market.sources.get(symbol), end=end)
    made, known = columns(own, schema)
    place = np.minimum(np.searchsorted(own.opens, market.ts), len(own) - 1)
    rows = np.flatnonzero((own.opens[place] == market.ts) & (own.now[place] <= market.ts + step.us))
    values[rows], mask[rows] = made[:, place[rows]].T, known[:, place[rows]].T


def _check(schema: Schema, symbol: str, mask: Bools) -> None:
    """Raise for a feature of the lake's facts that is never known."""
    ours = [feature for family in schema.sources for feature in (one.name for one in family.declared)]
    unknown = [name for place, name in enumerate(schema.names) if name in ours and not mask[:, place].any()]
    if unknown:
        raise NoData(
            f"{', '.join(unknown)} of {symbol} unknown at every bar",
            "the facts they are made from, in the window",
            "see: alphaloop features list, alphaloop data audit",
        )
