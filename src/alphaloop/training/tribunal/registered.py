"""Every feature the house knows, as subjects; one that is registered tomorrow is judged tomorrow.

A family of bars is judged at its usual numbers, or at small ones where it has none; a family
made from lake tables as it stands.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from alphaloop.core.market import BAR_COLUMNS, CLOSE, FUNDING, Floats, Ints, Market
from alphaloop.core.time import DAY_US, HOUR_US, Timeframe
from alphaloop.features import matrix
from alphaloop.features.contract import FAMILIES, FULL_BARS, Schema, full
from alphaloop.features.facts import SourceFamily, SymbolFacts
from alphaloop.features.family import Family, lay_out
from alphaloop.features.matrix import compute_arrays
from alphaloop.features.sources.encoder import pca
from alphaloop.features.sources.words import posts
from alphaloop.features.symbol import tables_of
from alphaloop.lake.schema import TABLES
from alphaloop.lake.sources.simulated import VENUE
from alphaloop.training.tribunal.futures import of_symbol
from alphaloop.training.tribunal.scene import CLOCK, Scene, order
from alphaloop.training.tribunal.subject import Frames, Memory, Recipe

FITTING_US = 4 * DAY_US  # training window of the encoder, from the first bar on
ENCODED_BARS = 24
Make = Callable[[Frames], pl.DataFrame]
SMALL = (5, 12, 26)  # numbers for families that have no usual ones

NO_ROWS = {name: table.empty(name for name in table.names if name != "ingested_at") for name, table in TABLES.items()}


@dataclass(frozen=True, slots=True)
class Derivation:
    """A lake table that is itself computed: it stands trial with the features that read it.

    Parameters
    ----------
    table : str
    tables : tuple of str
        What it is made from.
    prepare : callable
        From the scene to a function that makes the rows.
    memory : Memory
        How far back a row of it looks.
    """

    table: str
    tables: tuple[str, ...]
    prepare: Callable[[Scene], Make]
    memory: Memory


def pooled_posts(_: Scene) -> Make:
    """Buckets of posts."""
    return lambda frames: posts.bucket_posts(frames["social_posts"])


def encoded_bars(scene: Scene) -> Make:
    """Vectors of an encoder that was fitted on the first days; features pass over those."""
    encoder = pca.fit_encoder(scene.frames[CLOCK], until=int(scene.nows[0]) + FITTING_US, window=ENCODED_BARS)
    return lambda frames: pca.encode_bars(encoder, frames[CLOCK].filter(pl.col("close").is_not_nan()))


DERIVED = (
    Derivation(posts.TABLE, ("social_posts",), pooled_posts, Memory(us=posts.FIVE_MINUTES.us)),
    Derivation(pca.TABLE, (CLOCK,), encoded_bars, Memory(us=(ENCODED_BARS + 2) * HOUR_US // 2)),
)


def small_names(families: Iterable[Family] = FAMILIES) -> tuple[str, ...]:
    """A name for every column of every family of bars.

    Examples
    --------
    >>> names = small_names()
    >>> "ret_5" in names, "macd" in names, "ret_accel_5_12" in names
    (True, True, True)
    """
    named = []
    for family in families:
        usual = all(param.default is not None for param in family.params)
        numbers = [] if usual else [str(max(n, p.least)) for n, p in zip(SMALL, family.params, strict=False)]
        named += ["_".join([column.stem, *numbers]) for column in family.columns]
    return tuple(named)


def bar_features(scene: Scene, names: Iterable[str] = ()) -> Recipe:
    """The features of bars: one of each column, those of the full matrix, and ``names`` beside them."""
    schema = Schema(dict.fromkeys((*small_names(), *FULL_BARS, *names)))

    def compute(frames: Frames) -> pl.DataFrame:
        market = to_market(frames[CLOCK], scene.symbols, scene.timeframe)
        values, _ = compute_arrays(market, schema)
        rows, assets = np.nonzero(~np.isnan(market.values[:, :, CLOSE]))
        columns = dict(zip(schema.names, np.ascontiguousarray(values[rows, assets].T), strict=True))
        known = market.ts[rows] + scene.timeframe.us
        return pl.DataFrame({"symbol": named(scene.symbols, assets), "known_at": known, **columns})

    memory = {one.name: Memory(bars=one.lookback) for one in schema.features}
    return Recipe("features of bars", schema.names, (CLOCK,), compute, memory)


def source_features(scene: Scene, family: SourceFamily) -> Recipe:
    """One family that is made from lake tables, through the tables those are made from."""
    columns = tuple(one.name for one in family.declared)
    made = [one for one in DERIVED if one.table in family.tables]
    tables = tuple(dict.fromkeys((CLOCK, *_sources_of(family.tables))))

    makes = {one.table: one.prepare(scene) for one in made}

    def compute(frames: Frames) -> pl.DataFrame:
        given = {**frames, **{table: order(table, make(frames)) for table, make in makes.items()}}
        market = to_market(given[CLOCK], scene.symbols, scene.timeframe)
        shown = {name: given[name] for name in (CLOCK, *family.tables) if name in given}
        parts = [_of_family(family, columns, facts) for facts in _facts(scene, market, shown)]
        return pl.concat([_nothing(columns), *parts])

    bars = family.memory_bars + sum(one.memory.bars for one in made)
    us = family.memory_us + sum(one.memory.us for one in made)
    return Recipe(family.name, columns, tables, compute, dict.fromkeys(columns, Memory(bars, us)))


def _facts(scene: Scene, market: Market, frames: Frames) -> Iterator[SymbolFacts]:
    for asset, symbol in enumerate(scene.symbols):
        rows = np.flatnonzero(~np.isnan(market.values[:, asset, CLOSE]))
        known = market.ts[rows] + scene.timeframe.us
        if not len(rows):
            continue
        own = {**NO_ROWS, **{name: of_symbol(frame, symbol) for name, frame in frames.items()}}
        yield SymbolFacts(symbol, scene.timeframe, known, lay_out(market.values, asset, rows), own, VENUE)


def _nothing(columns: tuple[str, ...]) -> pl.DataFrame:
    return pl.DataFrame(schema={"symbol": pl.String, "known_at": pl.Int64, **dict.fromkeys(columns, pl.Float64)})


def _of_family(family: SourceFamily, columns: tuple[str, ...], facts: SymbolFacts) -> pl.DataFrame:
    shape = (len(columns), len(facts.now))
    values, mask = np.full(shape, np.nan), np.zeros(shape, dtype=np.bool_)
    family.compute(facts, values, mask)
    shown = dict(zip(columns, np.where(mask, values, np.nan), strict=True))
    return pl.DataFrame({"symbol": [facts.symbol] * len(facts.now), "known_at": facts.now, **shown})


def whole_matrix(scene: Scene) -> Recipe:
    """The full matrix as ``features build`` makes it, joins and all."""
    schema = full()
    tables = tuple(dict.fromkeys((CLOCK, "funding_rates", *_sources_of(tables_of(schema.sources)))))
    makes = {one.table: one.prepare(scene) for one in DERIVED}

    def compute(frames: Frames) -> pl.DataFrame:
        given = {**frames, **{table: make(frames) for table, make in makes.items()}}
        bars = given[CLOCK] = frames[CLOCK].filter(pl.col("close").is_not_nan())
        traded = [symbol for symbol in scene.symbols if symbol in set(bars["symbol"])]
        if not traded:
            return _nothing(schema.names)
        rows = matrix.compute(given, symbols=traded, timeframe=scene.timeframe, schema=schema)
        return rows.select("symbol", pl.col("available_at").alias("known_at"), *schema.names)

    return Recipe("the matrix", schema.names, tables, compute)


def _sources_of(tables: Iterable[str]) -> list[str]:
    """The tables, those that are computed replaced by what they are made from."""
    made = {one.table: one.tables for one in DERIVED}
    return [source for name in tables for source in made.get(name, (name,))]


def named(symbols: tuple[str, ...], assets: Ints) -> pl.Series:
    """Symbol names of places."""
    return pl.Series(symbols, dtype=pl.String).gather(assets)


def to_market(bars: pl.DataFrame, symbols: tuple[str, ...], timeframe: Timeframe) -> Market:
    """Bars on one clock; a candle without prices is no candle."""
    opened = bars["event_time"].to_physical().to_numpy()
    times, rows = np.unique(opened, return_inverse=True)
    assets = bars["symbol"].cast(pl.Enum(symbols)).to_physical().to_numpy()
    values: Floats = np.full((len(times), len(symbols), len(BAR_COLUMNS)), np.nan)
    values[rows, assets, :FUNDING] = bars.select(BAR_COLUMNS[:FUNDING]).to_numpy()
    values[rows, assets, FUNDING] = 0.0
    return Market(times, symbols, values, timeframe)
