"""Features of the lake, into the lake: symbol by symbol, only what is new.

A row depends on rows available by its own time, so a build goes on from the first instant
that anything new in the lake became available at; what stands before it is not touched.
How far a symbol was built, and from which versions, is its manifest, written after each
chunk of its rows is: a build that was interrupted goes on at the chunk it was at.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import polars as pl

from alphaloop import __version__
from alphaloop.app.manifest import Manifest, dirty_since
from alphaloop.app.viewing import LATENT, SOCIAL, latent_views
from alphaloop.core.errors import InvalidOption
from alphaloop.core.time import Timeframe, iso
from alphaloop.features.contract import Schema
from alphaloop.features.frame import MATRIX, SNAPSHOTS, narrowed, rows_of
from alphaloop.features.symbol import BARS, Own, columns, gather, names_in, running, tables_of
from alphaloop.lake.schema import TABLES
from alphaloop.lake.table import Lake

WORKERS = 2  # symbols at a time: while one is written, the other is computed
CHUNK = 131_072  # rows of a symbol computed and written at a time: what bounds memory

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What to build.

    ``start`` and ``end`` are microseconds UTC, ``[start, end)`` on bar opens; ``encoder_until``
    ends the training window of the market encoder, by default after the first quarter of
    the bars.
    """

    symbols: tuple[str, ...]
    timeframe: str
    schema: Schema
    start: int | None = None
    end: int | None = None
    venue: str | None = None
    encoder_until: int | None = None

    def __post_init__(self) -> None:
        if not self.symbols:
            raise InvalidOption("no symbol", "one or more", "pass --symbols BTCUSDT,ETHUSDT")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise InvalidOption(f"a window from {iso(self.start)} to {iso(self.end)}", "start before end", "")


def build(lake: Lake, folder: Path, order: Order, *, now: int, progress: Progress | None = None) -> dict[str, Any]:
    """Compute features of every bar in the window and write what the lake lacks.

    Parameters
    ----------
    lake : Lake
    folder : Path
        Where manifests and encoders stand.
    order : Order
    now : int, microseconds UTC
        Stamped on the rows; no feature knows it.
    progress : callable, optional
        Told the symbol and how many of its rows are done, from the thread that did them.

    Raises
    ------
    NoData
        If the lake lacks bars of a symbol.
    """
    tell = progress or (lambda _name, _done: None)
    step = Timeframe.parse(order.timeframe)
    views: dict[str, dict[str, Any]] = {}
    if {SOCIAL, LATENT} & set(tables_of(order.schema.sources)):
        tell("views", 0)
        views = latent_views(lake, folder, order.symbols, step, until=order.encoder_until, now=now)
    totals = {"rows": 0, "written": 0, "unchanged": 0}
    symbols = []
    stop = Event()
    with ThreadPoolExecutor(WORKERS) as pool:
        heard = _unless(stop, tell)
        work = [
            pool.submit(_symbol, lake, folder, order, symbol, now, heard) for symbol in dict.fromkeys(order.symbols)
        ]
        try:
            for one in work:
                symbols.append(one.result())
                totals = {name: total + symbols[-1][name] for name, total in totals.items()}
        except BaseException:  # chunks begun are finished, the others left for the next build
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return {
        "table": MATRIX,
        **totals,
        "features": len(order.schema.names),
        "schema_hash": order.schema.hash,
        "version": lake.version(MATRIX),
        "views": views,
        "symbols": symbols,
    }


def _unless(stop: Event, tell: Progress) -> Progress:
    """Tell, then go no further where all are to stop."""

    def heard(name: str, done: int) -> None:
        tell(name, done)
        if stop.is_set():
            raise CancelledError

    return heard


def load(
    lake: Lake, symbol: str, timeframe: Timeframe, schema: Schema, *, venue: str | None = None, end: int | None = None
) -> Own:
    """The symbol's bars that open before ``end``, and every row its features may read."""
    frames = {
        table: lake.scan(table, **_where(table, symbol, timeframe)).collect() for table in tables_of(schema.sources)
    }
    if "funding_rates" not in frames:
        frames["funding_rates"] = lake.scan("funding_rates", symbols=names_in(symbol)).collect()
    if end is not None:
        bars = frames[BARS]
        own = (pl.col("timeframe") == str(timeframe)) & (pl.col("event_time").to_physical() >= end)
        frames[BARS] = bars.filter(~own)
    return gather(frames, symbol, timeframe, sources=schema.sources, venue=venue)


def _where(table: str, symbol: str, timeframe: Timeframe) -> Any:
    declared = TABLES[table].names
    where: dict[str, Any] = {"symbols": names_in(symbol)} if "symbol" in declared else {}
    if table == BARS:
        where["timeframe"] = str(timeframe)
    return where


def _symbol(lake: Lake, folder: Path, order: Order, symbol: str, now: int, tell: Progress) -> dict[str, Any]:
    """Bring one symbol up to date, a chunk at a time; the manifest of a chunk is the last thing written."""
    step, schema = Timeframe.parse(order.timeframe), order.schema
    path = folder / "-".join(filter(None, (symbol, order.venue, str(step), f"{schema.hash[:12]}.json")))
    tables = tables_of(schema.sources)
    versions, before = {name: lake.version(name) for name in tables}, Manifest.read(path)
    fresh, marks = dirty_since(lake, tables, names_in(symbol), before, order.venue)
    if before is not None and fresh is None and before.covers(order.start, order.end):
        return {"symbol": symbol, "rows": 0, "written": 0, "unchanged": before.rows}
    own = load(lake, symbol, step, schema, venue=order.venue, end=order.end)
    begin, covered = _stretch(own, order, before, fresh)
    held = 0 if covered is None else int(np.searchsorted(own.opens, covered))
    read = Manifest(
        symbol,
        str(step),
        own.venue,
        schema.hash,
        list(schema.names),
        __version__,
        0,
        covered,
        order.end,
        versions,
        marks,
    )
    counts = {"rows": len(own) - begin, "written": 0, "unchanged": 0}
    done = begin
    for frames in _rows(own, schema, begin):
        for table, frame in frames.items():
            report = lake.upsert(table, frame, ingested_at=now)
            if table == MATRIX:
                counts["written"] += report.written
                counts["unchanged"] += report.duplicate
        done += frames[MATRIX].height
        if done < len(own):
            replace(read, rows=done - held, end=int(own.opens[done])).write(path)
            tell(symbol, done - begin)
    replace(read, rows=len(own) - held).write(path)
    tell(symbol, done - begin)
    return {"symbol": symbol, "venue": own.venue, **counts}


def _stretch(own: Own, order: Order, before: Manifest | None, fresh: int | None) -> tuple[int, int | None]:
    """The first bar that has to be made, and the open from which on all bars then are."""
    asked = 0 if order.start is None else int(np.searchsorted(own.opens, order.start))
    if before is None or not before.reaches(order.start):
        return asked, order.start
    built = len(own) if before.end is None else int(np.searchsorted(own.opens, before.end))
    begin = built if fresh is None else min(built, int(np.searchsorted(own.now, fresh)))
    if begin < asked:  # what changed before the window is not made anew, so nobody vouches for it any more
        return asked, order.start
    return begin, before.start


def _rows(own: Own, schema: Schema, begin: int) -> Iterator[dict[str, pl.DataFrame]]:
    """Rows of both feature tables, a chunk at a time."""
    by_hand = Schema(name for name, one in zip(schema.names, schema.features, strict=True) if one.modality == "price")
    run = running(own, schema)
    for first in range(begin, len(own), CHUNK):
        part = own.until(min(first + CHUNK, len(own)))
        matrix = rows_of(part, schema, *columns(part, schema, first, run), first)
        frames = {MATRIX: matrix}
        if by_hand.names:
            frames[SNAPSHOTS] = narrowed(matrix, by_hand)
        yield frames
