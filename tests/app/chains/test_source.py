from dataclasses import replace

import numpy as np
import pytest

from alphaloop.app.chains.background import claim_of, coverage_of
from alphaloop.app.chains.source import Source
from alphaloop.core.errors import NoData
from alphaloop.features.contract import Schema
from alphaloop.lake.sources.simulated import SimulatedMarket, simulate
from alphaloop.lake.table import Lake
from alphaloop.training.chain.asked import Asked

SCHEMA = Schema(("ret_1", "vol_12", "rsi_14", "social_posts"))
ASKED = Asked(symbols=("BTCUSDT",), lookback=8, horizons=("30m", "1h"))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    lake = Lake(folder / "lake")
    frames = simulate(SimulatedMarket(symbols=("BTCUSDT",), days=4))
    for table in ("market_bars", "funding_rates"):
        lake.append(table, frames[table], ingested_at=1)
    return folder


def source(home, **asked):
    return Source(home=home, lake=Lake(home / "lake"), asked=replace(ASKED, **asked), schema=SCHEMA)


def test_examples_come_out_of_bars_in_one_go(home):
    made = source(home)
    made.prepare(now=2)
    found = made.load("BTCUSDT")

    assert len(found.every) == 4 * 288
    assert found.features == ("ret_1", "vol_12", "rsi_14")
    assert found.dropped == ("social_posts",)
    assert found.cost == pytest.approx(0.0006)
    assert set(found.versions) >= {"market_bars", "feature_matrix_main"}
    assert claim_of(found) == "simulated"


def test_equal_questions_find_the_same_data_set(home):
    first, again = source(home), source(home)
    for one in (first, again):
        one.prepare(now=2)
        one.load("BTCUSDT")

    assert first.store.folder == again.store.folder
    assert first.store.folder.parent == home / "datasets"
    assert source(home, horizons=("1h",)).store.folder != first.store.folder


def test_a_window_reads_a_warm_up_before_it_and_labels_after_it(home):
    made = source(home)
    made.prepare(now=2)
    whole = made.load("BTCUSDT")
    start, end = int(whole.every.times[400]), int(whole.every.times[1000])
    part = source(home, start=start, end=end)
    part.prepare(now=3)
    found = part.load("BTCUSDT")

    assert found.every.times[[0, -1]].tolist() == [start, int(whole.every.times[999])]
    assert np.array_equal(found.held, whole.held[400:1000])
    assert np.isfinite(found.volatility).all()
    assert np.isfinite(found.every.targets).all()
    assert np.isfinite(found.rows.take(np.array([0])).x).all()


def test_coverage_names_every_series_behind_the_claim(home):
    made = source(home)
    made.prepare(now=2)
    found = made.load("BTCUSDT")
    start = int(found.every.times[288])
    rows = coverage_of(made.lake, found, start, start + 288 * 300_000_000)
    tables = {one.table: one for one in rows}

    assert set(tables) == {"market_bars", "funding_rates"}
    assert tables["market_bars"].present == tables["market_bars"].expected == 288
    assert tables["market_bars"].synthetic == 288


def test_a_view_of_the_bars_counts_as_the_bars_behind_it(home):
    made = replace(source(home), schema=Schema(("ret_1", "market_latent_0")))
    made.prepare(now=2)
    found = made.load("BTCUSDT")
    start = int(found.every.times[400])

    assert "market_latent_0" in found.features
    assert {one.table for one in coverage_of(made.lake, found, start, start + 1)} <= {"market_bars", "funding_rates"}


def test_a_symbol_without_bars_fails_by_name(home):
    made = source(home, symbols=("BTCUSDT", "DOGEUSDT"))
    made.prepare(now=2)

    assert len(made.load("BTCUSDT").rows) > 1000
    with pytest.raises(NoData, match="DOGEUSDT"):
        made.load("DOGEUSDT")
    with pytest.raises(NoData, match="data import"):
        source(home, symbols=("DOGEUSDT",)).prepare(now=2)
