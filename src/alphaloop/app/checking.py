"""Batch against online: the last bars of a symbol pushed one by one, compared cell by cell.

The online view is given the history before the window, then each bar with the rows that
became available since the one before. A cell is equal if value and mask are, to the bit.
"""

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

from alphaloop.app.featuring import load
from alphaloop.core.account import Account
from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Bars, Floats
from alphaloop.core.time import Timeframe
from alphaloop.features.contract import Schema
from alphaloop.features.family import RETURN
from alphaloop.features.online import OnlineView
from alphaloop.features.symbol import Own, between, columns
from alphaloop.lake.table import Lake


def check(
    lake: Lake,
    symbols: tuple[str, ...],
    timeframe: str,
    schema: Schema,
    *,
    bars: int,
    venue: str | None = None,
    progress: Callable[[str, int], None] | None = None,
) -> dict[str, Any]:
    """Compare both paths over the last ``bars`` of every symbol.

    Returns
    -------
    dict
        ``cells``, ``unequal``, ``max_abs_difference`` (of cells known to both),
        ``worst_feature`` (most unequal cells; none if all are equal), ``known`` (cells that
        are not missing), ``push_ms_p99``.

    Raises
    ------
    NoData
        If the lake lacks bars of a symbol.
    InvalidOption
        If ``bars`` is below 1.
    """
    if bars < 1:
        raise InvalidOption(f"{bars} bars", "1 or more", "use e.g. --bars 500")
    tell = progress or (lambda _name, _done: None)
    unequal, worst = np.zeros(len(schema.names), dtype=np.int64), np.zeros(len(schema.names))
    cells = known = 0
    spent: list[float] = []
    for symbol in dict.fromkeys(symbols):
        own = load(lake, symbol, Timeframe.parse(timeframe), schema, venue=venue)
        first = max(0, len(own) - bars)
        batch, mask = columns(own, schema, first)
        live = replay(own, schema, first, spent, lambda done, name=symbol: tell(name, done))  # type: ignore[misc]
        differs = batch.view(np.int64) != live.view(np.int64)
        unequal += differs.sum(axis=1)
        apart = np.where(np.isfinite(batch) & np.isfinite(live), np.abs(batch - live), 0.0)
        worst = np.maximum(worst, apart.max(axis=1))
        cells, known = cells + batch.size, known + int(mask.sum())
    most = np.lexsort((worst, unequal))[-1]
    return {
        "cells": cells,
        "unequal": int(unequal.sum()),
        "max_abs_difference": float(worst.max()),
        "worst_feature": schema.names[most] if unequal.any() else None,
        "known": known,
        "features": len(schema.names),
        "push_ms_p99": round(float(np.percentile(spent, 99)) * 1e3, 3),
    }


def replay(own: Own, schema: Schema, first: int, spent: list[float], tell: Callable[[int], None]) -> Floats:
    """The bars from ``first`` on through an online view, shape (F, n - first); seconds go to ``spent``."""
    view = OnlineView((own.symbol,), own.timeframe, schema, venues={own.symbol: own.venue})
    account = Account(cash=Decimal(1)).view((own.symbol,), {}, 0.0)
    if first:
        view.warm(own.until(first))
    made = np.empty((len(schema.names), len(own) - first))
    before = int(own.now[first - 1]) if first else -(2**62)
    for k in range(first, len(own)):
        now = int(own.now[k])
        rows = {name: between(frame, before + 1, now) for name, frame in own.tables.items()}
        bar = Bars(int(own.opens[k]), now, (own.symbol,), own.bars[:RETURN, k][None])
        began = time.process_time()
        view.push(bar, rows)
        seen = view.observe(now, account)
        spent.append(time.process_time() - began)
        made[:, k - first] = np.where(seen.mask[0], seen.values[0], np.nan)
        before = now
        tell(k - first + 1)
    return made
