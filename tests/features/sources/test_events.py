"""Events: every column by hand, and the same bits from memory alone."""

import time
from math import exp, isnan

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.features.facts import SourceFamily
from alphaloop.features.sources.events import NAMES, EventFamily
from alphaloop.lake.sources.simulated import Effects, SimulatedMarket, simulate
from tests.features.sources.worlds import (
    BASE,
    DAY,
    HOUR_US,
    assert_online_equals_batch,
    compute,
    event,
    facts,
    hours,
    said,
    table,
    told,
)

FAMILY = EventFamily()


def test_it_is_a_source_family():
    assert isinstance(FAMILY, SourceFamily)
    assert tuple(one.name for one in FAMILY.declared) == NAMES
    assert {one.modality for one in FAMILY.declared} == {"event"}
    assert all(one.formula and one.missing and one.unit for one in FAMILY.declared)


def test_every_column_by_hand():
    """At hour 10: a rising one 8 h old (tier 1, sure), a falling one 30 min old (tier 5, confidence 0.5)."""
    tables = told([
        event(1, 2.0, "etf wins approval", source_tier=1, confidence=1.0, source="a"),
        event(2, 9.5, "exchange hacked", source_tier=5, confidence=0.5, source="b"),
    ])  # fmt: skip

    got = {name: values[0] for name, values in said(FAMILY, facts(hours(10), tables)).items()}

    old, new = 1.0 * exp(-8 / 6), 0.1 * exp(-0.5 / 6)
    expected = {
        "event_decay": old + new,
        "event_velocity_1h": 1.0,
        "event_velocity_6h": 1 / 6,
        "event_density": 2 / 24,
        "event_market_density": 2 / 24,
        "event_lag_bucket_0_1h": 0.5,
        "event_lag_bucket_1_6h": 0.0,
        "event_lag_bucket_6_24h": 0.5,
        "source_tier_weight": (1.0 + 0.2) / 2,
        "source_confidence": 0.75,
        "source_diversity": 2.0,
        "cross_source_consensus": 0.0,
        "event_sentiment": (old - new) / (old + new),
        "event_disagreement": 1 - 0.9 / 1.1,
        "event_importance": old,
        "event_novelty": 1.0,
        "event_age": 0.5,
    }
    assert got == pytest.approx(expected, rel=1e-12)


def test_what_nobody_states_is_missing_and_weighs_in_the_middle():
    got = said(FAMILY, facts(hours(0), told([event(1, 0.0, "a new logo")])))

    assert got["event_decay"] == [0.6 * 0.5]
    unknown = {name for name, values in got.items() if isnan(values[0])}
    assert unknown == {"source_tier_weight", "source_confidence", "cross_source_consensus", "event_sentiment",
                       "event_disagreement"}  # fmt: skip


def test_an_event_counts_from_the_instant_it_is_available_for_a_day():
    tables = told([event(1, 1.0)])
    edge = hours(1)[0]

    got = said(FAMILY, facts([edge - 1, edge, edge + HOUR_US - 1, edge + HOUR_US, edge + DAY - 1, edge + DAY], tables))

    assert [value * 24 for value in got["event_density"][1:]] == [1, 1, 1, 1, 0]
    assert got["event_velocity_1h"][1:] == [1, 1, 0, 0, 0]
    assert isnan(got["event_density"][0])  # before the first event of all nobody knows whether the source lives


def test_event_time_is_used_nowhere():
    events = [event(1, 5.0, "win"), event(2, 6.0, "loss")]
    moved = [{**one, "event_time": one["event_time"] - 30 * HOUR_US} for one in events]
    now = hours(*range(12))

    one, other = (compute(FAMILY, facts(now, told(rows)))[0] for rows in (events, moved))

    assert one.tobytes() == other.tobytes()


def test_an_event_of_a_day_is_known_when_the_day_is_over():
    rows = [{**event(1, 0.0, "win"), "available_at": BASE + DAY, "precision": "day"}]

    got = said(FAMILY, facts(hours(0, 12, 24), told(rows)))

    assert [isnan(value) for value in got["event_decay"]] == [True, True, False]


@pytest.mark.parametrize(("symbol", "counted"), [("BTC", True), ("BTCUSDT", True), ("ETH", False), ("MARKET", False)])
def test_an_event_counts_for_the_symbol_its_link_names(symbol, counted):
    got = said(FAMILY, facts(hours(1), told([event(1, 0.5)], symbol=symbol)))

    assert got["event_velocity_1h"] == [float(counted)]
    assert got["event_market_density"] == [1 / 24]


def test_an_event_is_known_once_its_link_is():
    got = said(FAMILY, facts(hours(1, 4, 5, 6), told([event(1, 1.0)], late=4.0)))

    assert got["event_velocity_1h"] == [0, 0, 1, 0]
    assert got["event_age"][2:] == [0, 1]


def test_two_links_count_an_event_once():
    tables = told([event(1, 0.0, "win")])
    twice = pl.concat([tables["event_links"], tables["event_links"].with_columns(entity_id=pl.lit("y"))])

    got = said(FAMILY, facts(hours(0.5), {**tables, "event_links": twice}))

    assert got["event_velocity_1h"] == [1.0]


def test_silence_of_one_symbol_is_a_fact_and_silence_of_all_is_not():
    tables = told([event(1, 0.0)], symbol="ETH")

    got = said(FAMILY, facts(hours(0, 7 * 24 - 0.01, 7 * 24), tables))

    assert got["event_density"][:2] == [0, 0]
    assert isnan(got["event_density"][2])
    assert isnan(got["event_lag_bucket_0_1h"][0])


@pytest.mark.parametrize("tables", [{}, told([]), {"events": told([event(1, 0.0)])["events"]}])
def test_no_rows_no_values(tables):
    _, mask = compute(FAMILY, facts(hours(0, 1), tables))

    alive = "events" in tables and len(tables["events"]) > 0
    assert mask[NAMES.index("event_decay")].all() == alive
    assert not mask[NAMES.index("event_sentiment")].any()


def test_publishers_are_told_apart_by_address_then_payload_then_source():
    rows = [
        event(1, 0.0, "win", url="https://www.one.example/a"),
        event(2, 0.1, "win", url="HTTPS://one.example:443/b", source="other"),
        event(3, 0.2, "loss", payload='{"publisher": "Two"}'),
        event(4, 0.3, "win", payload='{"publisher":"two"}', source="other"),
        event(5, 0.4, "loss", source="three"),
    ]

    got = said(FAMILY, facts(hours(0.5), told(rows)))

    assert got["source_diversity"] == [pytest.approx(25 / (4 + 4 + 1))]
    assert got["cross_source_consensus"] == [0.0]  # one leans up, two is torn, three leans down


def test_a_leaning_is_taken_back_when_its_event_leaves():
    rows = [event(1, 0.0, "win", source="a"), event(2, 5.0, "loss", source="a"), event(3, 6.0, "loss", source="b")]

    got = said(FAMILY, facts(hours(4, 5.5, 6.5, 24.5, 29.5, 31), told(rows)))

    assert got["cross_source_consensus"][:5] == [1.0, pytest.approx(float("nan"), nan_ok=True), 1.0, 1.0, 1.0]
    assert isnan(got["cross_source_consensus"][5])


def test_novelty_is_the_share_of_words_not_heard_for_three_days():
    rows = [
        event(1, 0.0, "bitcoin falls"),  # bitcoin, falls, and the pair
        event(2, 1.0, "Bitcoin\u200b FALLS"),
        event(3, 2.0, "bitcoin rises"),
        event(4, 73.9, "bitcoin falls"),  # bitcoin was heard 71.9 h before, the rest longer ago than three days
        event(5, 73.9 + 72.0, "bitcoin falls"),
    ]
    got = said(FAMILY, facts(hours(0, 2, 26.5, 74.5, 146), told(rows)))["event_novelty"]

    fading = [exp(-2 / 6), exp(-1 / 6), 1.0]
    assert got[0] == 1.0
    assert got[1] == pytest.approx((fading[0] * 1 + fading[1] * 0 + fading[2] * 2 / 3) / sum(fading), rel=1e-12)
    assert isnan(got[2])
    assert got[3:] == pytest.approx([2 / 3, 1.0])


def world(seed, count, span_hours=400.0):
    rng = np.random.default_rng(seed)
    words = ["wins", "hack", "bitcoin", "record", "loss", "etf", "mining", "🚀", "ban", "upgrade", ""]
    at = np.sort(np.round(rng.uniform(0, span_hours, count), 2))
    rows = [
        event(
            number,
            when,
            " ".join(rng.choice(words, rng.integers(0, 6))),
            source_tier=[None, 1, 2, 3, 4, 5, 9][rng.integers(0, 7)],
            confidence=[None, 0.1, 0.9, 1.7][rng.integers(0, 4)],
            source=f"s{rng.integers(0, 4)}",
        )
        for number, when in enumerate(at)
    ]
    return told(rows, late=[0.0, 3.0, 71.9, 72.0][seed % 4])


@given(st.integers(0, 10_000), st.integers(0, 120))
@settings(max_examples=25, deadline=None)
def test_online_equals_batch_to_the_bit(seed, count):
    given = facts(hours(*np.arange(0, 500, 2.5)), world(seed, count))

    assert_online_equals_batch(FAMILY, given, range(0, 200, 9))


def test_the_future_does_not_matter():
    tables, now = world(1, 200), hours(*np.arange(0, 400, 0.5))
    values, _ = compute(FAMILY, facts(now, tables))
    for row in (0, 100, 333, 700):
        late = pl.col("available_at").to_physical() > int(now[row])
        garbled = tables["events"].with_columns(
            title=pl.when(late).then(pl.lit("crash crash crash")).otherwise("title"),
            confidence=pl.when(late).then(0.0).otherwise("confidence"),
        )
        other, _ = compute(FAMILY, facts(now, {**tables, "events": garbled}))
        assert other[:, : row + 1].tobytes() == values[:, : row + 1].tobytes()
    assert other.tobytes() != values.tobytes()


def test_the_order_of_rows_does_not_matter():
    tables, now = world(2, 150), hours(*np.arange(0, 400, 5))
    shuffled = {name: frame.sample(fraction=1.0, shuffle=True, seed=4) for name, frame in tables.items()}

    assert compute(FAMILY, facts(now, tables))[0].tobytes() == compute(FAMILY, facts(now, shuffled))[0].tobytes()


HOSTILE = [
    "a" * 1_000_000,
    "win " * 250_000,
    "🚀" * 5_000,
    "\u202egnitsurt pots\u202c \u200f\u200e",
    "w\u200bi\u200bn\ufeff",
    "nul\x00byte\x1b[31m",
    "\u0301" * 50_000,
    "\ufdfa" * 2_000,  # each of these becomes eighteen characters
    '{"a": [' * 10_000,
    "",
    "<script>alert(1)</script>" * 1000,
]


def test_hostile_text_neither_breaks_nor_blows_up():
    rows = [event(n, n / 10, text, text=text, url=text[:3000], payload=text) for n, text in enumerate(HOSTILE)]

    values, mask = compute(FAMILY, facts(hours(2, 10), told(rows)))

    assert mask[NAMES.index("event_density")].all()
    assert np.nanmax(np.abs(values)) <= len(HOSTILE)
    hidden = said(FAMILY, facts(hours(1), told([event(1, 0.5, HOSTILE[4])])))
    assert hidden["event_sentiment"] == [1.0]  # a word with invisible characters inside is that word


def test_a_hundred_thousand_events_in_one_bucket():
    """In seconds, and the day's later decisions too."""
    count = 100_000
    known = BASE + np.sort(np.random.default_rng(0).integers(0, 300_000_000, count))
    empty = table("events", [])
    columns = {
        "event_id": [f"e{n:07}" for n in range(count)],
        "title": [f"headline {n} gains {n % 977} after loss" for n in range(count)],
        "text": "bitcoin moves",
        "event_time": known,
        "available_at": known,
        "source": [f"s{n % 50}" for n in range(count)],
        "source_tier": np.arange(count) % 5 + 1,
    }
    rest = [pl.lit(None, kind).alias(name) for name, kind in empty.schema.items() if name not in columns]
    instants = pl.col("event_time", "available_at").cast(pl.Datetime("us", "UTC"))
    events = pl.DataFrame(columns).with_columns(instants, *rest)
    links = events.select("event_id", "event_time", "available_at", symbol=pl.lit("BTC"), entity_id=pl.lit("x"))
    given = facts(BASE + 300_000_000 * np.arange(1, 290), {"events": events, "event_links": links})
    compute(FAMILY, facts(hours(0), told([event(1, 0.0)])))  # compiled

    began = time.process_time()
    got = said(FAMILY, given)

    assert time.process_time() - began < 30
    assert got["event_density"][0] == count / 24
    assert got["source_diversity"][0] == 50.0
    assert got["event_density"][-1] == 0


@pytest.fixture(scope="module")
def planted():
    effects = Effects(momentum_r2=0.0, flow_r2=0.0, lead_lag_r2=0.0, news_before_bp=40.0, news_after_bp=30.0)
    return simulate(SimulatedMarket(symbols=tuple(f"SIM{c}USDT" for c in "ABCDEF"), days=120, seed=5, effects=effects))


def effect_of(tables, shift):
    """Mean return over the six bars after a decision that sees a fresh leaning, times that leaning, in bp."""
    moves = []
    bars = tables["market_bars"]
    for (symbol,), own in bars.group_by("symbol"):
        own = own.sort("event_time")
        now, close = own["available_at"].to_physical().to_numpy(), own["close"].to_numpy()
        named = {name: tables[name] for name in ("events", "event_links")}
        if shift:  # the fake: as if it were known when it was so
            named = {name: frame.with_columns(available_at=pl.col("event_time")) for name, frame in named.items()}
        got = said(FAMILY, facts(now, named, symbol=str(symbol)))
        fresh = np.flatnonzero(np.array(got["event_age"][:-6]) < 5 / 60)
        side = np.array(got["event_sentiment"])[fresh]
        moved = close[fresh + 6] / close[fresh] - 1
        known = np.isfinite(side)
        moves.append((np.sign(side) * moved)[known])
    moves = np.concatenate(moves)
    return moves.mean() * 1e4, moves.std() / len(moves) ** 0.5 * 1e4


def test_the_planted_effect_of_news_is_seen_by_available_at_and_faked_by_event_time(planted):
    """30 bp follow publication, 40 bp precede it: who reads event time "earns" what nobody could have known."""
    honest, error = effect_of(planted, shift=False)
    fake, _ = effect_of(planted, shift=True)

    assert honest > 2 * error
    assert abs(honest - 30) < 4 * error
    assert fake > honest + 2 * error


def test_it_reads_real_news(shared_data):
    """Real headlines of a month, hour by hour."""
    news = pl.read_parquet(shared_data / "news" / "crypto_news.parquet").filter(pl.col("subject") == "bitcoin")
    news = news.sort("ts").filter(pl.col("ts").dt.date().is_between(pl.date(2022, 11, 1), pl.date(2022, 11, 30)))
    known = news["ts"].cast(pl.Datetime("us", "UTC"))
    rows = [
        {"event_id": str(n), "event_type": "news", "title": one["title"] or "", "text": one["text"],
         "event_time": when, "available_at": when, "url": one["url"], "source": one["src"]}
        for n, (one, when) in enumerate(zip(news.to_dicts(), known.to_physical().to_list(), strict=True))
    ]  # fmt: skip
    start = int(known.to_physical()[0])
    given = facts(start + HOUR_US * np.arange(1, 24 * 29), told(rows))

    got = said(FAMILY, given)
    assert_online_equals_batch(FAMILY, given, range(0, 24 * 29 - 1, 60))

    assert len(rows) > 300
    assert np.nanmean(got["event_density"]) * 24 == pytest.approx(len(rows) / 29, rel=0.2)
    assert np.nanmean(got["event_sentiment"]) < 0  # the month of FTX
    assert 0.3 < np.nanmean(got["event_novelty"]) < 1
