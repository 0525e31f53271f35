"""Market latent features: as of each decision, never from an encoder that knows its own future."""

from math import isnan

import numpy as np
import polars as pl
import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.features.facts import SourceFamily
from alphaloop.features.sources.encoder.pca import IN_SAMPLE, encode_bars, fit_encoder
from alphaloop.features.sources.latent import LatentFamily
from alphaloop.lake.sources.simulated import SimulatedMarket, simulate
from tests.features.sources.worlds import (
    BASE,
    DAY,
    FIVE,
    HOUR_US,
    assert_online_equals_batch,
    compute,
    facts,
    hours,
    said,
    table,
)

FAMILY = LatentFamily(dimension=2)
OLD, NEW = "pca2-20241004T000000Z-aaaaaaaaaaaa", "pca2-20241004T060000Z-bbbbbbbbbbbb"  # trained until hours 0 and 6


def row(at, latent=(1.0, 2.0), **more):
    known = BASE + round(at * HOUR_US)
    return {"venue": "binance", "symbol": "BTCUSDT", "timeframe": "5m", "event_time": known - FIVE.us,
            "available_at": known, "model": OLD, "latent": list(latent), **more}  # fmt: skip


def rows(*given):
    return {"market_latent": table("market_latent", list(given))}


def test_it_is_a_source_family():
    assert isinstance(FAMILY, SourceFamily)
    assert [one.modality for one in LatentFamily().declared] == ["latent"] * 9
    with pytest.raises(InvalidOption):
        LatentFamily(0)


def test_the_newest_known_row_counts_for_a_day():
    tables = rows(row(1.0, (1.0, 2.0)), row(2.0, (3.0, 4.0)))
    edge = int(hours(26)[0])

    got = said(FAMILY, facts([*hours(0.9, 1, 1.5, 2, 3), edge - 1, edge], tables))

    assert got["market_latent_0"][1:6] == [1, 1, 3, 3, 3]
    assert got["market_latent_1"][1:6] == [2, 2, 4, 4, 4]
    assert got["market_latent_age"][1:5] == [0, 0.5, 0, 1]
    assert [isnan(value) for value in got["market_latent_0"]] == [True, *[False] * 5, True]


def test_rows_of_the_training_window_are_masked():
    tables = rows(row(0.0), row(-1.0), row(5.0, model=NEW), row(6.0, model=NEW), row(7.0, model=OLD + IN_SAMPLE))

    assert all(isnan(value) for value in said(FAMILY, facts(hours(0, 1, 6, 8), tables))["market_latent_0"])


def test_of_several_encoders_the_one_trained_last_counts():
    tables = rows(row(7.0, (1.0, 1.0)), row(7.0, (2.0, 2.0), model=NEW), row(8.0, (3.0, 3.0)))
    now = facts(hours(7, 8), tables)

    assert said(FAMILY, now)["market_latent_0"] == [2, 3]
    assert said(LatentFamily(2, model=OLD), now)["market_latent_0"] == [1, 3]
    assert said(LatentFamily(2, model=NEW), now)["market_latent_0"] == [2, 2]


def test_rows_of_others_are_passed_over():
    tables = rows(
        row(1.0, symbol="ETHUSDT"),
        row(1.0, venue="okx"),
        row(1.0, timeframe="1h"),
        row(1.0, model="who-knows"),
        row(1.0, (1.0, 2.0, 3.0)),
    )

    assert isnan(said(FAMILY, facts(hours(2), tables))["market_latent_0"][0])


@pytest.mark.parametrize("tables", [{}, rows()])
def test_no_rows_no_values(tables):
    assert not compute(FAMILY, facts(hours(0, 1), tables))[1].any()


def test_online_equals_batch_and_the_future_does_not_matter():
    bars = simulate(SimulatedMarket(symbols=("SIMAUSDT",), days=8, seed=1))["market_bars"].sort("event_time")
    now = bars["available_at"].to_physical().to_numpy()
    encoder = fit_encoder(bars, until=int(now[1000]), window=12, dimension=4)
    made = encode_bars(encoder, bars, in_sample=True)
    thin = made.filter(pl.int_range(pl.len()) % 7 == 0)
    given, family = facts(now, {"market_latent": thin}, "SIMAUSDT", "simulated"), LatentFamily(4)

    values, mask = compute(family, given)
    assert_online_equals_batch(family, given, range(0, len(now), 101))
    late = thin.filter(pl.col("available_at").to_physical() <= int(now[1500]))
    short, _ = compute(family, facts(now, {"market_latent": late}, "SIMAUSDT", "simulated"))

    assert not mask[:, :1001].any()
    assert mask[:, 1010:].all()
    assert short[:, :1501].tobytes() == values[:, :1501].tobytes()
    assert np.nanmax(values[-1]) < 7 * 5 / 60
    assert family.memory_us == DAY
