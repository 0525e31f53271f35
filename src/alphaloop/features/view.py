"""The view: observations of a market, as of any instant.

All features are computed once, beforehand; every row of them reads only bars up to its
own, so handing out row i is the same as computing at i. ``observe`` finds the newest row
with ``available_at <= now`` and returns read-only views of it: nothing is copied.
Does not know policies, venues, or a clock.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from alphaloop.core.account import AccountView
from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import CLOSE, Bools, Floats, Market
from alphaloop.core.observation import NOTHING, Observation
from alphaloop.features.contract import Schema
from alphaloop.features.facts import SymbolFacts
from alphaloop.features.family import lay_out
from alphaloop.features.matrix import compute_into
from alphaloop.features.sources.regime import RegimeSummary, regime_at
from alphaloop.features.sources.timeframes import LONG_FRAME
from alphaloop.features.timeframes import Momentum, Trend, summaries

Fill = Callable[[Floats, Bools], None]
Summary = tuple[Mapping[str, Trend | Momentum], RegimeSummary]  # frames and regime of one symbol
Words = tuple[Mapping[str, Mapping[str, Any]], Mapping[str, Any]]  # frames and regimes of an observation

_observation = partial(tuple.__new__, Observation)  # its fields in order, at half the cost of a call; once a bar


def in_words(told: Mapping[str, Summary | None]) -> Words:
    """Frames and regimes by symbol, read-only; a symbol without a bar has none."""
    known = {symbol: one for symbol, one in told.items() if one is not None}
    frames = {symbol: MappingProxyType(dict(frames)) for symbol, (frames, _) in known.items()}
    return MappingProxyType(frames), MappingProxyType({symbol: regime for symbol, (_, regime) in known.items()})


class Teller:
    """What a market's frames and regimes were at each bar, from its bars alone: worked out when asked for.

    Parameters
    ----------
    market : Market
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        present = ~np.isnan(market.values[:, :, CLOSE])
        self._rows = [np.flatnonzero(present[:, asset]) for asset in range(len(market.symbols))]
        self._last: tuple[int, Words] = (0, (NOTHING, NOTHING))

    def at(self, known: int) -> Words:
        """As of the first ``known`` bars of the market."""
        if known != self._last[0]:
            symbols = enumerate(self._market.symbols)
            self._last = known, in_words({symbol: self._summary(asset, known) for asset, symbol in symbols})
        return self._last[1]

    def _summary(self, asset: int, known: int) -> Summary | None:
        market, stop = self._market, int(self._rows[asset].searchsorted(known))
        rows = self._rows[asset][max(0, stop - LONG_FRAME.memory_bars - 1) : stop]
        if not len(rows):
            return None
        now, bars = market.ts[rows] + market.timeframe.us, lay_out(market.values, asset, rows)
        facts = SymbolFacts(market.symbols[asset], market.timeframe, now, bars)
        return summaries(now, bars, market.timeframe), regime_at(facts)


class MarketView:
    """Observer of one market through one schema.

    Parameters
    ----------
    market : Market
    schema : Schema
    lookback : int, bars
        Rows of ``windows``, the newest included; 1 or more.
    fill : callable, (values, mask), optional
        Writes the features, both (T, A, F), where they need more than the market's bars.
    words : bool
        Whether observations carry frames and regimes: a millisecond a bar and symbol. Without taker
        flow, which a market does not know, of the seven labels only a stop hunt can be told.

    Raises
    ------
    InvalidOption
        If ``lookback`` is below 1.

    Examples
    --------
    >>> from alphaloop.core.account import Account
    >>> from alphaloop.core.time import MINUTE_US, Timeframe
    >>> market = Market(np.arange(2) * MINUTE_US, ("X",), np.full((2, 1, 6), 10.0), Timeframe(MINUTE_US))
    >>> view, account = MarketView(market, Schema(["close"])), Account(cash=100).view(("X",), {}, 0.0)
    >>> view.observe(MINUTE_US - 1, account).mask.tolist(), view.observe(MINUTE_US, account).values.tolist()
    ([[False]], [[10.0]])
    """

    def __init__(
        self,
        market: Market,
        schema: Schema,
        lookback: int = 1,
        fill: Fill | None = None,
        words: bool = False,
    ) -> None:
        if lookback < 1:
            raise InvalidOption(f"a lookback of {lookback} bars", "1 or more", "use 1 for the newest row alone")
        shape = (lookback + len(market), len(market.symbols), len(schema.names))
        # `lookback` unknown rows stand before the first bar, so that every instant has a full window.
        self._values, self._mask = np.full(shape, np.nan), np.zeros(shape, dtype=np.bool_)
        compute = fill or partial(compute_into, market, schema)
        compute(self._values[lookback:], self._mask[lookback:])
        self._values.setflags(write=False)
        self._mask.setflags(write=False)
        known_at = market.ts + market.timeframe.us
        ends = np.iinfo(np.int64)
        # A memoryview (ints without copies) between two ends of time: row k is the newest in [k], [k + 1].
        self._available = np.concatenate([[ends.min], known_at, [ends.max]]).data
        self._lookback = lookback
        self._symbols, self._features, self._hash = market.symbols, schema.names, schema.hash
        self._teller = Teller(market) if words else None
        self._known = 0  # where the last answer stood: a hint for speed, never an answer

    @property
    def schema_hash(self) -> str:
        """Hash of the schema behind every observation."""
        return self._hash

    def observe(self, now: int, account: AccountView) -> Observation:
        """All that was known of the market at ``now`` (microseconds UTC), read-only."""
        known, available = self._known + 1, self._available  # the common step: one bar on
        if not available[known] <= now < available[known + 1]:
            known = bisect_right(available, now) - 1
        self._known = known
        newest, teller = known + self._lookback - 1, self._teller
        frames, regimes = (NOTHING, NOTHING) if teller is None else teller.at(known)
        return _observation(
            (
                now,
                self._symbols,
                self._features,
                self._values[newest],
                self._mask[newest],
                self._values[known : newest + 1],
                account,
                self._hash,
                frames,
                regimes,
                (),
            )
        )
