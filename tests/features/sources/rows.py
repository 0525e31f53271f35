"""Small tables as the lake holds them, and one symbol's facts made of them. Times in minutes."""

import random
from collections.abc import Sequence

import numpy as np
import polars as pl

from alphaloop.core.market import CLOSE, Bools, Floats
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.features.facts import SourceFamily, SymbolFacts
from alphaloop.lake.schema import TABLES

START_US = 1_735_689_600_000_000  # 2025-01-01, a midnight
SYMBOL, VENUE = "BTCUSDT", "binance"


def us(minute: float) -> int:
    """Microseconds of a minute after the start."""
    return START_US + round(minute * MINUTE_US)


def table(name: str, rows: Sequence[dict[str, object]], **constants: object) -> pl.DataFrame:
    """Rows of a lake table, sorted as families get them; ``event`` and ``known`` are in minutes."""
    schema = TABLES[name]
    given = {"venue": VENUE, "symbol": SYMBOL, "source": "test", "is_synthetic": False, "is_derived": False}
    full = []
    for row in rows:
        one = {**given, "ingested_at": 0, **constants, **row}
        one["event_time"] = us(one.pop("event"))
        one["available_at"] = us(one["known"]) if "known" in one else one["event_time"]
        if "received" in one:
            one["received_at"] = us(one["received"])
        full.append({column: one.get(column) for column in schema.names})
    order = [column for column in ("available_at", "event_time", *schema.key) if column in schema.names]
    return pl.DataFrame(full, schema=dict(schema.dtypes)).sort(list(dict.fromkeys(order)), maintain_order=True)


def facts(
    minutes: Sequence[float], close: Sequence[float] | None = None, timeframe: str = "5m", **tables
) -> SymbolFacts:
    """Facts of one symbol deciding at ``minutes``; ``venue`` and ``symbol`` may be given too."""
    bars = np.full((7, len(minutes)), np.nan)
    bars[CLOSE] = 100.0 if close is None else close
    venue, symbol = tables.pop("venue", VENUE), tables.pop("symbol", SYMBOL)
    now = np.array([us(minute) for minute in minutes], dtype=np.int64)
    return SymbolFacts(symbol, Timeframe.parse(timeframe), now, bars, tables, venue)


def computed(family: SourceFamily, given: SymbolFacts) -> tuple[Floats, Bools]:
    """Values and mask (columns, n), both first filled with what must not survive."""
    shape = (len(family.declared), len(given.now))
    values, mask = np.full(shape, -777.0), np.ones(shape, dtype=np.bool_)
    family.compute(given, values, mask)
    assert np.array_equal(mask, np.isfinite(values))
    assert np.isnan(values[~mask]).all()
    return values, mask


def columns(family: SourceFamily, given: SymbolFacts) -> dict[str, list[float]]:
    """Values by name; NaN where not known."""
    values, _ = computed(family, given)
    return {one.name: row.tolist() for one, row in zip(family.declared, values, strict=True)}


def remembered(given: SymbolFacts, i: int, memory_us: int) -> SymbolFacts:
    """What a live feed holds at decision ``i``: one decision time, and the rows of its memory."""
    now = int(given.now[i])
    known = pl.col("available_at").dt.timestamp("us").is_between(now - memory_us, now, closed="right")
    tables = {name: frame if frame.is_empty() else frame.filter(known) for name, frame in given.tables.items()}
    return SymbolFacts(
        given.symbol, given.timeframe, given.now[i : i + 1], given.bars[:, i : i + 1], tables, given.venue
    )


def unequal(family: SourceFamily, given: SymbolFacts, at: Sequence[int] | None = None) -> list[tuple[str, int]]:
    """Cells that a live feed of the family's memory computes with other bits than the batch."""
    batch, _ = computed(family, given)
    differ = []
    for i in range(len(given.now)) if at is None else at:
        online, _ = computed(family, remembered(given, i, family.memory_us))
        apart = batch[:, i].view(np.int64) != online[:, 0].view(np.int64)
        differ += [
            (family.declared[k].name, i)
            for k in np.flatnonzero(apart & ~(np.isnan(batch[:, i]) & np.isnan(online[:, 0])))
        ]
    return differ


def drawn(seed: int) -> random.Random:
    """Reproducible choices."""
    return random.Random(seed)
