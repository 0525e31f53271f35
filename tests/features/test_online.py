"""The online view: the bits of the batch, holes, forgetting, and no row from the future."""

from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from alphaloop.core.account import Account
from alphaloop.core.errors import InvalidOption, LookaheadError, UnsortedData
from alphaloop.core.market import Bars
from alphaloop.core.time import DAY_US, Timeframe
from alphaloop.features.contract import SOURCES, Schema, full
from alphaloop.features.facts import SymbolFacts
from alphaloop.features.family import RETURN
from alphaloop.features.online import OnlineView
from alphaloop.features.regime import LABELS
from alphaloop.features.sources.encoder.pca import encode_bars, fit_encoder
from alphaloop.features.sources.regime import regime_at
from alphaloop.features.sources.words.posts import bucket_posts
from alphaloop.features.symbol import between, columns, declared, gather, ordered
from alphaloop.features.view import MarketView
from alphaloop.lake.columns import TIME
from alphaloop.lake.sources.simulated import SimulatedMarket, simulate
from tests.features.builders import ALL, FIVE, bars_frame, random_market

ACCOUNT = Account(cash=Decimal(1)).view(("A",), {}, 0.0)


def pushed(own, schema, first=0, warm=True):
    """Rows of the online view from ``first`` on, (F, n - first)."""
    view = OnlineView((own.symbol,), own.timeframe, schema, venues={own.symbol: own.venue})
    if first and warm:
        view.warm(own.until(first))
    made, before = [], int(own.now[first - 1]) if first else -(2**62)
    for k in range(first, len(own)):
        now = int(own.now[k])
        rows = {name: between(frame, before + 1, now) for name, frame in own.tables.items()}
        view.push(Bars(int(own.opens[k]), now, (own.symbol,), own.bars[:RETURN, k][None]), rows)
        made.append(view.observe(now, ACCOUNT).values[0])
        before = now
    return np.array(made).T


def test_every_feature_has_the_bits_of_the_batch():
    frames, schema = simulate(SimulatedMarket(symbols=("BTCUSDT",), days=12)), full()
    bars = frames["market_bars"]
    encoder = fit_encoder(bars, until=int(bars["available_at"].to_physical()[900]))
    views = {"social_text_latent": bucket_posts(frames["social_posts"]), "market_latent": encode_bars(encoder, bars)}
    frames |= {name: frame.with_columns(ingested_at=pl.lit(0).cast(TIME)) for name, frame in views.items()}
    own = gather(frames, "BTCUSDT", FIVE, sources=schema.sources)
    first = len(own) - 40

    live, batch = pushed(own, schema, first), columns(own, schema, first)[0]

    assert np.array_equal(live.view(np.int64), batch.view(np.int64))
    assert np.isfinite(batch).any(axis=1).mean() > 0.85


def test_symbols_that_are_pushed_together_have_the_bits_each_has_alone():
    symbols, schema = ("BTCUSDT", "ETHUSDT"), full()
    frames = simulate(SimulatedMarket(symbols=symbols, days=3))
    every = [gather(frames, symbol, FIVE, sources=schema.sources) for symbol in symbols]
    first, venues = len(every[0]) - 30, {own.symbol: own.venue for own in every}
    view = OnlineView(symbols, FIVE, schema, venues=venues)
    for own in every:
        view.warm(own.until(first))
    tables = {name: ordered(declared(frames[name], name), name) for name in every[0].tables if name in frames}

    made, before = [], int(every[0].now[first - 1])
    for k in range(first, len(every[0])):
        now, bars = int(every[0].now[k]), np.array([own.bars[:RETURN, k] for own in every])
        rows = {name: between(frame, before + 1, now) for name, frame in tables.items()}
        view.push(Bars(int(every[0].opens[k]), now, symbols, bars), rows)
        made.append(view.observe(now, ACCOUNT).values)
        before = now

    live = np.array(made)
    for asset, own in enumerate(every):
        np.testing.assert_array_equal(own.now, every[0].now)
        batch = columns(own, schema, first)[0]
        assert np.array_equal(live[:, asset].T.copy().view(np.int64), batch.view(np.int64))


@pytest.mark.parametrize("first", [0, 1, 250, 900])
def test_features_of_bars_over_holes_long_and_short(first):
    rng = np.random.default_rng(1)
    closes = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 1000)))
    parts = [bars_frame(closes[:300]), bars_frame(closes[300:], start=20 * DAY_US)]
    frame = pl.concat(parts).filter(pl.Series(rng.random(1000) > 0.1))
    own, schema = gather({"market_bars": frame}, "A", FIVE), Schema(ALL)

    assert np.array_equal(pushed(own, schema, first), columns(own, schema, first)[0], equal_nan=True)


def test_windows_and_absent_bars():
    view = OnlineView(("A", "B"), FIVE, Schema(["close"]), lookback=2)
    for k, closes in enumerate([(1.0, 2.0), (3.0, np.nan)]):
        values = np.repeat(np.array(closes)[:, None], 6, axis=1)
        view.push(Bars(k * FIVE.us, (k + 1) * FIVE.us, ("A", "B"), values), {})

    seen = view.observe(2 * FIVE.us, ACCOUNT)

    np.testing.assert_array_equal(seen.windows[:, :, 0], [[1.0, 2.0], [3.0, np.nan]])
    assert seen.mask.tolist() == [[True], [False]]
    assert (seen.schema_hash, seen.values.flags.writeable) == (Schema(["close"]).hash, False)


def test_frames_and_regimes_are_those_of_the_market_view():
    source = random_market(5, 900, holes=0.1)
    batch = MarketView(source, Schema(["close"]), words=True)
    live = OnlineView(source.symbols, FIVE, Schema(["close"]))

    for k, bars in enumerate(source):
        live.push(bars, {})
        if k % 45 == 0:
            one, two = (view.observe(bars.available_at, ACCOUNT) for view in (live, batch))
            assert (one.frames, one.regimes) == (two.frames, two.regimes)
    assert set(one.frames["B"]) == {"4h", "3m"}


def test_taker_flow_of_the_rows_pushed_gives_the_regime_a_label():
    frames = simulate(SimulatedMarket(symbols=("BTCUSDT",), days=2))
    own = gather(frames, "BTCUSDT", FIVE, sources=SOURCES)
    view = OnlineView((own.symbol,), FIVE, Schema(["close"]), venues={own.symbol: own.venue})
    view.warm(own)

    regime = view.observe(int(own.now[-1]), ACCOUNT).regimes[own.symbol]

    assert regime == regime_at(SymbolFacts(own.symbol, FIVE, own.now, own.bars, own.tables, own.venue))
    assert regime.label in LABELS


def test_words_may_be_left_out():
    view = OnlineView(("A",), FIVE, Schema(["close"]), words=False)
    view.push(bar(0), {})

    assert view.observe(FIVE.us, ACCOUNT).frames == {}


def bar(opened, close=1.0):
    return Bars(opened, opened + FIVE.us, ("A",), np.full((1, 6), close))


def test_the_future_is_refused():
    view = OnlineView(("A",), FIVE, Schema(["close"]))
    with pytest.raises(LookaheadError, match="market_bars later"):
        view.push(bar(0), {"market_bars": bars_frame([1.0, 2.0])})
    view.push(bar(0), {"market_bars": bars_frame([1.0])})

    with pytest.raises(LookaheadError, match="expected bars known by now"):
        view.observe(FIVE.us - 1, ACCOUNT)


def test_bars_out_of_order_are_refused():
    view = OnlineView(("A",), FIVE, Schema(["close"]))
    view.push(bar(FIVE.us), {})

    with pytest.raises(UnsortedData, match="after those pushed"):
        view.push(bar(0), {})


def test_a_window_of_no_rows_is_refused():
    with pytest.raises(InvalidOption, match="lookback of 0"):
        OnlineView(("A",), Timeframe(1), Schema([]), lookback=0)
