"""Buckets of posts: by hand, in any order, piece by piece, and with hostile texts."""

import json
from math import log

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.time import Timeframe
from alphaloop.features.sources.words.embedding import HashedText
from alphaloop.features.sources.words.posts import AGGREGATES, bucket_posts, counted_in_time
from alphaloop.lake.schema import TABLES
from alphaloop.lake.table import Lake
from tests.features.sources.test_events import HOSTILE
from tests.features.sources.worlds import BASE, MINUTE_US, post, table

FOUR = HashedText(4)


class Letters:
    """A tiny embedder by hand: how many letters a and b."""

    name, dimension = "letters", 2

    def embed(self, cleaned):
        return np.array([[text.count("a"), text.count("b")] for text in cleaned], dtype=float).reshape(-1, 2)


def buckets(*posts, **options):
    return bucket_posts(table("social_posts", list(posts)), **{"embedder": Letters(), **options})


def statistics(row):
    return json.loads(row["agg_features"])


def test_a_bucket_by_hand():
    made = buckets(
        post(1, 1, "aaa gain", author="x"),
        post(2, 2, "bb loss", author="x"),
        post(3, 5, "aaa gain", author="y", kind="comment"),
        post(4, 5.1, "later"),
    ).to_dicts()

    first = made[0]
    assert len(made) == 2
    assert (first["event_time"].timestamp() * 1e6, first["available_at"].timestamp() * 1e6) == (
        BASE,
        BASE + 5 * MINUTE_US,
    )
    assert first["latent"] == pytest.approx([(4 + 0 + 4) / 3, (0 + 2 + 0) / 3])
    assert (first["posts"], first["comments"], first["model"], first["timeframe"]) == (2, 1, "letters", "5m")
    assert (first["is_derived"], first["is_synthetic"], first["source"]) == (True, False, "alphaloop")
    assert statistics(first) == {
        "comment_skew": pytest.approx(-1 / 3), "authors": 2, "texts": 2,
        "post_sentiment": 0.0, "post_sided": 2.0, "comment_sentiment": 1.0, "comment_sided": 1.0,
        "engagement": None, "engagement_known": 0.0, "influence": None, "influence_known": 0.0,
    }  # fmt: skip
    assert statistics(made[1])["authors"] is None
    assert list(statistics(first)) == list(AGGREGATES)


def test_engagement_counts_only_where_it_was_counted_in_time():
    """Weights 1 + log(1 + likes + reposts + replies): 1 and 1 + log 8; the third's counts came later."""
    stamp = BASE + 1 * MINUTE_US
    made = buckets(
        post(1, 1, "a", likes=0, payload=json.dumps({"collected_at": stamp}), author_followers=9),
        post(2, 1, "b", likes=4, reposts=3, payload=json.dumps({"collected_at": stamp})),
        post(3, 1, "a", likes=10**9, author_followers=10**9),
        post(4, 1, "b", likes=10**9, payload=json.dumps({"collected_at": stamp + 1})),
    ).to_dicts()[0]

    heavy = 1 + log(8)
    assert made["latent"] == pytest.approx([2 / (3 + heavy), (heavy + 1) / (3 + heavy)])
    assert statistics(made)["engagement"] == pytest.approx(log(8) / 2)
    assert (statistics(made)["engagement_known"], statistics(made)["influence_known"]) == (2.0, 1.0)
    assert statistics(made)["influence"] == pytest.approx(log(10))


COLLECTED = [
    (None, False),
    ("not json", False),
    ('{"collected_at": "2024-10-04T00:00:00Z"}', True),
    ('{"collected_at": "2024-10-04 00:00:59.999999"}', True),
    ('{"collected_at": "2024-10-04T00:01:00+00:00"}', True),
    ('{"collected_at": "2024-10-04T02:01:00+0200"}', True),
    ('{"collected_at": "2024-10-04T00:00:00-01:00"}', False),
    ('{"collected_at": "2024-10-04T00:01:01Z"}', False),
    ('{"collected_at": "2024-13-04T00:01:01Z"}', False),
    ('{"collected_at": null}', False),
    ('{"collected_at": "soon"}', False),
    ('{"collected_at": 1}', False),
    ('{"x": "' + "y" * 50_000 + '", "collected_at": 1728000000000000}', False),
    ('{"collected_at": 1728000060000000}', True),
    ('{"collected_at":"1728000060000001"}', False),
]


@pytest.mark.parametrize("rows", [*([one] for one in COLLECTED), COLLECTED, COLLECTED[::-1]])
def test_when_counts_were_taken(rows):
    """Of each row alone: what others look like must not matter."""
    frame = table("social_posts", [post(n, 1, payload=payload) for n, (payload, _) in enumerate(rows)])

    assert str(frame["available_at"][0]) == "2024-10-04 00:01:00+00:00"
    assert frame.select(counted_in_time()).to_series().to_list() == [in_time for _, in_time in rows]


def test_a_post_known_at_the_end_of_a_bucket_is_in_it():
    made = buckets(post(1, 0), post(2, 0.0001), post(3, 5), timeframe=Timeframe.parse("5m"))

    assert [(row["available_at"].timestamp() * 1e6 - BASE) / MINUTE_US for row in made.to_dicts()] == [0, 5]
    assert made["posts"].to_list() == [1, 2]


def test_simulated_posts_mark_their_bucket():
    made = buckets(post(1, 1), post(2, 1, is_synthetic=True), post(3, 7))

    assert made["is_synthetic"].to_list() == [True, False]


def test_the_same_post_twice_counts_once():
    assert buckets(post(1, 1, "a"), post(1, 1, "a"))["posts"].to_list() == [1]


def test_no_posts_no_rows():
    made = buckets()

    assert made.schema == {
        name: kind for name, kind in TABLES["social_text_latent"].dtypes.items() if name != "ingested_at"
    }
    assert made.is_empty()


TEXTS = st.text(max_size=30)
POSTS = st.lists(st.tuples(st.integers(0, 900), TEXTS, st.booleans(), st.integers(0, 50)), max_size=25)


def drawn(parts):
    return [
        post(n, second / 60, text, kind="comment" if comment else "post", likes=likes, symbol="AB"[n % 2],
             payload='{"collected_at": 1000000000000000}' if likes % 2 else None)
        for n, (second, text, comment, likes) in enumerate(parts)
    ]  # fmt: skip


@given(POSTS, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_does_not_matter_to_the_bit(parts, random):
    posts = drawn(parts)
    shuffled = posts.copy()
    random.shuffle(shuffled)

    assert buckets(*posts, embedder=FOUR).equals(buckets(*shuffled, embedder=FOUR))


@given(POSTS, st.integers(0, 4))
@settings(max_examples=25, deadline=None)
def test_piece_by_piece_equals_at_once(parts, cut):
    """New buckets from new posts alone."""
    frame = table("social_posts", drawn(parts))
    known = pl.col("available_at").to_physical() <= BASE + 5 * cut * MINUTE_US
    halves = [bucket_posts(part, embedder=FOUR) for part in (frame.filter(known), frame.filter(~known))]

    assert bucket_posts(frame, embedder=FOUR).equals(pl.concat(halves).sort("symbol", "event_time"))


def test_hostile_texts():
    made = bucket_posts(table("social_posts", [post(n, 1, text, payload=text) for n, text in enumerate(HOSTILE)]))

    assert made["posts"].to_list() == [len(HOSTILE)]
    assert np.isfinite(made["latent"][0].to_numpy()).all()


def test_the_lake_keeps_the_rows(tmp_path):
    lake = Lake(tmp_path)
    made = buckets(post(1, 1, "a", author="x"), post(2, 9, "b"), post(3, 9, "b", symbol="ETH"), embedder=FOUR)

    first, again = (lake.append("social_text_latent", made, ingested_at=BASE) for _ in range(2))

    assert (first.written, first.quarantined, again.duplicate) == (3, 0, 3)
    kept = lake.read("social_text_latent").drop("ingested_at").sort("symbol", "event_time").select(made.columns)
    assert kept.equals(made)
