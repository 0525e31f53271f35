"""Leaks in the rows themselves: revised, repeated, counted later, dropped for what followed."""

import polars as pl

from alphaloop.training.tribunal.catalogue.pair import Compute, Pair, as_of, bars_of, counted, pair, rows, total_before
from alphaloop.training.tribunal.scene import COUNTED_IN_TIME, REVISED
from alphaloop.training.tribunal.subject import Frames

KNOWN, CLOSE = pl.col("available_at"), pl.col("close")
POSTS, CHAIN = "social_posts", "onchain_signals"
HORIZON = 12
LIVELY = 100  # followers above which a post counts
IN_TIME, FAMOUS = COUNTED_IN_TIME.cast(pl.Int64), (pl.col("author_followers") > LIVELY).cast(pl.Int64)


def chain(prepared: pl.Expr | None) -> Compute:
    """The revised figure as of each bar; with ``prepared`` every day carries that value from its first release."""

    def compute(frames: Frames) -> pl.DataFrame:
        figure = frames[CHAIN].filter(pl.col("metric") == REVISED).sort("symbol", "event_time", "available_at")
        if prepared is not None:
            value = prepared.over("symbol", "event_time")
            figure = figure.with_columns(value).unique(["symbol", "event_time"], keep="first", maintain_order=True)
        return as_of(CHAIN, pl.col("value"), left=KNOWN, right=KNOWN)({**frames, CHAIN: figure})

    return compute


def stories(keep: str) -> Compute:
    """Different headlines of the last three days; of a repeated one the ``first`` or ``last`` telling is kept."""

    def compute(frames: Frames) -> pl.DataFrame:
        told = frames["events"].sort("available_at", "event_id").unique("title", keep=keep, maintain_order=True)  # type: ignore[arg-type]
        symbols = bars_of(frames).select(pl.col("symbol").unique().sort())
        each = symbols.join(told.select(at=KNOWN, w=pl.lit(1)), how="cross")
        return total_before(bars_of(frames), each, 72)

    return compute


def rarity(count: pl.Expr) -> Compute:
    """How rare a post's words are, by a vocabulary of all posts or of those before it: one row a post."""
    return lambda frames: rows(
        frames[POSTS].sort("available_at", "post_id"), 1.0 / count.over("symbol", pl.col("text"))
    )


def without_unlabelled(frames: Frames) -> pl.DataFrame:
    """Rows whose label is missing are dropped, so that a row's presence tells of what followed."""
    labelled = bars_of(frames).with_columns(ahead=CLOSE.shift(-HORIZON).over("symbol") / CLOSE - 1)
    return rows(labelled.filter(pl.col("ahead").abs() > 0.001), CLOSE)


def without_unknown(frames: Frames) -> pl.DataFrame:
    """Rows whose past return is too small are dropped."""
    past = bars_of(frames).with_columns(behind=CLOSE / CLOSE.shift(HORIZON).over("symbol") - 1)
    return rows(past.filter(pl.col("behind").abs() > 0.001), CLOSE)


PAIRS: tuple[Pair, ...] = (
    pair(
        "revision",
        "the revised value from the day of the first release",
        chain(pl.col("value").last()),
        chain(pl.col("value").first()),
        CHAIN,
    ),
    pair("mean of revisions", "the mean of all releases of a day", chain(pl.col("value").mean()), chain(None), CHAIN),
    pair(
        "repeated story",
        "of a repeated headline only the last telling is kept",
        stories("last"),
        stories("first"),
        "events",
    ),
    pair(
        "engagement at collection",
        "posts weighed by likes that were counted long after",
        counted(POSTS, KNOWN, pl.col("likes")),
        counted(POSTS, KNOWN, IN_TIME * pl.col("likes")),
        POSTS,
    ),
    pair(
        "authors by their later fame",
        "posts of authors who had a following when collected",
        counted(POSTS, KNOWN, FAMOUS),
        counted(POSTS, KNOWN, IN_TIME * FAMOUS),
        POSTS,
    ),
    pair(
        "vocabulary of all posts",
        "word frequencies of the whole sample",
        rarity(pl.len()),
        rarity(pl.int_range(1, pl.len() + 1)),
        POSTS,
    ),
    pair("rows dropped by their label", "only rows that were followed by a move", without_unlabelled, without_unknown),
)
