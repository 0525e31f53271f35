"""Laws of candidate trades: no side, no scale, no future, nothing lost, and one truth with the portfolio form."""

import math
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.market import Instrument, MarginTier, Market
from alphaloop.core.time import Timeframe
from alphaloop.execution.simulator.batch import simulate, targets
from alphaloop.hindsight.outcomes import Costs, label_candidates

ROUNDS = settings(deadline=None, max_examples=int(os.environ.get("ALPHALOOP_LAW_EXAMPLES", "100")))
PRICES = ("open", "high", "low", "close")
FIGURES = ("net_return", "gross_return", "max_drawdown", "fees", "funding")

COSTS = st.builds(
    Costs,
    st.sampled_from([0.0, 0.0005, 0.01]),
    st.sampled_from([-0.0001, 0.0, 0.0002]),
    st.sampled_from([0.0, 0.0001, 0.002]),
    st.sampled_from([0.0, 0.005, 0.02]),
    st.sampled_from([0.0, 0.0125]),
)


@st.composite
def markets(draw):
    """Whole prices from 85 to 115, so that bars and levels often meet; some funding."""
    rows = []
    for _ in range(draw(st.integers(3, 40))):
        start, end = draw(st.integers(85, 115)), draw(st.integers(85, 115))
        up, down = draw(st.sampled_from([0, 0, 1, 4])), draw(st.sampled_from([0, 0, 1, 4]))
        rows.append((start, max(start, end) + up, min(start, end) - down, end))
    table = {name: np.array([float(row[k]) for row in rows]) for k, name in enumerate(PRICES)}
    rates = st.sampled_from([0.0, 0.0, 0.0, 0.001, -0.02])
    return table | {"funding_rate": np.array(draw(st.lists(rates, min_size=len(rows), max_size=len(rows))))}


@st.composite
def tried(draw, bars: int, limits: bool = True):
    level = st.sampled_from([math.nan, 0.0, 0.01, 0.05, 0.3])
    one = st.tuples(
        st.integers(0, bars - 1),
        st.sampled_from([1, -1]),
        level,
        level,
        st.sampled_from([1.0, 3.0, 10.0, 40.0]),
        st.sampled_from([math.nan, 95.0, 100.0, 105.0]) if limits else st.just(math.nan),
    )
    rows = draw(st.lists(one, min_size=1, max_size=20))
    names = ("bar", "side", "stop", "target", "leverage", "limit")
    return {name: np.array([row[k] for row in rows]) for k, name in enumerate(names)}


@st.composite
def cases(draw, limits: bool = True):
    table = draw(markets())
    return table, draw(tried(len(table["open"]), limits)), draw(COSTS), draw(st.integers(1, 30))


@ROUNDS
@given(cases())
def test_what_is_left_is_what_was_made_less_what_was_paid(case):
    """net = L * side * (exit / entry - 1) - fees - funding, unless the margin is gone."""
    table, wished, costs, horizon = case

    found = label_candidates(table, wished, costs=costs, horizon=horizon)

    filled = found.reason != "not_filled"
    ratio = np.divide(found.exit_price, found.entry_price, out=np.ones(len(found)), where=filled)
    left = wished["leverage"] * wished["side"] * (ratio - 1) - found.fees - found.funding
    assert found.net_return == pytest.approx(np.maximum(-1.0, np.where(filled, left, 0.0)), abs=1e-12)
    assert bool((found.net_return >= -1).all() and (found.max_drawdown >= 0).all())


@ROUNDS
@given(cases(), st.sampled_from([2.0**-20, 0.5, 4.0, 2.0**30]))
def test_prices_have_no_scale(case, scale):
    """In other units of money every return is the same to the last bit, for a power of two."""
    table, wished, costs, horizon = case
    scaled = table | {name: table[name] * scale for name in PRICES}

    found = label_candidates(table, wished, costs=costs, horizon=horizon)
    other = label_candidates(scaled, wished | {"limit": wished["limit"] * scale}, costs=costs, horizon=horizon)

    assert [getattr(other, name).tobytes() for name in FIGURES] == [getattr(found, name).tobytes() for name in FIGURES]
    assert (other.codes.tobytes(), other.exit_bar.tobytes()) == (found.codes.tobytes(), found.exit_bar.tobytes())
    assert other.exit_price.tobytes() == (found.exit_price * scale).tobytes()


@ROUNDS
@given(markets(), st.data(), st.integers(1, 30))
def test_a_short_is_a_long_in_the_mirror(table, data, horizon):
    """Reflect every price in the entry open: an unlevered short makes to the bit what the long does.

    The mirror is arithmetic (p -> 2 c - p) and of one entry, without slippage, fees on notional,
    funding or liquidation: those are fractions of the price itself, and price is not symmetric.
    """
    bar = data.draw(st.integers(0, len(table["open"]) - 2))
    centre, level = table["open"][bar + 1], st.sampled_from([math.nan, 0.0, 0.125, 0.25])
    mirror = {"open": 2 * centre - table["open"], "close": 2 * centre - table["close"]}
    mirror |= {"high": 2 * centre - table["low"], "low": 2 * centre - table["high"]}
    wished = {"bar": [bar], "stop": [data.draw(level)], "target": [data.draw(level)], "leverage": [1.0]}
    free = Costs(0.0, 0.0, 0.0, 0.0, 0.0)
    prices = {name: table[name] for name in PRICES}

    long = label_candidates(prices, wished | {"side": [1]}, costs=free, horizon=horizon)
    short = label_candidates(mirror, wished | {"side": [-1]}, costs=free, horizon=horizon)

    assert (short.reason[0], short.exit_bar[0]) == (long.reason[0], long.exit_bar[0])
    for name in ("net_return", "max_drawdown"):
        assert getattr(short, name)[0] == pytest.approx(getattr(long, name)[0], abs=1e-14)
    assert short.exit_price[0] == pytest.approx(2 * centre - long.exit_price[0], abs=1e-11)


@ROUNDS
@given(cases(), st.sampled_from(["taker_fee", "maker_fee", "liquidation_fee"]))
def test_a_higher_fee_never_pays(case, name):
    table, wished, costs, horizon = case
    parts = {one: getattr(costs, one) for one in costs.__slots__}

    cheap = label_candidates(table, wished, costs=costs, horizon=horizon)
    dear = label_candidates(table, wished, costs=Costs(**parts | {name: parts[name] + 0.003}), horizon=horizon)

    assert bool((dear.net_return <= cheap.net_return).all())
    assert (dear.codes.tobytes(), dear.exit_price.tobytes()) == (cheap.codes.tobytes(), cheap.exit_price.tobytes())


@ROUNDS
@given(cases(), st.data())
def test_what_has_closed_knows_no_future(case, data):
    """Cut the bars off anywhere: every trade that had left by then left the same way, to the bit."""
    table, wished, costs, horizon = case
    end = data.draw(st.integers(int(wished["bar"].max()) + 1, len(table["open"])))

    whole = label_candidates(table, wished, costs=costs, horizon=horizon)
    part = label_candidates({k: v[:end] for k, v in table.items()}, wished, costs=costs, horizon=horizon)

    closed = (whole.exit_bar < end) & ~np.isin(whole.reason, ["not_filled", "end_of_data"])
    assert whole.frame().filter(closed).equals(part.frame().filter(closed))


@ROUNDS
@given(cases(), st.integers(1, 4), st.randoms(use_true_random=False))
def test_order_and_threads_change_nothing(case, threads, random):
    table, wished, costs, horizon = case
    order = list(range(len(wished["bar"])))
    random.shuffle(order)
    mixed = {name: values[order] for name, values in wished.items()}

    found = label_candidates(table, wished, costs=costs, horizon=horizon)
    other = label_candidates(table, mixed, costs=costs, horizon=horizon, threads=threads)

    assert other.frame().equals(found.frame()[order])


@ROUNDS
@given(cases(limits=False))
def test_one_candidate_is_a_portfolio_of_one(case):
    """The vectorised backtest, told to hold one unit with these levels, makes the same trade."""
    table, wished, costs, horizon = case
    found = label_candidates(table, wished, costs=costs, horizon=horizon)
    bars = len(table["open"])
    values = np.stack([*(table[name] for name in PRICES), np.ones(bars), table["funding_rate"]], axis=1)[:, None, :]
    market = Market(np.arange(bars) * 60_000_000, ("X",), np.ascontiguousarray(values), Timeframe.parse("1m"))
    instrument = Instrument(
        "X",
        taker_fee=costs.taker_fee,
        maker_fee=costs.maker_fee,
        slippage=costs.slippage,
        liquidation_fee=costs.liquidation_fee,
        margin_tiers=(MarginTier(math.inf, costs.maintenance_rate),),
    )
    for k in range(len(found)):
        if found.reason[k] not in ("stop", "target", "liquidation"):
            continue
        goal, stop, take = (np.full((bars, 1), np.nan) for _ in range(3))
        bar = int(wished["bar"][k])
        goal[bar], stop[bar], take[bar] = wished["side"][k], wished["stop"][k], wished["target"][k]
        plan = targets(goal, stop=stop, take=take, leverage=wished["leverage"][k], units=True, fractions=True)

        result = simulate(market, plan, [instrument], 1e6)

        last = [fill for fill in result.fills() if fill.quantity != 0][-1]
        margin = found.entry_price[k] / wished["leverage"][k]
        assert (last.reason.value, last.ts) == (found.reason[k], found.exit_bar[k] * 60_000_000)
        assert last.price == pytest.approx(found.exit_price[k], rel=1e-12)
        assert (result.equity[-1] - 1e6) / margin == pytest.approx(found.net_return[k], abs=1e-7)
