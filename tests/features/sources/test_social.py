"""Posts of six hours: every column by hand, the blend, and the same bits from memory alone."""

import json
from math import isnan, log

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.errors import InvalidOption
from alphaloop.features.facts import SourceFamily
from alphaloop.features.sources.social import NAMES, SOCIAL_AGG_BLEND_ALPHA, SocialFamily
from alphaloop.features.sources.words.embedding import HashedText
from alphaloop.features.sources.words.posts import AGGREGATES, bucket_posts
from alphaloop.lake.schema import TABLES
from alphaloop.lake.sources.simulated import Sampling, SimulatedMarket, simulate
from tests.features.sources.worlds import (
    BASE,
    DAY,
    FIVE,
    HOUR_US,
    assert_online_equals_batch,
    compute,
    event,
    facts,
    hours,
    post,
    said,
    table,
    told,
)

FAMILY = SocialFamily(dimension=2)
NOTHING = dict.fromkeys(AGGREGATES)


def bucket(at, posts=1, comments=0, latent=(1.0, 0.0), **more):
    """One row of social_text_latent that became available `at` hours after BASE."""
    end = BASE + round(at * HOUR_US)
    told_of = {**NOTHING, "texts": posts + comments, "post_sided": 0.0, "comment_sided": 0.0,
               "engagement_known": 0.0, "influence_known": 0.0}  # fmt: skip
    statistics = {**told_of, **{name: more.pop(name) for name in AGGREGATES if name in more}}
    return {"symbol": "BTC", "timeframe": "5m", "event_time": end - FIVE.us, "available_at": end, "model": "hash2-v1",
            "latent": list(latent), "posts": posts, "comments": comments, "agg_features": json.dumps(statistics),
            **more}  # fmt: skip


def rows(*given):
    return {"social_text_latent": table("social_text_latent", list(given))}


def test_it_is_a_source_family():
    assert isinstance(FAMILY, SourceFamily)
    names = [one.name for one in SocialFamily(dimension=3).declared]
    assert names == [*NAMES, "social_latent_0", "social_latent_1", "social_latent_2"]
    assert len(SocialFamily().declared) == len(NAMES) + 32
    assert SOCIAL_AGG_BLEND_ALPHA == 0.35
    assert "0.35" in next(one.formula for one in SocialFamily().declared if one.name == "social_event_sentiment")


@pytest.mark.parametrize("wrong", [{"dimension": 0}, {"alpha": -0.1}, {"alpha": 1.1}, {"alpha": float("nan")}])
def test_nonsense_is_refused(wrong):
    with pytest.raises(InvalidOption):
        SocialFamily(**wrong)


def test_every_column_by_hand():
    """Two buckets, 3 h and 1 h old, and one too old; events say -1 and +1 at equal weights."""
    tables = rows(
        bucket(1.0, posts=50),
        bucket(6.0, posts=3, comments=1, latent=(1.0, 0.0), authors=2, texts=3, post_sentiment=0.5, post_sided=2,
               engagement=2.0, engagement_known=1),
        bucket(8.0, posts=1, comments=3, latent=(0.0, -1.0), authors=4, texts=2, post_sentiment=-1.0, post_sided=1,
               comment_sentiment=1.0, comment_sided=3, engagement=4.0, engagement_known=3, influence=7.0,
               influence_known=2),
    )  # fmt: skip
    tables |= told([event(1, 9.0, "hack"), event(2, 9.0, "record")])

    got = {name: values[0] for name, values in said(FAMILY, facts(hours(9), tables)).items()}

    mean = (0.5 * 2 - 1.0 * 1 + 1.0 * 3) / 6
    expected = {
        "social_posts": 4.0,
        "social_comments": 4.0,
        "social_buzz": log(9),
        "social_authors": log(7),
        "social_originality": 5 / 8,
        "comment_skew": 0.0,
        "social_post_sentiment": 0.0,
        "social_comment_sentiment": 1.0,
        "social_engagement_norm": (2 + 12) / 4,
        "social_influence_norm": 7.0,
        "social_age": 1.0,
        "social_event_ratio": 0.8,
        "social_event_sentiment": 0.35 * mean + 0.65 * 0.0,
        "social_event_activity": 0.35 * log(9) + 0.65 * log(3),
        "social_latent_0": 0.5,
        "social_latent_1": -0.5,
    }
    assert got == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_alpha_weighs_the_blend():
    tables = rows(bucket(0.0, post_sentiment=1.0, post_sided=1)) | told([event(1, 0.0, "hack")])

    blends = [said(SocialFamily(2, alpha=a), facts(hours(0), tables))["social_event_sentiment"][0] for a in (0, 0.5, 1)]

    assert blends == [-1.0, 0.0, 1.0]


def test_a_blend_of_one_is_that_one_and_of_none_is_missing():
    posts, events = rows(bucket(0.0, post_sentiment=1.0, post_sided=1)), told([event(1, 0.0, "hack")])

    alone = [said(FAMILY, facts(hours(0), one)) for one in (posts, events, {})]

    assert [one["social_event_sentiment"][0] for one in alone[:2]] == [1.0, -1.0]
    assert [one["social_event_activity"][0] for one in alone[:2]] == [log(2), log(2)]
    assert all(isnan(values[0]) for values in alone[2].values())
    assert isnan(alone[0]["social_event_ratio"][0])
    assert isnan(alone[1]["social_event_ratio"][0])


def test_a_bucket_counts_from_its_end_for_six_hours_and_lives_for_a_day():
    tables, end = rows(bucket(1.0)), int(hours(1)[0])

    now = [end - 1, end, end + 6 * HOUR_US - 1, end + 6 * HOUR_US, end + DAY - 1, end + DAY]
    got = said(FAMILY, facts(now, tables))

    assert got["social_posts"][1:5] == [1, 1, 0, 0]
    assert [isnan(value) for value in got["social_posts"]] == [True, False, False, False, False, True]
    assert [isnan(value) for value in got["social_latent_0"]] == [True, False, False, True, True, True]


def test_rows_of_others_are_passed_over():
    tables = rows(
        bucket(0.0),
        bucket(0.0, symbol="ETH"),
        bucket(0.0, symbol="MARKET"),
        bucket(0.0, model="other"),
        bucket(0.0, timeframe="1h"),
        bucket(0.0, latent=(1.0, 2.0, 3.0)),
        bucket(0.0, symbol="BTCUSDT"),
    )

    assert said(FAMILY, facts(hours(0), tables))["social_posts"] == [2.0]


@pytest.mark.parametrize("broken", ["", "{}", "null", '{"authors": null}', '{"more": 1}'])
def test_statistics_nobody_wrote_are_missing(broken):
    tables = rows({**bucket(0.0), "agg_features": broken or None})

    got = said(FAMILY, facts(hours(0), tables))

    assert got["social_posts"] == [1.0]
    assert isnan(got["social_authors"][0])
    assert isnan(got["social_post_sentiment"][0])


def world(seed, count):
    rng = np.random.default_rng(seed)
    words = ["gain", "loss", "moon", "🚀", "sell", "hold", ""]
    posts = [
        post(number, at, " ".join(rng.choice(words, rng.integers(0, 5))), author=f"u{rng.integers(0, 9)}",
             kind=["post", "comment"][rng.integers(0, 2)])
        for number, at in enumerate(np.round(rng.uniform(0, 6000, count), 1))
    ]  # fmt: skip
    events = [event(n, at / 60, "record gain") for n, at in enumerate(np.sort(rng.uniform(0, 6000, count // 5)))]
    latent = bucket_posts(table("social_posts", posts), embedder=HashedText(2))
    return {"social_text_latent": latent, **told(events)}


@given(st.integers(0, 10_000), st.integers(0, 200))
@settings(max_examples=20, deadline=None)
def test_online_equals_batch_to_the_bit(seed, count):
    given = facts(hours(*np.arange(0, 110, 0.5)), world(seed, count))

    assert_online_equals_batch(FAMILY, given, range(0, 220, 11))


def test_the_future_does_not_matter():
    tables, now = world(3, 200), hours(*np.arange(0, 100, 0.25))
    values, _ = compute(FAMILY, facts(now, tables))

    for row in (0, 50, 200):
        known = pl.col("available_at").to_physical() <= int(now[row])
        short = {name: frame.filter(known) for name, frame in tables.items()}
        other, _ = compute(FAMILY, facts(now, short))
        assert other[:, : row + 1].tobytes() == values[:, : row + 1].tobytes()


def test_the_simulated_mood_follows_the_bar_before():
    """Posts there speak of the bar before they were written: sentiment follows returns, and is not ahead of them."""
    tables = simulate(SimulatedMarket(symbols=("SIMAUSDT",), days=60, seed=2, sampling=Sampling(posts_per_day=1440.0)))
    bars = tables["market_bars"].sort("event_time")
    tables["social_text_latent"] = bucket_posts(tables["social_posts"])
    now, close = bars["available_at"].to_physical().to_numpy(), bars["close"].to_numpy()
    given = facts(now, {name: tables[name] for name in SocialFamily().tables}, symbol="SIMAUSDT")

    mood = np.array(said(SocialFamily(), given)["social_post_sentiment"])[72:-72]
    past, future = close[72:-72] / close[:-144] - 1, close[144:] / close[72:-72] - 1
    known = np.isfinite(mood)

    assert np.corrcoef(mood[known], past[known])[0, 1] > 0.4
    assert abs(np.corrcoef(mood[known], future[known])[0, 1]) < 0.1


def test_it_reads_real_tweets(shared_data):
    tweets = pl.read_parquet(shared_data / "social" / "AAPL_tweets.parquet").unique("tweet_id", keep="first")
    when = tweets["ts"].cast(pl.Datetime("us", "UTC"))
    posts = tweets.select(
        pl.lit("AAPL").alias("symbol"), event_time=when, available_at=when, platform=pl.lit("twitter"),
        post_id=pl.col("tweet_id").cast(pl.String), author=pl.lit(None, pl.String), text="text", kind=pl.lit("post"),
        likes="favorites", reposts="retweets", replies=pl.lit(None, pl.Int64), author_followers="user_followers",
        payload=pl.lit(None, pl.String), is_synthetic=pl.lit(False),
    )  # fmt: skip
    made = bucket_posts(posts)
    start = int(when.min().timestamp()) * 1_000_000
    given = facts(start + HOUR_US * np.arange(1, 24 * 700, 3), {"social_text_latent": made}, symbol="AAPL")

    got = said(SocialFamily(), given)
    assert_online_equals_batch(SocialFamily(), given, range(0, len(given.now), 997))

    assert made["posts"].sum() == len(tweets)
    assert made.schema == {k: v for k, v in TABLES["social_text_latent"].dtypes.items() if k != "ingested_at"}
    assert np.isfinite(got["social_posts"]).mean() > 0.9
    assert np.isnan(got["social_engagement_norm"]).all()  # counts of these tweets were taken years later
    assert -0.2 < np.nanmean(got["social_post_sentiment"]) < 0.6
