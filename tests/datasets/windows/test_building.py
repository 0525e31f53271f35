from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from alphaloop.app import featuring
from alphaloop.core.errors import NoData, SchemaViolation, UnreadableFile
from alphaloop.core.market import Instrument
from alphaloop.core.time import Timeframe
from alphaloop.datasets.windows import building
from alphaloop.datasets.windows.building import Order, build
from alphaloop.datasets.windows.store import Store
from alphaloop.features.contract import Schema
from alphaloop.hindsight.labels.frame import LabelSpec
from alphaloop.lake.sources.simulated import SimulatedMarket, simulate
from alphaloop.lake.table import Lake

SYMBOLS = ("BTCUSDT", "ETHUSDT")
SCHEMA = Schema(("ret_1", "vol_12", "rsi_14"))
STEP = Timeframe.parse("5m")
ORDER = Order(
    instruments=tuple(Instrument(name, taker_fee=0.0005, slippage=0.0001) for name in SYMBOLS),
    timeframe=STEP,
    features=SCHEMA.names,
    schema_hash=SCHEMA.hash,
    labels=LabelSpec(horizons=(12, 48)),
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    made = Lake(home / "lake")
    frames = simulate(SimulatedMarket(symbols=SYMBOLS, days=3))
    for table in ("market_bars", "funding_rates"):
        made.append(table, frames[table], ingested_at=1)
    featuring.build(made, home / "features", featuring.Order(SYMBOLS, "5m", SCHEMA), now=2)
    return made


def test_rows_hold_what_was_known_and_what_came_of_it(lake, tmp_path):
    store = build(lake, tmp_path / "set", ORDER)
    rows = store.rows("BTCUSDT")
    bars = lake.read("market_bars", symbols=["BTCUSDT"], timeframe="5m")
    matrix = lake.read("feature_matrix_main", symbols=["BTCUSDT"])

    assert store.description.horizons == ("1h", "4h")
    assert len(rows) == bars.height == 3 * 288
    assert np.array_equal(rows.values[:, 1], matrix["vol_12"].cast(pl.Float32).fill_null(np.nan), equal_nan=True)
    at = 100
    opened, left = bars["open"][at + 1], bars["close"][at + 12]
    assert rows.fwd_ret[at, 0] == pytest.approx(left / opened - 1, rel=1e-12)
    assert rows.ends[at, 0] == rows.now[at] + 12 * STEP.us
    assert np.isnan(rows.fwd_ret[-12:, 0]).all()
    assert (rows.ends[-12:, 0] == 0).all()
    assert rows.cost_long[at, 0] > 2 * 0.0006 * 0.99  # fee and slippage, both ways, and funding
    assert rows.held[at] == pytest.approx(bars["open"][at + 2] / opened - 1, rel=1e-12)
    assert np.isnan(rows.held[-2:]).all()
    assert np.isnan(rows.volatility[:288]).all()
    assert rows.volatility[300] > 0


def test_features_at_a_row_are_known_at_its_decision(lake, tmp_path):
    rows = build(lake, tmp_path / "set", ORDER).rows("ETHUSDT")
    bars = lake.read("market_bars", symbols=["ETHUSDT"], timeframe="5m")

    assert np.array_equal(rows.now, bars["event_time"].to_physical() + STEP.us)
    assert rows.values[50, 0] == pytest.approx(float(np.log(bars["close"][50] / bars["close"][49])), abs=2e-3)


def test_an_interrupted_build_goes_on_with_what_is_missing(lake, tmp_path, monkeypatch):
    whole, made = building.symbol_rows, []

    def killed_at_the_second(lake, order, instrument):
        if made:
            raise KeyboardInterrupt
        made.append(instrument.symbol)
        return whole(lake, order, instrument)

    monkeypatch.setattr(building, "symbol_rows", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        build(lake, tmp_path / "set", ORDER)
    monkeypatch.setattr(building, "symbol_rows", whole)
    told = []

    store = build(lake, tmp_path / "set", ORDER, lambda name, _rows: told.append(name))

    assert made == ["BTCUSDT"]
    assert told == ["ETHUSDT"]
    assert store.symbols == SYMBOLS


def test_another_order_does_not_share_the_folder(lake, tmp_path):
    build(lake, tmp_path / "set", ORDER)

    with pytest.raises(SchemaViolation, match="made otherwise"):
        build(lake, tmp_path / "set", replace(ORDER, labels=LabelSpec(horizons=(12,))))


def test_features_that_were_not_built_are_named(lake, tmp_path):
    with pytest.raises(NoData, match="funding_rate"):
        build(lake, tmp_path / "set", replace(ORDER, features=("ret_1", "funding_rate")))


def test_an_array_cut_short_is_refused(lake, tmp_path):
    store = build(lake, tmp_path / "set", ORDER)
    path = tmp_path / "set" / "BTCUSDT" / "values.npy"
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(UnreadableFile, match="values"):
        store.rows("BTCUSDT")


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(UnreadableFile):
        Store(tmp_path).rows("BTCUSDT")
