"""A market whose truth is known: what is planted in it, and what the optimum earns.

`simulate` makes the tables of the lake, `truth` says what is hidden in them. The same
configuration gives the same bytes. docs/simulated-market.md states the model.
"""

from collections.abc import Callable

import polars as pl

from alphaloop.lake.sources.simulated.attainable import STEADY, attainable_ic
from alphaloop.lake.sources.simulated.candles import market_bars
from alphaloop.lake.sources.simulated.config import REGIMES, SYMBOLS, VENUE, SimulatedMarket
from alphaloop.lake.sources.simulated.derivatives import funding_rates, onchain_signals, open_interest, orderbook_l2
from alphaloop.lake.sources.simulated.effects import NOTHING, Dynamics, Effects, Sampling
from alphaloop.lake.sources.simulated.latent import Latent, News
from alphaloop.lake.sources.simulated.news import news_tables, social_posts
from alphaloop.lake.sources.simulated.truth import Optimum, Truth, truth

_TABLES: dict[str, Callable[[SimulatedMarket], pl.DataFrame]] = {
    "market_bars": market_bars,
    "orderbook_l2": orderbook_l2,
    "open_interest": open_interest,
    "funding_rates": funding_rates,
    "onchain_signals": onchain_signals,
    "social_posts": social_posts,
}


def simulate(market: SimulatedMarket) -> dict[str, pl.DataFrame]:
    """All tables of a simulated market, by name, ready for `Lake.append`.

    Parameters
    ----------
    market : SimulatedMarket

    Returns
    -------
    dict of table name to polars.DataFrame
        Columns of the declared schema without ``ingested_at``; every row ``is_synthetic``.

    Examples
    --------
    >>> tables = simulate(SimulatedMarket(symbols=("SIMAUSDT",), days=1))
    >>> tables["market_bars"].height, tables["funding_rates"].height
    (288, 3)
    """
    made = {name: make(market) for name, make in _TABLES.items()}
    return made | news_tables(market)


__all__ = [
    "NOTHING",
    "REGIMES",
    "STEADY",
    "SYMBOLS",
    "VENUE",
    "Dynamics",
    "Effects",
    "Latent",
    "News",
    "Optimum",
    "Sampling",
    "SimulatedMarket",
    "Truth",
    "attainable_ic",
    "simulate",
    "truth",
]
