"""Leaks through resampling: a longer candle that has not closed yet."""

import polars as pl

from alphaloop.training.tribunal.catalogue.pair import Compute, Pair, bars_of, pair, rows
from alphaloop.training.tribunal.subject import Frames

LONG = "4h"
DAY = "1d"
TIME = pl.col("event_time")
PRICE_VOLUME, VOLUME = pl.col("close") * pl.col("volume"), pl.col("volume")


def in_candle(value: pl.Expr, length: str) -> Compute:
    """An expression within the longer candle that holds the bar."""
    return lambda frames: rows(
        bars_of(frames).with_columns(candle=TIME.dt.truncate(length)), value.over("symbol", "candle")
    )


def resampled(offset: str, labelled: str) -> Compute:
    """The long candle's close, joined as of its label: its open plus ``offset``, looked up at ``labelled``."""

    def compute(frames: Frames) -> pl.DataFrame:
        bars = bars_of(frames)
        candles = bars.group_by(
            "symbol", TIME.dt.truncate(LONG).dt.offset_by(offset).alias("label"), maintain_order=True
        )
        closes = candles.agg(pl.col("close").last().alias("long")).sort("label")
        found = bars.sort(labelled).join_asof(
            closes, left_on=labelled, right_on="label", by="symbol", check_sortedness=False
        )
        return rows(found, pl.col("long"))

    return compute


def day_range(ago: int) -> Compute:
    """The middle of a day's high and low: of the same day, or of the day before."""

    def compute(frames: Frames) -> pl.DataFrame:
        bars = bars_of(frames).with_columns(day=TIME.dt.truncate(DAY))
        days = bars.group_by("symbol", "day").agg(pivot=(pl.col("high").max() + pl.col("low").min()) / 2)
        days = days.with_columns(pl.col("day").dt.offset_by(f"{ago}d"))
        return rows(bars.join(days, on=["symbol", "day"], how="left", maintain_order="left"), pl.col("pivot"))

    return compute


PAIRS: tuple[Pair, ...] = (
    pair(
        "resample label on the wrong side",
        "a 4h candle is labelled by its open and looked up from then on",
        resampled("0h", "event_time"),
        resampled(LONG, "available_at"),
    ),
    pair(
        "forming candle",
        "the high of the 4h candle that is still being made",
        in_candle(pl.col("high").max(), LONG),
        in_candle(pl.col("high").cum_max(), LONG),
    ),
    pair(
        "volume profile of the whole day",
        "the day's average price by volume, from its first bar on",
        in_candle(PRICE_VOLUME.sum() / VOLUME.sum(), DAY),
        in_candle(PRICE_VOLUME.cum_sum() / VOLUME.cum_sum(), DAY),
    ),
    pair("pivot of the same day", "high and low of the day that is running", day_range(0), day_range(1)),
    pair(
        "share of the day's volume",
        "the bar's part of a total that is not known yet",
        in_candle(VOLUME / VOLUME.sum(), DAY),
        in_candle(VOLUME / VOLUME.cum_sum(), DAY),
    ),
)
