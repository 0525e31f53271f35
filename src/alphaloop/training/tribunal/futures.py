"""Futures: what may stand after an instant in place of what really came.

Four whole worlds are made once; at an instant the real rows known by then are put before
the rows of a world that become known later. ``available_at`` decides, and is itself never
touched: it is the claim that the court takes as given.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from alphaloop.core.market import Ints
from alphaloop.lake.columns import Column
from alphaloop.lake.schema import TABLES
from alphaloop.training.tribunal.scene import COUNTED_IN_TIME, MADE_LATER, Scene, order
from alphaloop.training.tribunal.subject import Frames

REMOVED, GARBAGE, UNKNOWN, OTHER_SYMBOL = "removed", "garbage", "unknown", "other symbol"
FUTURES = (REMOVED, GARBAGE, UNKNOWN, OTHER_SYMBOL)

WILD = 2.0  # garbage is the true number times exp(WILD * normal)
PROVENANCE = ("source", "is_synthetic", "is_derived", "ingested_at", "event_time", "available_at")
BOUNDED = frozenset({"confidence", "source_tier"})  # scaled, they would be no such figure any more


@dataclass(frozen=True)
class Futures:
    """The scene, and the worlds that can follow it.

    Parameters
    ----------
    scene : Scene
    worlds : mapping of future to tables
        :data:`REMOVED` stands for the scene itself.
    known : the same with the ``available_at`` of each table's rows, ascending
    """

    scene: Scene
    worlds: Mapping[str, Frames]
    known: Mapping[str, Mapping[str, Ints]]

    def splice(self, instant: int, future: str, tables: tuple[str, ...]) -> Frames:
        """The real rows with ``available_at <= instant``, and after them those of ``future``."""
        made = {}
        for name in tables:
            past = self.scene.frames[name].head(self._until(REMOVED, name, instant))
            if future != REMOVED:
                past = pl.concat(
                    [past, self.worlds[future][name].slice(self._until(future, name, instant))], rechunk=True
                )
            made[name] = past
        return made

    def within(self, begin: int, end: int, world: str, tables: tuple[str, ...]) -> Frames:
        """The scene, but rows known in ``(begin, end]`` are those of ``world``; with :data:`REMOVED` there are none."""
        made = {}
        for name in tables:
            first, last = self._until(REMOVED, name, begin), self._until(REMOVED, name, end)
            parts = [self.scene.frames[name].head(first), self.scene.frames[name].slice(last)]
            if world != REMOVED:
                from_, to = self._until(world, name, begin), self._until(world, name, end)
                parts.insert(1, self.worlds[world][name].slice(from_, to - from_))
            made[name] = pl.concat(parts, rechunk=True)
        return made

    def _until(self, world: str, table: str, instant: int) -> int:
        return int(np.searchsorted(self.known[world][table], instant, side="right"))

    def alone(self, symbol: str) -> "Futures":
        """The same for one symbol: what a computation sees that is shown one symbol at a time."""
        worlds = {
            name: {key: of_symbol(frame, symbol) for key, frame in world.items()} for name, world in self.worlds.items()
        }
        scene = Scene(worlds[REMOVED], self.scene.symbols, self.scene.timeframe)
        return Futures(scene, worlds, _known(worlds))


def make_futures(scene: Scene, seed: int) -> Futures:
    """All worlds of a scene; the same seed gives the same garbage."""
    random = np.random.default_rng([seed, 2])
    worlds = {
        REMOVED: scene.frames,
        GARBAGE: {name: garbage(name, frame, random) for name, frame in scene.frames.items()},
        UNKNOWN: {name: unknown(name, frame) for name, frame in scene.frames.items()},
        OTHER_SYMBOL: {name: other_symbol(name, frame, scene.symbols) for name, frame in scene.frames.items()},
    }
    return Futures(scene, worlds, _known(worlds))


def _known(worlds: Mapping[str, Frames]) -> dict[str, dict[str, Ints]]:
    return {
        world: {name: np.asarray(frame["available_at"].to_physical()) for name, frame in tables.items()}
        for world, tables in worlds.items()
    }


def of_symbol(frame: pl.DataFrame, symbol: str) -> pl.DataFrame:
    """The rows of a symbol; all of them where rows name none."""
    return frame.filter(pl.col("symbol") == symbol) if "symbol" in frame.columns else frame


def facts(table: str) -> tuple[Column, ...]:
    """The columns of a table that state something, as against those that name, date or vouch for a row."""
    declared = TABLES[table]
    return tuple(one for one in declared.columns if one.name not in (*declared.key, *PROVENANCE, "symbol", "timeframe"))


def garbage(table: str, frame: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """What rows state is dealt out anew among them, and every number made wild.

    One factor a row keeps a candle a candle (high above low), so that what reads it does not
    stop at bad data but computes.
    """
    stated = [one for one in facts(table) if one.name in frame.columns]
    if not stated:
        return frame
    dealt = frame.select(one.name for one in stated)[random.permutation(frame.height)]
    factor = pl.Series(np.exp(WILD * random.standard_normal(frame.height)))
    signed = factor * pl.Series(random.choice([-1.0, 1.0], frame.height))
    wild = [
        (pl.col(one.name) * (factor if one.bound else signed)).alias(one.name)
        for one in stated
        if one.dtype == pl.Float64 and one.name not in BOUNDED
    ]
    return frame.with_columns(dealt.with_columns(wild))


def unknown(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Numbers are missing: null where the table allows it, else NaN, which for a candle means there is none."""
    blanks = [
        pl.lit(None if one.nullable else float("nan"), dtype=pl.Float64).alias(one.name)
        for one in facts(table)
        if one.dtype == pl.Float64 and one.name in frame.columns
    ]
    return frame.with_columns(blanks)


def other_symbol(table: str, frame: pl.DataFrame, symbols: tuple[str, ...]) -> pl.DataFrame:
    """Each symbol's rows stand under the next symbol's name; where rows name none, what they state is reversed."""
    if "symbol" not in frame.columns:
        stated = [one.name for one in facts(table) if one.name in frame.columns]
        return frame.with_columns(pl.col(stated).reverse())
    turned = dict(zip(symbols, (*symbols[1:], symbols[0]), strict=True))
    return order(table, frame.with_columns(pl.col("symbol").replace(turned)))


def delayed(scene: Scene, table: str, by_us: int) -> Frames:
    """The scene with every row of ``table`` known ``by_us`` later."""
    return _with(scene, table, pl.col("available_at") + pl.duration(microseconds=by_us))


def at_once(scene: Scene, table: str) -> Frames:
    """The scene with every row of ``table`` known at its own ``event_time``."""
    return _with(scene, table, pl.col("event_time"))


def _with(scene: Scene, table: str, available: pl.Expr) -> Frames:
    moved = scene.frames[table].with_columns(available.alias("available_at"))
    return {**scene.frames, table: order(table, moved)}


def rewritten(scene: Scene, table: str, seed: int) -> Frames:
    """The scene with all that ``table`` states replaced by garbage, past and future."""
    random = np.random.default_rng([seed, 3])
    return {**scene.frames, table: garbage(table, scene.frames[table], random)}


def thinned(scene: Scene, table: str, seed: int) -> Frames:
    """The scene with about half of the rows of ``table``."""
    frame, random = scene.frames[table], np.random.default_rng([seed, 5])
    return {**scene.frames, table: frame.filter(pl.Series(random.random(frame.height) < 0.5))}


def emptied(scene: Scene, table: str) -> Frames:
    """The scene without a row of ``table``."""
    return {**scene.frames, table: scene.frames[table].clear()}


def collected_otherwise(scene: Scene, table: str) -> Frames:
    """The scene with those columns of ``table`` dealt out in reverse that are settled after their row is known."""
    late = [
        pl.when(COUNTED_IN_TIME).then(name).otherwise(pl.col(name).reverse()).alias(name) for name in MADE_LATER[table]
    ]
    return {**scene.frames, table: scene.frames[table].with_columns(late)}


def begun_at(scene: Scene, instant: int) -> Frames:
    """The scene without the rows known before ``instant``."""
    start = pl.lit(instant).cast(pl.Datetime("us", "UTC"))
    return {name: frame.filter(pl.col("available_at") >= start) for name, frame in scene.frames.items()}
