"""Labels that read more than their interval, or nothing."""

import polars as pl

from alphaloop.training.tribunal.catalogue.pair import VALUE, Compute, Pair, bars_of
from alphaloop.training.tribunal.learning.panel import HORIZON, STEP_US
from alphaloop.training.tribunal.learning.subjects import Labels
from alphaloop.training.tribunal.scene import CLOCK
from alphaloop.training.tribunal.subject import Frames

CLOSE, HIGH, NOW, TIME = pl.col("close"), pl.col("high"), pl.col("available_at"), pl.col("event_time")
STEP = pl.duration(microseconds=STEP_US)
AHEAD = pl.col("ahead")
FORWARD = AHEAD / CLOSE - 1
SPREAD = (CLOSE / CLOSE.shift(1) - 1).rolling_std(24)  # known at the decision
LONG = "4h"


def label(value: pl.Expr, end: pl.Expr | None = None, bars: int = HORIZON) -> Compute:
    """An expression on each symbol's bars, which know the close so many bars of time ahead as ``ahead``."""

    def compute(frames: Frames) -> pl.DataFrame:
        now = bars_of(frames)
        then = now.select("symbol", TIME - bars * STEP, CLOSE.alias("ahead"))
        rows = now.join(then, on=["symbol", "event_time"], how="left", maintain_order="left")
        ends = (NOW + bars * STEP) if end is None else end
        made = rows.select("symbol", NOW.alias("start"), ends.alias("known_at"), value.over("symbol").alias(VALUE))
        return made.filter(pl.col(VALUE).is_not_null())

    return compute


def of_candle(since: pl.Expr) -> Compute:
    """What the long candle that holds the next bar will close at, against ``since``."""

    def compute(frames: Frames) -> pl.DataFrame:
        bars = bars_of(frames).with_columns(candle=NOW.dt.truncate(LONG))
        candles = bars_of(frames).group_by("symbol", TIME.dt.truncate(LONG).alias("candle"), maintain_order=True)
        found = bars.join(
            candles.agg(pl.col("open").first().alias("opened"), CLOSE.last().alias("closed"), NOW.last().alias("last")),
            on=["symbol", "candle"],
            maintain_order="left",
        )
        ends = pl.col("candle").dt.offset_by(LONG).alias("known_at")
        found = found.filter(pl.col("last") > NOW)  # else the candle holds nothing that is still to come
        return found.select("symbol", NOW.alias("start"), ends, (pl.col("closed") / since - 1).alias(VALUE))

    return compute


def against_market(bars: int) -> Compute:
    """Forward return less the mean forward return of all symbols over so many bars."""

    def compute(frames: Frames) -> pl.DataFrame:
        own, market = label(FORWARD)(frames), label(FORWARD, bars=bars)(frames)
        mean = market.group_by("start", maintain_order=True).agg(pl.col(VALUE).sum().alias("market"))
        found = own.join(mean, on="start", maintain_order="left")
        return found.with_columns((pl.col(VALUE) - pl.col("market") / 3).alias(VALUE))

    return compute


class Cached:
    """Labels made once and handed out ever after: the table on disk that nobody makes anew."""

    def __init__(self) -> None:
        self._made: pl.DataFrame | None = None

    def __call__(self, frames: Frames) -> pl.DataFrame:
        """The rows of the first call."""
        if self._made is None:
            self._made = label(FORWARD)(frames)
        return self._made


def touched(end: pl.Expr) -> Compute:
    """The highest of the next twelve highs, with an end: where it was touched, or where the window ends."""
    highs = [HIGH.shift(-k) for k in range(1, HORIZON + 1)]
    best = pl.max_horizontal(highs)
    place = pl.concat_list(highs).list.arg_max()
    whole = pl.when(NOW.shift(-HORIZON) == NOW + HORIZON * STEP)  # without holes: the leak is another

    def compute(frames: Frames) -> pl.DataFrame:
        bars = bars_of(frames).with_columns(
            whole.then(best).over("symbol").alias("best"), whole.then(place).over("symbol").alias("place")
        )
        rows = bars.select(
            "symbol", NOW.alias("start"), end.alias("known_at"), (pl.col("best") / CLOSE - 1).alias(VALUE)
        )
        return rows.filter(pl.col(VALUE).is_not_null())

    return compute


def pair(name: str, leak: str, leaky: Compute, clean: Compute, *, scaled: bool = False) -> Pair:
    """A pair of labels made of bars; the clean one may be measured in a scale known at its start."""
    known = (VALUE,) if scaled else ()
    return Pair(
        name,
        leak,
        Labels(f"{name} (leaky)", (VALUE,), (CLOCK,), leaky, known),
        Labels(f"{name} (clean)", (VALUE,), (CLOCK,), clean, known),
    )


TOUCH = NOW + STEP * (pl.col("place") + 1)
PAIRS: tuple[Pair, ...] = (
    pair(
        "rows counted across a hole",
        "twelve rows on, which is later than twelve bars of time where one is missing",
        label(CLOSE.shift(-HORIZON) / CLOSE - 1),
        label(FORWARD),
    ),
    pair(
        "label in units of the whole sample",
        "divided by the deviation of all labels",
        label(FORWARD / FORWARD.std()),
        label(FORWARD / SPREAD),
        scaled=True,
    ),
    pair(
        "label less the sample's mean",
        "the mean of all labels is taken off",
        label(FORWARD - FORWARD.mean()),
        label(FORWARD),
    ),
    pair(
        "classes by quantiles of all labels",
        "the best three tenths of the whole sample are class 1",
        label((FORWARD.quantile(0.7) < FORWARD).cast(pl.Float64)),
        label((FORWARD > 0.002).cast(pl.Float64)),
    ),
    pair(
        "label from before its start",
        "a return counted from the close before the one decided on",
        label(AHEAD / CLOSE.shift(1) - 1),
        label(FORWARD),
    ),
    pair(
        "resampled label",
        "the return of the 4h candle around the decision, from the candle's open",
        of_candle(pl.col("opened")),
        of_candle(CLOSE),
    ),
    pair(
        "label smoothed over its neighbours",
        "a centred mean of five labels",
        label(FORWARD.rolling_mean(5, center=True)),
        label(FORWARD),
    ),
    pair(
        "missing label from the next",
        "a label that a hole leaves missing is filled from behind",
        label(FORWARD.backward_fill()),
        label(FORWARD),
    ),
    pair(
        "end at the touch, value of the window",
        "the best price of twelve bars, said to be known when it was touched",
        touched(TOUCH),
        touched(NOW + HORIZON * STEP),
    ),
    pair(
        "against a market of another horizon",
        "less the market's return over twice as many bars",
        against_market(2 * HORIZON),
        against_market(HORIZON),
    ),
    pair("cached labels", "made once, handed out whatever the facts are", Cached(), label(FORWARD)),
)
