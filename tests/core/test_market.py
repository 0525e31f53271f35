from decimal import Decimal

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, SchemaViolation, UnsortedData
from alphaloop.core.market import Instrument, MarginTier, Market
from alphaloop.core.time import MINUTE_US, Timeframe
from tests.core.builders import NAN, make_market

GOOD = [10.0, 12.0, 9.0, 11.0, 5.0, 0.0]
MISSING = [NAN] * 6


def test_a_sound_market_is_read_bar_by_bar():
    market = make_market([GOOD, MISSING])

    first, second = market

    assert len(market) == 2
    assert (first.ts, first.available_at, first.symbols) == (0, MINUTE_US, ("X",))
    assert first.values.tolist() == [GOOD]
    assert (second.ts, bool(np.isnan(second.values).all())) == (MINUTE_US, True)


def test_a_market_cannot_be_written():
    market = make_market([GOOD])

    with pytest.raises(ValueError, match="read-only"):
        market.values[0, 0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        market.ts[0] = 1


@pytest.mark.parametrize(
    "row",
    [
        [0.0, 12.0, 0.0, 11.0, 5.0, 0.0],
        [-1.0, 12.0, -1.0, 11.0, 5.0, 0.0],
        [10.0, np.inf, 9.0, 11.0, 5.0, 0.0],
        [10.0, 9.0, 12.0, 11.0, 5.0, 0.0],
        [10.0, NAN, 9.0, 11.0, 5.0, 0.0],
        [NAN, 12.0, 9.0, 11.0, 5.0, 0.0],
    ],
    ids=["zero", "negative", "infinite", "high below low", "no high", "no open"],
)
def test_prices_that_cannot_be(row):
    with pytest.raises(SchemaViolation):
        make_market([GOOD, row])


def test_an_unknown_volume_is_no_fault():
    assert len(make_market([[10.0, 12.0, 9.0, 11.0, NAN, 0.0]])) == 1


@pytest.mark.parametrize("ts", [[0, 0], [1, 0]])
def test_times_must_ascend(ts):
    with pytest.raises(UnsortedData):
        make_market([GOOD, GOOD], ts)


def test_shapes_must_agree():
    with pytest.raises(SchemaViolation):
        Market(np.array([0]), ("X", "Y"), np.array([[GOOD]]), Timeframe(1))


def test_between_takes_the_start_and_leaves_the_end():
    market = make_market([GOOD, MISSING, GOOD])

    assert market.between(MINUTE_US, 2 * MINUTE_US).ts.tolist() == [MINUTE_US]
    assert len(market.between(10 * MINUTE_US, 20 * MINUTE_US)) == 0


def test_columns_by_name():
    assert make_market([GOOD, GOOD]).column("close").tolist() == [[11.0], [11.0]]


def test_the_digest_sees_every_value_time_and_name():
    base = make_market([GOOD, GOOD])
    other = make_market([GOOD, [10.0, 12.0, 9.0, 11.0, 5.0, 0.0001]])
    later = make_market([GOOD, GOOD], [0, 2 * MINUTE_US])
    renamed = Market(base.ts.copy(), ("Y",), base.values.copy(), base.timeframe)

    assert make_market([GOOD, GOOD]).digest == base.digest
    assert len({base.digest, other.digest, later.digest, renamed.digest}) == 4


@pytest.mark.parametrize(
    "options",
    [
        {"tick": Decimal(0)},
        {"lot": Decimal(-1)},
        {"contract_size": 0.0},
        {"taker_fee": -0.1},
        {"liquidation_fee": NAN},
        {"slippage": float("inf")},
        {"min_notional": -1.0},
        {"maker_fee": 1.0},
        {"maker_fee": NAN},
        {"margin_tiers": ()},
        {"margin_tiers": (MarginTier(100.0, 0.01),)},
        {"margin_tiers": (MarginTier(100.0, 0.01), MarginTier(50.0, 0.02), MarginTier(float("inf"), 0.03))},
    ],
)
def test_instruments_that_cannot_be(options):
    with pytest.raises(InvalidOption):
        Instrument("X", **options)


def test_a_maker_rebate_is_no_fault():
    assert Instrument("X", maker_fee=-0.0001).maker_fee == -0.0001


def marked(mark) -> Market:
    values = np.full((2, 1, 6), 100.0)
    return Market(np.arange(2) * 60_000_000, ("X",), values, Timeframe.parse("1m"), mark=np.array(mark, dtype=float))


def test_marks_travel_with_their_bars():
    market = marked([[[99, 101]], [[np.nan, np.nan]]])

    assert next(bars.mark.tolist() for bars in market) == [[99.0, 101.0]]
    assert market.between(0, 60_000_000).mark.tolist() == [[[99.0, 101.0]]]
    assert market.digest != marked([[[98, 101]], [[np.nan, np.nan]]]).digest
    assert not market.mark.flags.writeable


@pytest.mark.parametrize("pair", [[101, 99], [np.nan, 100], [0, 100], [99, np.inf], [99]])
def test_impossible_marks_are_refused(pair):
    with pytest.raises(SchemaViolation, match="mark"):
        marked([[pair], [pair]])
