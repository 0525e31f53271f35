"""From the lake to the states of a run's market: regime, trend and volatility at every bar.

What the trades of a report are broken down by. The seven regimes need taker volume; trend
and volatility need bars alone, and enough of them before the run.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from alphaloop.app.report.inputs import MarketStates
from alphaloop.core.market import Floats, Ints, Market
from alphaloop.features.facts import SymbolFacts
from alphaloop.features.regime import LABELS
from alphaloop.features.sources.regime import Regime
from alphaloop.features.sources.symbols import names_of
from alphaloop.features.symbol import compute_source, gather
from alphaloop.lake.table import Lake

TITLES = ("Regime at entry", "Trend at entry", "Volatility at entry")
TREND, VOLATILITY = ("down", "none", "up"), ("low", "normal", "high")
_COLUMNS = ("regime_code", "regime_trend_state", "regime_vol_state")
_SHIFT = (0, 1, 1)  # states count from -1


def market_states(lake: Lake, market: Market) -> tuple[MarketStates, ...]:
    """States of every bar of every symbol, as known when it closed.

    Parameters
    ----------
    lake : Lake
        Bars before the market's first are read from it, so that its first states are known.
    market : Market
        With the venue of each symbol in ``sources``.

    Returns
    -------
    tuple of MarketStates
        Regime, trend, volatility; a kind without a single known state is left out.
    """
    codes = np.full((len(TITLES), *market.values.shape[:2]), -1, dtype=np.int64)
    for asset, symbol in enumerate(market.symbols):
        codes[:, :, asset] = _symbol(lake, market, symbol)
    found = zip(TITLES, (LABELS, TREND, VOLATILITY), codes, strict=True)
    return tuple(MarketStates(title, words, code) for title, words, code in found if bool((code >= 0).any()))


def _symbol(lake: Lake, market: Market, symbol: str) -> Ints:
    """Codes of one symbol, (kinds, T)."""
    family, step = Regime(), market.timeframe
    start, end = int(market.ts[0]) - (family.memory_bars + 1) * step.us, int(market.ts[-1]) + step.us
    frames: Mapping[str, pl.DataFrame] = {
        "market_bars": lake.read("market_bars", symbols=[symbol], timeframe=str(step), start=start, end=end),
        "open_interest": lake.read("open_interest", symbols=list(names_of(symbol)), start=start, end=end),
    }
    own = gather(frames, symbol, step, sources=(family,), venue=market.sources.get(symbol))
    facts = SymbolFacts(own.symbol, own.timeframe, own.now, own.bars, own.tables, own.venue)
    values, mask = compute_source(family, facts)
    names = [one.name for one in family.declared]
    codes = np.full((len(TITLES), len(market)), -1, dtype=np.int64)
    place = np.searchsorted(own.opens, market.ts)
    there = own.opens[np.minimum(place, len(own) - 1)] == market.ts
    for row, (name, shift) in enumerate(zip(_COLUMNS, _SHIFT, strict=True)):
        column: Floats = np.where(mask[names.index(name)], values[names.index(name)] + shift, -1.0)
        codes[row, there] = column[place[there]].astype(np.int64)
    return codes
