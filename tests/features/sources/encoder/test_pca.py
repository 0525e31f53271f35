"""The market encoder: fitted on the past alone, the same in every run, a window at a time."""

import numpy as np
import polars as pl
import pytest

from alphaloop.core.errors import InvalidOption, NoData
from alphaloop.features.sources.encoder.pca import (
    IN_SAMPLE,
    MarketEncoder,
    _principal,
    encode_bars,
    fit_encoder,
    training_end,
)
from alphaloop.lake.schema import TABLES
from alphaloop.lake.sources.simulated import SimulatedMarket, simulate
from alphaloop.lake.table import Lake
from tests.features.sources.worlds import BASE, FIVE

STEP = FIVE.us


@pytest.fixture(scope="module")
def bars():
    return simulate(SimulatedMarket(symbols=("SIMAUSDT", "SIMBUSDT"), days=6, seed=3))["market_bars"]


@pytest.fixture(scope="module")
def middle(bars):
    return int(bars["available_at"].to_physical().median() // STEP * STEP)


@pytest.fixture(scope="module")
def encoder(bars, middle):
    return fit_encoder(bars, until=middle, window=6, dimension=3)


def slow_figures(frame):
    """Figures of one symbol in numpy, the plain way."""
    high, low, close, volume = (frame[name].to_numpy() for name in ("high", "low", "close", "volume"))
    moved = np.append(np.nan, np.diff(np.log(close)))
    return np.stack([moved, np.log(high / low), np.log(1 + volume)], axis=1)


def slow_windows(bars, window):
    """All windows of all symbols, (N, L, 3), and the instants at which each was known."""
    found, known = [], []
    for (_,), frame in bars.sort("symbol", "event_time").group_by("symbol", maintain_order=True):
        figures = slow_figures(frame)
        for end in range(window, len(figures)):
            part = figures[end - window + 1 : end + 1].copy()
            part[:, 2] -= part[:, 2].mean()
            found.append(part)
            known.append(frame["available_at"].to_physical()[end])
    return np.array(found), np.array(known)


def test_it_equals_the_plain_calculation(bars, middle, encoder):
    """Standardise, covariance, eigenvectors: numpy on all windows of the training part."""
    windows, known = slow_windows(bars, 6)
    train = windows[known <= middle]
    scale = train.reshape(-1, 3).std(axis=0)
    flat = (windows / scale).reshape(len(windows), -1)
    inside = flat[known <= middle]
    values, vectors = np.linalg.eigh(np.cov(inside.T, bias=True))

    np.testing.assert_allclose(encoder.scale, scale, rtol=1e-9)
    np.testing.assert_allclose(encoder.explained, values[::-1][:3] / values.sum(), rtol=1e-9)
    projected = (flat - inside.mean(axis=0)) @ vectors[:, ::-1][:, :3] / np.sqrt(values[::-1][:3])
    rows = encode_bars(encoder, bars, in_sample=True).sort("symbol", "event_time")
    made = np.array(rows["latent"].to_list())
    sides = np.sign((made * projected).sum(axis=0))
    np.testing.assert_allclose(made, projected * sides, rtol=1e-4, atol=1e-5)


def test_training_vectors_have_unit_spread(bars, middle, encoder):
    rows = encode_bars(encoder, bars, in_sample=True).filter(pl.col("available_at").to_physical() <= middle)
    made = np.array(rows["latent"].to_list())

    np.testing.assert_allclose(made.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(np.cov(made.T, bias=True), np.eye(3), atol=1e-4)


def test_the_sign_is_settled():
    data = np.random.default_rng(0).standard_normal((500, 4)) * [4, 3, 2, 1]

    components, values, explained = _principal(data, 4)
    mirrored, _, _ = _principal(-data, 4)

    assert (components[np.abs(components).argmax(axis=0), range(4)] > 0).all()
    np.testing.assert_allclose(components, mirrored, atol=1e-12)
    assert list(values) == sorted(values, reverse=True)
    assert explained.sum() == pytest.approx(1.0)


def test_it_is_the_same_in_every_run(bars, middle, encoder):
    again = fit_encoder(bars.sample(fraction=1.0, shuffle=True, seed=1), until=middle, window=6, dimension=3)

    assert (again.hash, again.model) == (encoder.hash, encoder.model)
    assert encoder.model.startswith("pca3-20250104T000000Z-")
    assert fit_encoder(bars, until=middle - STEP, window=6, dimension=3).hash != encoder.hash


def test_the_fit_does_not_look_past_its_window(bars, middle, encoder):
    late = pl.col("available_at").to_physical() > middle
    wild = bars.with_columns(
        pl.when(late).then(pl.col(name) * 1000).otherwise(name) for name in ("high", "close", "volume")
    )

    assert fit_encoder(wild, until=middle, window=6, dimension=3).hash == encoder.hash
    assert fit_encoder(bars.filter(~late), until=middle, window=6, dimension=3).hash == encoder.hash


def test_rows_of_the_training_window_are_refused_or_marked(bars, middle, encoder):
    honest, all_rows = encode_bars(encoder, bars), encode_bars(encoder, bars, in_sample=True)
    inside = all_rows.filter(pl.col("available_at").to_physical() <= middle)

    assert honest["available_at"].to_physical().min() == middle + STEP
    assert honest["model"].unique().to_list() == [encoder.model]
    assert inside["model"].unique().to_list() == [encoder.model + IN_SAMPLE]
    assert all_rows.height == honest.height + inside.height
    assert training_end(encoder.model) == middle


def test_online_equals_batch_to_the_bit(bars, encoder):
    """Any row from its window and the bar before it; and a continued build equals one at once."""
    batch = encode_bars(encoder, bars)
    own = bars.filter(pl.col("symbol") == "SIMBUSDT").sort("event_time")
    for end in range(900, 1700, 111):
        alone = encode_bars(encoder, own[end - 6 : end + 1])
        same = batch.join(alone.select("symbol", "event_time"), on=["symbol", "event_time"], how="semi")
        assert alone.height == 1
        assert alone.equals(same)
    cut = int(own["available_at"].to_physical()[1200])
    parts = [encode_bars(encoder, bars.filter(pl.col("available_at").to_physical() <= cut)),
             encode_bars(encoder, bars, after=cut)]  # fmt: skip
    assert pl.concat(parts).sort("symbol", "event_time").equals(batch)


@pytest.mark.parametrize(("lost", "spared"), [("hole", 7), ("volume", 6)])
def test_no_vector_across_a_hole(bars, encoder, lost, spared):
    """An absent bar costs the L windows that hold it and that whose first return crosses it; unknown volume L."""
    own = bars.filter(pl.col("symbol") == "SIMAUSDT").sort("event_time").tail(40)
    whole = encode_bars(encoder, own, in_sample=True).height
    if lost == "hole":
        broken = pl.concat([own[:20], own[21:]])
    else:
        unknown = pl.int_range(pl.len()) == 20
        broken = own.with_columns(volume=pl.when(unknown).then(None).otherwise("volume"))

    rows = encode_bars(encoder, broken, in_sample=True)

    assert whole == 40 - 6
    assert rows.height == whole - spared
    times = {int(when) for when in rows["event_time"].to_physical()}
    if lost == "hole":
        assert not times & {int(when) for when in own["event_time"].to_physical()[20:27]}


def test_bars_that_stand_still_give_numbers():
    """No volume, no movement: deviations of zero are left alone."""
    count = 200
    times = BASE + STEP * np.arange(count)
    rows = pl.DataFrame({
        "venue": "v", "symbol": "S", "timeframe": "5m", "event_time": times, "available_at": times + STEP,
        **dict.fromkeys(("open", "high", "low", "close"), 5.0), "volume": 0.0, "is_synthetic": False,
    }).with_columns(pl.col("event_time", "available_at").cast(pl.Datetime("us", "UTC")))  # fmt: skip

    encoder = fit_encoder(rows, until=int(times[150]), window=4, dimension=2)

    assert np.isfinite(np.array(encode_bars(encoder, rows)["latent"].to_list())).all()
    assert np.isfinite(encoder.explained).all()


def test_nonsense_is_refused(bars, middle, encoder):
    for options in ({"window": 1}, {"dimension": 0}, {"window": 4, "dimension": 13}):
        with pytest.raises(InvalidOption):
            fit_encoder(bars, until=middle, **options)
    with pytest.raises(NoData, match="whole windows"):
        fit_encoder(bars, until=int(bars["available_at"].to_physical().min()), window=6)
    hourly = bars.with_columns(timeframe=pl.lit("1h"))
    with pytest.raises(InvalidOption, match="1h"):
        encode_bars(encoder, hourly)
    with pytest.raises(InvalidOption, match="timeframes"):
        fit_encoder(pl.concat([bars, hourly]), until=middle)
    with pytest.raises(NoData):
        fit_encoder(bars.head(0), until=middle)


def test_no_bars_no_rows(bars, encoder):
    made = encode_bars(encoder, bars.head(0))

    assert made.is_empty()
    assert made.columns == encode_bars(encoder, bars).columns


def test_the_lake_keeps_the_rows(bars, encoder, tmp_path):
    lake, made = Lake(tmp_path), encode_bars(encoder, bars).tail(50)

    first, again = (lake.append("market_latent", made, ingested_at=BASE) for _ in range(2))

    assert (first.written, first.quarantined, again.duplicate) == (50, 0, 50)
    assert lake.read("market_latent").drop("ingested_at").equals(made)
    assert made.schema == {name: kind for name, kind in TABLES["market_latent"].dtypes.items() if name != "ingested_at"}


def test_names_that_say_nothing_of_training():
    assert [training_end(name) for name in ("", "pca", "x-99999999T999999Z-1", "pca8-20250101T000000Z")] == [None] * 4


def test_later_fits_sort_later(bars, middle):
    names = [fit_encoder(bars, until=middle + n * STEP, window=4, dimension=2).model for n in range(3)]

    assert names == sorted(names)
    assert isinstance(fit_encoder(bars, until=middle, window=4, dimension=2), MarketEncoder)
