"""Small worlds of words for tests: rows of lake tables from a few tuples, and what a family says of them."""

import numpy as np
import polars as pl

from alphaloop.core.time import HOUR_US, MINUTE_US, Timeframe
from alphaloop.features.facts import SymbolFacts
from alphaloop.lake.columns import TIME
from alphaloop.lake.schema import TABLES

FIVE = Timeframe.parse("5m")
DAY = 24 * HOUR_US
BASE = 20_000 * DAY  # an instant like any other


def table(name, rows, **constants):
    """A frame of the declared columns; what a row leaves out is null, false or the constant."""
    schema = TABLES[name]
    given = {"source": "test", "is_synthetic": False, "is_derived": False, "ingested_at": BASE, **constants}
    full = [{**dict.fromkeys(schema.names), **given, **row} for row in rows]
    types = {one: (pl.Int64 if kind == TIME else kind) for one, kind in schema.dtypes.items()}
    frame = pl.DataFrame(full, schema=types, strict=False)
    return frame.with_columns(pl.col(one).cast(TIME) for one, kind in schema.dtypes.items() if kind == TIME)


def event(number, at, title="", **more):
    """One event that became available `at` hours after BASE."""
    known = BASE + round(at * HOUR_US)
    return {"event_id": f"e{number:07}", "event_type": "news", "title": title, "event_time": known,
            "available_at": known, **more}  # fmt: skip


def told(events, symbol="BTC", late=0.0):
    """The tables of events, each linked to one symbol `late` hours after it."""
    links = [
        {"symbol": symbol, "event_id": one["event_id"], "entity_id": "x", "event_time": one["event_time"],
         "available_at": one["available_at"] + round(late * HOUR_US)}
        for one in events
    ]  # fmt: skip
    return {"events": table("events", events), "event_links": table("event_links", links)}


def post(number, at, text="", **more):
    """One post that became available `at` minutes after BASE."""
    known = BASE + round(at * MINUTE_US)
    return {"symbol": "BTC", "platform": "p", "post_id": f"p{number:07}", "text": text, "kind": "post",
            "event_time": known, "available_at": known, **more}  # fmt: skip


def hours(*at):
    """Decision times, hours after BASE."""
    return np.array([BASE + round(one * HOUR_US) for one in at], dtype=np.int64)


def facts(now, tables, symbol="BTCUSDT", venue="binance"):
    """Facts of a symbol without bars; tables in the order that facts promise."""
    order = ("available_at", "event_time")
    tables = {
        name: frame.sort(*order, *(one for one in TABLES[name].key if one not in order))
        for name, frame in tables.items()
    }
    return SymbolFacts(symbol, FIVE, np.asarray(now), np.zeros((7, len(now))), tables, venue)


def compute(family, given):
    """Values and mask of a family, filled over garbage."""
    shape = (len(family.declared), len(given.now))
    values, mask = np.full(shape, 77.7), np.ones(shape, dtype=bool)
    mask[::2] = False
    family.compute(given, values, mask)
    assert np.array_equal(np.isfinite(values), mask)
    return values, mask


def said(family, given):
    """Column name to list of values."""
    values, _ = compute(family, given)
    return {one.name: row.tolist() for one, row in zip(family.declared, values, strict=True)}


def remembered(given, row, memory_us):
    """What a live feed holds at decision `row`: one decision time, and rows of its memory."""
    now = int(given.now[row])
    known = pl.col("available_at").to_physical()
    tables = {name: frame.filter((known <= now) & (known > now - memory_us)) for name, frame in given.tables.items()}
    return facts(given.now[row : row + 1], tables, given.symbol, given.venue)


def assert_online_equals_batch(family, given, rows):
    """Equal bits from the memory alone, at each of `rows`."""
    values, mask = compute(family, given)
    for row in rows:
        alone, known = compute(family, remembered(given, row, family.memory_us))
        assert alone[:, 0].tobytes() == values[:, row].tobytes(), [
            (one.name, a, b)
            for one, a, b in zip(family.declared, alone[:, 0], values[:, row], strict=True)
            if a != b and not (np.isnan(a) and np.isnan(b))
        ]
        assert np.array_equal(known[:, 0], mask[:, row])
