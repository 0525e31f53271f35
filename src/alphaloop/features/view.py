"""The view: observations of a market, as of any instant.

All features are computed once, beforehand; every row of them reads only bars up to its
own, so handing out row i is the same as computing at i. ``observe`` finds the newest row
with ``available_at <= now`` and returns read-only views of it: nothing is copied.
Does not know policies, venues, or a clock.
"""

from bisect import bisect_right
from collections.abc import Callable
from functools import partial

import numpy as np

from alphaloop.core.account import AccountView
from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Bools, Floats, Market
from alphaloop.core.observation import NOTHING, Observation
from alphaloop.features.contract import Schema
from alphaloop.features.matrix import compute_into

Fill = Callable[[Floats, Bools], None]

_observation = partial(tuple.__new__, Observation)  # its fields in order, at half the cost of a call; once a bar


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

    def __init__(self, market: Market, schema: Schema, lookback: int = 1, fill: Fill | None = None) -> None:
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
        newest = known + self._lookback - 1
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
                NOTHING,
                NOTHING,
                (),
            )
        )
