"""Posts to buckets: rows of ``social_text_latent``, one per symbol and five minutes.

A bucket holds the posts that became available in ``(event_time, event_time + timeframe]``, so
it is complete the moment it ends and no post comes late. Its vector is the mean of its posts'
vectors, weighted by engagement; order does not matter, to the bit, because posts are put in
order of their ids first.

Counts of likes, shares and followers are those at collection, so later than the post, and
are not used, unless the row says otherwise: its payload has ``"collected_at"`` (microseconds
or ISO time) and that is not after ``available_at``.
"""

import numpy as np
import polars as pl

from alphaloop.core.market import Floats, Ints
from alphaloop.core.time import Timeframe
from alphaloop.features.family import compiled
from alphaloop.features.sources.words.embedding import Embedder, HashedText
from alphaloop.features.sources.words.texts import clean, polarity
from alphaloop.lake.columns import TIME
from alphaloop.lake.schema import TABLES

FIVE_MINUTES = Timeframe.parse("5m")
TABLE = "social_text_latent"
_KEY = ("symbol", "platform", "post_id")
_SUMS = ("post_sentiment", "post_sided", "comment_sentiment", "comment_sided", "engagement", "engagement_known",
         "influence", "influence_known")  # fmt: skip
AGGREGATES = ("comment_skew", "authors", "texts", *_SUMS)
"""Keys of ``agg_features``; a mean nobody contributed to is null.

comment_skew (comments - posts) / (comments + posts); authors, texts: different ones;
post_sentiment, comment_sentiment: mean polarity of the ``_sided`` many that take a side;
engagement: mean log(1 + likes + reposts + replies) of the ``_known`` many; influence:
the same of log(1 + author's followers).
"""


def bucket_posts(
    posts: pl.DataFrame,
    *,
    timeframe: Timeframe = FIVE_MINUTES,
    embedder: Embedder | None = None,
    source: str = "alphaloop",
) -> pl.DataFrame:
    """Rows of ``social_text_latent`` from rows of ``social_posts``.

    Parameters
    ----------
    posts : polars.DataFrame
        Any order. To continue, hand over the posts that became available after the last
        bucket's end: a bucket depends on its own posts alone.
    timeframe : Timeframe
        Length of a bucket.
    embedder : Embedder, optional
        Default :class:`HashedText` of 32 dimensions.
    source : str
        Who computed the rows.

    Returns
    -------
    polars.DataFrame
        The table's declared columns without ``ingested_at``, by symbol, then time. A bucket
        with a simulated post is marked as simulated; all are derived.
    """
    maker = embedder or HashedText()
    step = timeframe.us
    end = (pl.col("available_at").to_physical() + step - 1) // step * step
    frame = posts.with_columns(bucket=end).sort("symbol", "bucket", "platform", "post_id", "available_at", "text")
    frame = frame.unique(_KEY, keep="first", maintain_order=True)
    texts = clean(frame["text"])
    different = texts.unique(maintain_order=True)
    which = _places(texts, different)
    per_post = _numbers(frame, polarity(different)[which])
    starts = frame.select(pl.struct("symbol", "bucket").rle_id())["symbol"].to_numpy().astype(np.int64)
    bounds = np.flatnonzero(np.diff(starts, prepend=-1, append=-2))
    weights = 1.0 + np.nan_to_num(per_post[:, 4], nan=0.0)
    vectors = _pool(maker.embed(different), which, weights, bounds)
    return _rows(frame.with_columns(clean=texts), _sum(per_post, bounds), vectors, (timeframe, maker.name, source))


def _places(texts: pl.Series, different: pl.Series) -> Ints:
    """Row of each text in ``different``."""
    known = different.alias("text").to_frame().with_row_index("place")
    places = texts.alias("text").to_frame().join(known, on="text", how="left", maintain_order="left")["place"]
    return places.to_numpy().astype(np.int64)


def _numbers(frame: pl.DataFrame, sides: Floats) -> Floats:
    """What each post adds to :data:`_SUMS`: value and 1 where known, NaN and 0 where not."""
    comment = (frame["kind"] == "comment").to_numpy()
    counts = frame.select(
        engagement=pl.when(counted_in_time()).then((1 + pl.sum_horizontal("likes", "reposts", "replies")).log()),
        influence=pl.when(counted_in_time()).then((1 + pl.col("author_followers")).log()),
    )
    nothing = frame.select(pl.all_horizontal(pl.col("likes", "reposts", "replies").is_null()))["likes"].to_numpy()
    engagement = np.where(nothing, np.nan, counts["engagement"].fill_null(np.nan).to_numpy())
    parts = (
        np.where(comment, np.nan, sides),
        np.where(comment, sides, np.nan),
        engagement,
        counts["influence"].fill_null(np.nan).to_numpy(),
    )
    columns = [column for part in parts for column in (part, np.isfinite(part).astype(np.float64))]
    return np.stack(columns, axis=1) if len(sides) else np.empty((0, len(_SUMS)))


def counted_in_time() -> pl.Expr:
    """Whether a post's counts were taken by the time it became available; null and false else."""
    stated = pl.when(pl.col("payload").str.contains('"collected_at"', literal=True)).then("payload").str.head(20_000)
    microseconds = stated.str.extract(r'"collected_at"\s*:\s*"?(\d{15,17})\b').cast(pl.Int64, strict=False).cast(TIME)
    when = pl.coalesce(microseconds, _iso(stated))
    return (when <= pl.col("available_at")).fill_null(False)


def _iso(stated: pl.Expr) -> pl.Expr:
    """The ISO time in JSON; without a zone it is UTC. The form is fixed: a guess would depend on other rows."""
    form = r'"collected_at"\s*:\s*"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d{1,9})?)(Z|[+-]\d\d:?\d\d)?"'
    day, clock, zone = (stated.str.extract(form, group) for group in (1, 2, 3))
    zone = pl.when(zone.is_null() | (zone == "Z")).then(pl.lit("+00:00")).otherwise(zone)
    text = pl.concat_str(day, pl.lit("T"), clock, zone)
    return text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", strict=False)


@compiled
def _pool(vectors: Floats, which: Ints, weights: Floats, bounds: Ints) -> Floats:
    """Weighted mean of each bucket's vectors, posts in order."""
    out = np.zeros((len(bounds) - 1, vectors.shape[1]))
    for bucket in range(len(out)):
        total = 0.0
        for post in range(bounds[bucket], bounds[bucket + 1]):
            total += weights[post]
            for d in range(vectors.shape[1]):
                out[bucket, d] += weights[post] * vectors[which[post], d]
        for d in range(vectors.shape[1]):
            out[bucket, d] /= total
    return out


@compiled
def _sum(numbers: Floats, bounds: Ints) -> Floats:
    """Sums over each bucket's posts in order, unknown ones left out; values become means."""
    out = np.zeros((len(bounds) - 1, numbers.shape[1]))
    for bucket in range(len(out)):
        for post in range(bounds[bucket], bounds[bucket + 1]):
            for column in range(0, numbers.shape[1], 2):
                if numbers[post, column + 1] > 0.0:
                    out[bucket, column] += numbers[post, column]
                    out[bucket, column + 1] += 1.0
        for column in range(0, numbers.shape[1], 2):
            out[bucket, column] /= out[bucket, column + 1]  # of none: not a number, null below
    return out


def _rows(frame: pl.DataFrame, sums: Floats, vectors: Floats, made: tuple[Timeframe, str, str]) -> pl.DataFrame:
    """One row per bucket; ``frame`` in the order of buckets."""
    timeframe, model, source = made
    table = TABLES[TABLE]
    counted = frame.group_by("symbol", "bucket", maintain_order=True).agg(
        posts=(pl.col("kind") != "comment").sum(),
        comments=(pl.col("kind") == "comment").sum(),
        authors=pl.struct("platform", "author").filter(pl.col("author").is_not_null()).n_unique(),
        texts=pl.col("clean").n_unique(),
        is_synthetic=pl.col("is_synthetic").any(),
    )
    parts = {name: pl.Series(sums[:, place]).fill_nan(None) for place, name in enumerate(_SUMS)}
    latent = pl.Series(vectors.astype(np.float32).ravel()).reshape(vectors.shape).arr.to_list()
    said = pl.col("posts").cast(pl.Float64) + pl.col("comments")
    rows = counted.with_columns(
        **parts,
        authors=pl.when(pl.col("authors") > 0).then("authors"),
        comment_skew=(pl.col("comments").cast(pl.Float64) - pl.col("posts")) / said,
    ).with_columns(
        timeframe=pl.lit(str(timeframe)),
        event_time=pl.col("bucket") - timeframe.us,
        available_at=pl.col("bucket"),
        model=pl.lit(model),
        latent=latent,
        agg_features=pl.struct(AGGREGATES).struct.json_encode(),
        source=pl.lit(source),
        is_derived=pl.lit(True),
    )
    return rows.select(pl.col(name).cast(table.dtypes[name]) for name in table.names if name != "ingested_at")
