"""The form of a pair, and the few ways in which planted features read tables."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from alphaloop.core.time import HOUR_US
from alphaloop.training.tribunal.learning.subjects import Half
from alphaloop.training.tribunal.subject import Frames, Recipe

Compute = Callable[[Frames], pl.DataFrame]
VALUE = "value"
KNOWN = pl.col("available_at").alias("known_at")


@dataclass(frozen=True, slots=True)
class Pair:
    """One mistake: something that makes it, and the same thing without it.

    Parameters
    ----------
    name : str
    leak : str
        What the leaky one does.
    leaky, clean : Recipe, Labels, Folds, Fit or Crossed
    """

    name: str
    leak: str
    leaky: Half
    clean: Half


def pair(name: str, leak: str, leaky: Compute, clean: Compute, *tables: str) -> Pair:
    """A pair that reads bars, and ``tables`` beside them."""
    read = ("market_bars", *tables)
    return Pair(
        name, leak, Recipe(f"{name} (leaky)", (VALUE,), read, leaky), Recipe(f"{name} (clean)", (VALUE,), read, clean)
    )


def bars_of(frames: Frames) -> pl.DataFrame:
    """Bars by symbol, oldest first; a candle without prices is left out."""
    return frames["market_bars"].filter(pl.col("close").is_not_nan()).sort("symbol", "event_time")


def rows(frame: pl.DataFrame, value: pl.Expr) -> pl.DataFrame:
    """The frame's rows as an answer: each is known when it became available."""
    return frame.select("symbol", KNOWN, value.alias(VALUE))


def by_bar(value: pl.Expr) -> Compute:
    """An expression on the bars of each symbol."""
    return lambda frames: rows(bars_of(frames), value.over("symbol"))


def as_of(table: str, value: pl.Expr, *, left: pl.Expr, right: pl.Expr, strategy: str = "backward") -> Compute:
    """At each bar the figure of ``table`` whose time ``right`` is the last at or before the bar's ``left``."""

    def compute(frames: Frames) -> pl.DataFrame:
        figures = frames[table].select("symbol", right.alias("joined_at"), value.alias(VALUE))
        bars = bars_of(frames).with_columns(left.alias("joined_at")).sort("joined_at", maintain_order=True)
        found = bars.join_asof(
            figures.sort("joined_at", maintain_order=True),
            on="joined_at",
            by="symbol",
            strategy=strategy,  # type: ignore[arg-type]
            check_sortedness=False,
        )
        return rows(found, pl.col(VALUE))

    return compute


def counted(table: str, when: pl.Expr, weight: pl.Expr, hours: int = 24) -> Compute:
    """At each bar the sum of ``weight`` over the rows of ``table`` with ``when`` in the hours before."""
    return lambda frames: total_before(
        bars_of(frames), frames[table].select("symbol", when.alias("at"), weight.alias("w")), hours
    )


def total_before(bars: pl.DataFrame, facts: pl.DataFrame, hours: int) -> pl.DataFrame:
    """At each bar the sum of ``w`` over facts with ``at`` in ``(now - hours, now]``, whole numbers: exact."""
    running = facts.sort("at").with_columns(pl.col("w").cast(pl.Int64).cum_sum().over("symbol"))
    bars = bars.with_columns(begun=pl.col("available_at") - pl.duration(microseconds=hours * HOUR_US))
    sums = []
    for edge in ("available_at", "begun"):
        joined = bars.sort(edge).join_asof(running, left_on=edge, right_on="at", by="symbol", check_sortedness=False)
        sums.append(joined.sort("symbol", "event_time")["w"].fill_null(0))
    return rows(bars.sort("symbol", "event_time"), pl.lit(sums[0] - sums[1]))
