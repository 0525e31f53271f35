"""The simulated market: the same bytes, the stated statistics, and the optimum it claims."""

import hashlib
import io
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.core.time import DAY_US
from alphaloop.lake.schema import TABLES
from alphaloop.lake.sources.simulated import (
    NOTHING,
    Dynamics,
    Effects,
    Sampling,
    SimulatedMarket,
    simulate,
    truth,
)
from alphaloop.lake.sources.simulated.candles import imbalance, prices
from alphaloop.lake.sources.simulated.latent import autoregress, draw, stationary
from alphaloop.lake.sources.simulated.optimum import best_threshold, momentum_filter
from alphaloop.lake.table import Lake

YEAR = SimulatedMarket(days=365, null=True)
SHORT = SimulatedMarket(days=3, symbols=("AUSDT", "BUSDT", "CUSDT"), sampling=Sampling(news_per_day=20.0))
SMOOTH = Dynamics(garch_alpha=0.0, garch_beta=0.0, dof=1e6, regime_volatility=(1.0, 1.0, 1.0))
"""Normal noise of constant variance: what the optimum takes forecasts to be."""
COST = 6e-4


def only(**effects: float) -> SimulatedMarket:
    """A year of ten symbols with one effect."""
    return SimulatedMarket(days=365, effects=replace(NOTHING, **effects))


@cache
def tables() -> dict[str, pl.DataFrame]:
    return simulate(SHORT)


def digest(made: dict[str, pl.DataFrame]) -> str:
    state = hashlib.sha256()
    for name in sorted(made):
        buffer = io.BytesIO()
        made[name].write_parquet(buffer, compression="uncompressed")
        state.update(name.encode() + buffer.getvalue())
    return state.hexdigest()


def slope_and_error(y: np.ndarray, x: np.ndarray) -> tuple[float, float]:
    """OLS slope through the mean with White's heteroskedastic standard error."""
    x, y = x - x.mean(), y - y.mean()
    slope = float(x @ y / (x @ x))
    residual = y - slope * x
    return slope, float(np.sqrt(np.sum((x * residual) ** 2)) / (x @ x))


def variance_error(market: SimulatedMarket) -> np.ndarray:
    """Realised over stated variance, less one, in standard errors from batches of 15 days; shape (A,)."""
    square = (draw(market).returns / market.volatility) ** 2
    batches = square[: len(square) // 24 * 24].reshape(24, -1, square.shape[1]).mean(axis=1)
    return np.asarray((batches.mean(axis=0) - 1) / (batches.std(axis=0, ddof=1) / np.sqrt(24)))


# --- the same bytes -------------------------------------------------------------------


def test_same_configuration_same_bytes_in_this_and_another_process() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\nimport test_simulated as t; print(t.digest(t.simulate(t.SHORT)))"
    )
    here = str(Path(__file__).parent)
    other = subprocess.run([sys.executable, "-c", program, here], capture_output=True, text=True, check=True)
    first = digest(tables())
    draw.cache_clear()
    prices.cache_clear()
    assert digest(simulate(SHORT)) == first
    assert other.stdout.strip() == first


def test_another_seed_other_bytes() -> None:
    assert digest(simulate(replace(SHORT, seed=8))) != digest(tables())


def test_a_longer_market_has_the_same_sizes_per_day() -> None:
    made = tables()
    assert made["market_bars"].height == 3 * 3 * 288
    assert made["orderbook_l2"].height == made["open_interest"].height == 3 * 3 * 24
    assert made["funding_rates"].height == 3 * 3 * 3
    assert made["onchain_signals"].height == 3 * 3
    assert made["events"].height == made["event_links"].height


# --- rows the lake accepts --------------------------------------------------------------


def test_every_row_is_accepted_by_the_lake(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for name, frame in tables().items():
        report = lake.append(name, frame, ingested_at=SHORT.start)
        assert (name, report.quarantined, report.duplicate, report.written) == (name, 0, 0, frame.height)
        again = lake.append(name, frame, ingested_at=SHORT.start + 1)
        assert (again.duplicate, again.version) == (frame.height, report.version)


@pytest.mark.parametrize("name", sorted(tables()))
def test_columns_are_the_declared_ones_and_every_row_is_synthetic(name: str) -> None:
    frame = tables()[name]
    declared = {key: kind for key, kind in TABLES[name].dtypes.items() if key != "ingested_at"}
    assert dict(frame.schema) == declared
    assert frame["is_synthetic"].all()
    assert not frame["is_derived"].any()
    assert frame.select(TABLES[name].key).is_duplicated().sum() == 0


def test_nothing_is_known_before_it_happened() -> None:
    made = tables()
    for name in ("events", "social_posts", "orderbook_l2", "open_interest", "onchain_signals", "market_bars"):
        assert (made[name]["available_at"] > made[name]["event_time"]).all(), name
    lag = made["onchain_signals"].select((pl.col("available_at") - pl.col("event_time")).dt.total_hours()).to_series()
    assert lag.unique().to_list() == [30]


def test_bars_are_consistent_and_on_the_grid() -> None:
    bars = tables()["market_bars"]
    assert (bars["high"] >= bars.select(pl.max_horizontal("open", "close")).to_series()).all()
    assert (bars["low"] <= bars.select(pl.min_horizontal("open", "close")).to_series()).all()
    assert (bars["low"] > 0).all()
    share = bars["taker_buy_volume"] / bars["volume"]
    assert share.is_between(0, 1).all()
    assert (bars["taker_buy_quote_volume"] <= bars["quote_volume"]).all()
    assert bars["trades"].min() >= 1
    for symbol, instrument in SHORT.instruments().items():
        own = bars.filter(symbol=symbol)
        for column, step in (("open", instrument.tick), ("low", instrument.tick), ("volume", instrument.lot)):
            decimals = -int(step.as_tuple().exponent)
            assert own[column].to_list() == [round(value, decimals) for value in own[column].to_list()]
        assert own["open"][1:].to_list() == own["close"][:-1].to_list()


def test_high_and_low_are_extremes_of_a_brownian_bridge() -> None:
    """Parkinson: E[(ln high/low)^2] = 4 ln 2 * variance for a driftless path.

    High and low are drawn apart, which is exact for each but not for the pair, so the
    range is held to its exact mean, E[high - low] = sqrt(8 / pi) sigma, and not its square.
    """
    market = SimulatedMarket(days=365, symbols=("AUSDT",), dynamics=SMOOTH, null=True)
    made = prices(market)
    length = np.log(made.high / made.low).mean() / market.volatility[0]
    assert length == pytest.approx(np.sqrt(8 / np.pi), rel=0.01)


def test_books_are_ordered_around_the_close() -> None:
    made = tables()
    book = made["orderbook_l2"]
    assert book["bid_price"].list.len().unique().to_list() == [10]
    assert (book["bid_price"].list.first() < book["ask_price"].list.first()).all()
    assert (book["bid_price"].list.diff().list.max() < 0).all()
    assert (book["ask_price"].list.diff().list.min() > 0).all()
    assert (book["bid_qty"].list.min() > 0).all()
    closes = made["market_bars"].select("symbol", pl.col("available_at").alias("event_time"), "close")
    both = book.join(closes, on=["symbol", "event_time"])
    assert both.height == book.height
    assert (both["bid_price"].list.first() < both["close"]).all()
    assert (both["ask_price"].list.first() > both["close"]).all()


def test_funding_settles_every_eight_hours_within_its_cap() -> None:
    funding = simulate(replace(SHORT, sampling=Sampling(funding_bp=60.0)))["funding_rates"]
    assert funding["event_time"].dt.hour().unique().sort().to_list() == [0, 8, 16]
    assert funding["rate"].abs().max() == 0.0075


def test_a_comment_answers_an_earlier_post_of_its_symbol() -> None:
    posts = tables()["social_posts"]
    comments = posts.filter(kind="comment")
    parents = posts.select("symbol", pl.col("post_id").alias("parent_id"), pl.col("kind").alias("parent_kind"))
    joined = comments.join(parents, on=["symbol", "parent_id"])
    assert joined.height == comments.height > 0
    assert joined["parent_kind"].unique().to_list() == ["post"]


# --- the stated statistics --------------------------------------------------------------


def test_null_returns_are_a_martingale_difference() -> None:
    """No lag of returns, imbalance or the leader predicts: |t| below the 1 in 10 000 bound.

    74 tests of slopes with White's errors; Bonferroni at 1 % asks for |t| <= 3.9 or so.
    """
    made = prices(YEAR)
    returns = made.close / made.open - 1
    flow = imbalance(draw(YEAR))
    statistics = []
    for asset in range(returns.shape[1]):
        own = returns[:, asset]
        regressors = [own[:-1], np.sign(own[:-1]), flow[:-1, asset], returns[:-1, 0], draw(YEAR).drift[1:, asset]]
        for x in regressors:
            slope, error = slope_and_error(own[1:], x)
            statistics.append(slope / error)
        for lag in (12, 288):
            slope, error = slope_and_error(own[lag:], own[:-lag])
            statistics.append(slope / error)
    bound = 4.0  # P(any of 70 normal |t| > 4.0) = 0.0044
    assert np.abs(statistics).max() < bound
    mean_t = returns.mean(axis=0) / returns.std(axis=0) * np.sqrt(len(returns))
    assert np.abs(mean_t).max() < bound
    assert truth(YEAR).coefficients["momentum_r2"] == 0
    assert all(found.net.max() == 0 for found in truth(YEAR).optima.values())


def test_null_news_and_funding_tell_nothing() -> None:
    market = replace(YEAR, sampling=Sampling(news_per_day=4.0))
    hidden = draw(market)
    news = hidden.news
    inside = news.known_bar < market.bars - 7
    total = np.vstack([np.zeros(10), np.cumsum(hidden.returns, axis=0)])
    later = (
        total[news.known_bar[inside] + 7, news.asset[inside]] - total[news.known_bar[inside] + 1, news.asset[inside]]
    )
    signed = news.direction[inside] * later
    assert abs(signed.mean()) < 4 * signed.std() / np.sqrt(len(signed))
    rate = simulate(replace(market, timeframe="1h"))["funding_rates"]["rate"].to_numpy().reshape(10, -1)
    autocorrelation = np.mean([np.corrcoef(row[1:], row[:-1])[0, 1] for row in rate])
    assert abs(autocorrelation) < 4 / np.sqrt(rate.size)
    assert abs(rate.mean()) < 4 * rate.std() / np.sqrt(rate.size)


def test_volatility_has_the_stated_level_and_clusters() -> None:
    returns = draw(YEAR).returns
    assert np.abs(variance_error(YEAR)).max() < 4
    size = np.abs(returns) - np.abs(returns).mean(axis=0)

    def memory(lag: int) -> np.ndarray:
        return np.asarray((size[lag:] * size[:-lag]).mean(axis=0) / size.var(axis=0))

    assert memory(1).min() > 0.15
    assert memory(288).min() > 0.02
    assert memory(1).min() > memory(288).max()


def test_tails_are_heavier_than_normal_with_a_finite_index() -> None:
    """Hill's index of the largest half percent lies between 3 and 6; a normal's is above 8."""
    for asset in (0, 9):
        ordered = np.sort(np.abs(draw(YEAR).returns[:, asset]))[::-1][:500]
        index = 1 / np.mean(np.log(ordered[:-1] / ordered[-1]))
        assert 2.5 < index < 6
    normal = np.sort(np.abs(np.random.default_rng(0).standard_normal(YEAR.bars)))[::-1][:500]
    assert 1 / np.mean(np.log(normal[:-1] / normal[-1])) > 8


def test_symbols_are_correlated_as_configured() -> None:
    for correlation in (0.0, 0.6):
        market = SimulatedMarket(days=90, dynamics=Dynamics(correlation=correlation), null=True)
        found = np.corrcoef(draw(market).shock, rowvar=False)[np.triu_indices(10, 1)]
        assert found == pytest.approx(np.full(45, correlation), abs=4 / np.sqrt(market.bars))


def test_regimes_persist_as_stated() -> None:
    market = SimulatedMarket(days=3650, symbols=("AUSDT",), timeframe="1h", null=True)
    regime = draw(market).regime
    known = truth(market)
    for state, hours in enumerate(market.dynamics.regime_hours):
        visits = np.sum((regime[1:] == state) & (regime[:-1] != state))
        mean_hours = np.sum(regime == state) / visits
        expected = 1 / (1 - np.exp(-1 / hours))
        assert mean_hours == pytest.approx(expected, rel=5 / np.sqrt(visits))
        assert np.mean(regime == state) == pytest.approx(known.regime_share[state], rel=0.15)
    assert np.sum(known.regime_share * known.regime_volatility**2) == pytest.approx(1)
    assert stationary(np.array([[0.5, 0.5], [0.25, 0.75]])) == pytest.approx([1 / 3, 2 / 3])


def test_taker_flow_goes_with_the_bar() -> None:
    hidden = draw(YEAR)
    flow = imbalance(hidden)
    assert flow.std() == pytest.approx(0.22, rel=0.02)
    assert np.corrcoef(flow[:, 0], hidden.shock[:, 0])[0, 1] == pytest.approx(0.55, abs=0.01)


# --- the planted effects ------------------------------------------------------------------


def recovered(market: SimulatedMarket, x: np.ndarray, lag: int, assets: slice) -> tuple[np.ndarray, np.ndarray]:
    """IC of ``x[t - lag]`` with returns, in standard deviations of a return, and its error."""
    returns = draw(market).returns / market.volatility
    columns = range(*assets.indices(returns.shape[1]))
    fits = [slope_and_error(returns[lag:, i], x[: len(x) - lag, i]) for i in columns]
    return np.array([fit[0] for fit in fits]), np.array([fit[1] for fit in fits])


def test_planted_momentum_is_recovered_by_ols() -> None:
    market = only(momentum_r2=0.003)
    slopes, errors = recovered(market, draw(market).drift, 0, slice(None))
    assert np.abs(slopes - np.sqrt(0.003)).max() < 4 * errors.max()
    assert slopes.mean() == pytest.approx(np.sqrt(0.003), abs=3 * errors.mean())


def test_planted_flow_is_recovered_by_ols_on_what_is_seen() -> None:
    market = only(flow_r2=0.0009)
    flow = imbalance(draw(market))
    slopes, errors = recovered(market, flow / flow.std(axis=0), 1, slice(None))
    assert np.abs(slopes - 0.03).max() < 4 * errors.max()
    assert abs(slopes.mean() - 0.03) < 3 * errors.mean()


def test_planted_lead_lag_is_recovered_by_ols_and_the_leader_follows_nobody() -> None:
    market = only(lead_lag_r2=0.0025)
    leader = np.repeat(draw(market).returns[:, :1] / market.volatility[0], 10, axis=1)
    slopes, errors = recovered(market, leader, 1, slice(None))
    assert np.abs(slopes[1:] - 0.05).max() < 4 * errors[1:].max()
    assert abs(slopes[0]) < 4 * errors[0]


def test_news_pays_after_publication_and_fakes_more_before() -> None:
    """Entering at the bar after the event fakes before + after; after publication, only after."""
    market = replace(only(news_before_bp=40.0, news_after_bp=30.0), sampling=Sampling(news_per_day=4.0))
    hidden, bars = draw(market), market.sampling.news_bars
    news = hidden.news
    inside = news.known_bar < market.bars - bars - 1
    total = np.vstack([np.zeros(10), np.cumsum(hidden.returns, axis=0)])
    asset = news.asset[inside]
    end = total[news.known_bar[inside] + bars + 1, asset]
    honest = news.direction[inside] * (end - total[news.known_bar[inside] + 1, asset])
    cheating = news.direction[inside] * (end - total[news.event_bar[inside] + 1, asset])
    for gained, stated in ((honest, 30e-4), (cheating, 70e-4)):
        assert abs(gained.mean() - stated) < 4 * gained.std() / np.sqrt(len(gained))
    known = (news.available_at - market.start) // market.interval.us
    assert np.array_equal(known, news.known_bar)
    assert np.all(news.known_bar > news.event_bar)


def test_all_effects_together_keep_the_stated_variance() -> None:
    assert np.abs(variance_error(SimulatedMarket(days=365))).max() < 4


def test_funding_is_as_persistent_as_planted() -> None:
    rate = simulate(SimulatedMarket(days=365, timeframe="1h"))["funding_rates"]["rate"].to_numpy().reshape(10, -1)
    found = np.mean([np.corrcoef(row[1:], row[:-1])[0, 1] for row in rate])
    assert found == pytest.approx(0.8, abs=0.02)
    assert rate.std() == pytest.approx(1e-4, rel=0.1)


# --- the optimum ------------------------------------------------------------------------


def filtered(market: SimulatedMarket, knows: str) -> np.ndarray:
    """The stated filter run over the market's own returns; row t predicts bar t + 1."""
    known = truth(market).coefficients
    returns = draw(market).returns / market.volatility
    common = returns.mean(axis=1, keepdims=True)
    parts = {"own": returns} if knows == "own" else {"common": common, "contrast": returns - common}
    return sum(autoregress(known[f"{name}_gain"] * part, known[f"{name}_decay"]) for name, part in parts.items())


def trade(score: np.ndarray, threshold: np.ndarray | float) -> np.ndarray:
    """Positions of the threshold policy, one row a decision."""
    sides = np.where(np.abs(score) >= threshold, np.sign(score), 0.0)
    last = np.maximum.accumulate(np.where(sides != 0, np.arange(len(sides))[:, None], 0), axis=0)
    return np.take_along_axis(sides, last, axis=0)


def net_of(position: np.ndarray, gross: np.ndarray) -> np.ndarray:
    """Return of each decision after cost, position row t earning gross row t."""
    first = np.zeros((1, position.shape[1]))
    return position * gross - COST * np.abs(np.diff(position, axis=0, prepend=first))


@pytest.mark.parametrize("dynamics", [SMOOTH, Dynamics()], ids=["normal", "default"])
@pytest.mark.parametrize("knows", ["own", "all"])
def test_the_filter_has_the_stated_ic_and_the_optimum_earns_what_it_says(knows: str, dynamics: Dynamics) -> None:
    effects = replace(NOTHING, momentum_r2=0.01, momentum_half_life_hours=4.0)
    market = SimulatedMarket(days=1095, effects=effects, timeframe="15m", dynamics=dynamics)
    known = truth(market)
    best, score = known.optima["momentum_own" if knows == "own" else "momentum"], filtered(market, knows)
    returns, r2 = draw(market).returns, known.coefficients[f"momentum_{knows}_r2"]
    spread = np.sqrt(r2)
    assert best.ic == spread
    told = (score[:-1] * returns[1:] / market.volatility).mean(axis=1)  # a best forecast's covariance is its variance
    batches = told[: len(told) // 24 * 24].reshape(24, -1).mean(axis=1)
    assert abs(batches.mean() - r2) < 4 * batches.std(ddof=1) / np.sqrt(24)
    position = trade(score / spread, best.threshold)
    realised = net_of(position[:-1], returns[1:]).mean(axis=1)
    assert abs(realised.mean() - best.net.mean()) < 3 * realised.std() / np.sqrt(len(realised))
    if dynamics is SMOOTH:  # forecasts are normal, as the optimum takes them to be
        ics = [np.corrcoef(score[:-1, i], returns[1:, i])[0, 1] for i in range(10)]
        assert np.mean(ics) == pytest.approx(best.ic, abs=4 / np.sqrt(market.bars * 10))
        phi = market.momentum_persistence  # an AR(1) is worth (1 - phi) / (1 + phi) of its length
        error = np.sqrt(0.5 / (market.bars * (1 - phi) / (1 + phi)))
        assert score.std() == pytest.approx(spread, rel=4 * error)
        assert np.abs(np.diff(position, axis=0)).mean() == pytest.approx(best.turnover.mean(), rel=0.05)
        stated_spread = best.net.mean() * np.sqrt(market.interval.per_year) / best.portfolio_sharpe
        # signs of two forecasts are taken to be as alike as signs of normals; waiting for a threshold makes
        # them a few percent less so, and the stated risk of the portfolio that much too high
        assert 0.93 < realised.std() / stated_spread < 1.02


@pytest.mark.parametrize(
    ("persistence", "strength"), [(0.0, 8e-4), (0.5, 2e-4), (0.9, 3e-4), (0.99, 1e-4), (0.9976, 3e-5), (0.9999, 3e-6)]
)
def test_threshold_policy_against_a_long_simulation(persistence: float, strength: float) -> None:
    rule = best_threshold(strength, persistence, COST)
    noise = np.random.default_rng(1).standard_normal((20_000, 200))
    noise[1:] *= np.sqrt(1 - persistence**2)
    x = autoregress(noise, persistence)
    position = trade(x, rule.threshold)
    net = net_of(position, strength * x)[2000:].mean(axis=0)
    turnover = np.abs(np.diff(position, axis=0))[2000:].mean(axis=0)
    for measured, stated in ((net, rule.net), (turnover, rule.turnover)):
        assert abs(measured.mean() - stated) < 4 * measured.std() / np.sqrt(200) + 0.003 * stated
    with_rest = np.where(np.abs(x) >= rule.threshold, np.sign(x), 0.0)  # flat while the forecast is weak
    for other in (trade(x, 1.5 * rule.threshold), trade(x, 0.6 * rule.threshold), with_rest):
        assert net_of(other, strength * x)[2000:].mean() < net.mean()


def test_momentum_filter_is_the_best_linear_forecast() -> None:
    """The R^2 of the Kalman filter equals that of a regression on 400 past returns."""
    r2, phi, lags = 0.05, 0.95, 400
    found = momentum_filter(r2, phi)
    powers = r2 * phi ** np.arange(lags + 1)
    covariance = np.array([[powers[abs(i - j)] for j in range(lags)] for i in range(lags)]) + (1 - r2) * np.eye(lags)
    best = powers[1:] @ np.linalg.solve(covariance, powers[1:])
    assert found.r2 == pytest.approx(best, rel=1e-6)
    weights = np.linalg.solve(covariance, powers[1:])
    assert weights[:3] == pytest.approx(found.gain * found.decay ** np.arange(3), rel=1e-6)


def test_truth_of_default_market() -> None:
    """The numbers in docs/simulated-market.md."""
    known = truth(SimulatedMarket())
    best = known.optima
    stated = {name: round(found.portfolio_sharpe, 1) for name, found in best.items()}
    assert stated["momentum_oracle"] > stated["momentum"] > stated["momentum_own"] > 1
    assert best["flow"].net.max() == 0  # real, and below cost
    per_day = best["lead_lag"].net.mean() * 288 * 1e4
    assert 0 < per_day < 0.05  # pays only after the leader's wildest bars
    assert best["news"].net[0] == pytest.approx(known.market.news_rate * (18 - 12) / 1e4)
    assert 0 < best["funding"].sharpe[0] < 0.05
    assert known.summary()["null"] is False


def test_cost_lowers_every_optimum() -> None:
    market = SimulatedMarket(days=1)
    free, dear = truth(market, cost_bp=0.0), truth(market, cost_bp=20.0)
    for name, best in free.optima.items():
        assert np.all(best.net >= dear.optima[name].net)
    assert free.optima["flow"].gross == pytest.approx(0.02 * market.volatility * np.sqrt(2 / np.pi), rel=0.01)
    assert free.optima["lead_lag"].net[1] > 0 == free.optima["lead_lag"].net[0]


# --- refusals -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: SimulatedMarket(symbols=()),
        lambda: SimulatedMarket(symbols=("A", "A")),
        lambda: SimulatedMarket(days=0),
        lambda: SimulatedMarket(start=1),
        lambda: SimulatedMarket(timeframe="7m"),
        lambda: SimulatedMarket(seed=-1),
        lambda: SimulatedMarket(effects=Effects(momentum_r2=1.0)),
        lambda: SimulatedMarket(sampling=Sampling(news_per_day=1e5)),
        lambda: Effects(flow_r2=-0.1),
        lambda: Effects(funding_persistence=1.0),
        lambda: Dynamics(garch_alpha=0.2, garch_beta=0.9),
        lambda: Dynamics(dof=4.0),
        lambda: Dynamics(correlation=1.5),
        lambda: Dynamics(regime_hours=(0.0, 1.0, 1.0)),
        lambda: Sampling(book_every=0),
        lambda: Sampling(news_delay_bars=0.5),
        lambda: truth(SimulatedMarket(days=1), cost_bp=-1.0),
    ],
)
def test_impossible_markets_are_refused(make: object) -> None:
    with pytest.raises(InvalidOption):
        make()  # type: ignore[operator]


def test_two_markets_share_a_lake_under_two_venues(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for market in (SHORT, replace(SHORT, null=True, venue="simulated-null")):
        for name, frame in simulate(market).items():
            assert lake.append(name, frame, ingested_at=DAY_US).quarantined == 0
    other = simulate(replace(SHORT, seed=12, venue="simulated-12"))
    for name in set(other) - {"onchain_signals"}:  # a chain has no venue: two truths of it do contradict
        assert lake.append(name, other[name], ingested_at=DAY_US).quarantined == 0


def test_one_symbol_one_day_and_daily_bars_work(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for market in (SimulatedMarket(symbols=("AUSDT",), days=1), SimulatedMarket(days=40, timeframe="1d")):
        for name, frame in simulate(market).items():
            assert lake.append(name, frame, ingested_at=DAY_US).quarantined == 0
