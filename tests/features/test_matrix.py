"""Laws of the matrix: no future, no neighbours, no silent zeros, the same bits however cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.market import Market
from alphaloop.core.time import DAY_US
from alphaloop.features import matrix
from alphaloop.features.contract import Schema
from alphaloop.features.family import lay_out
from alphaloop.features.matrix import compute_arrays, plan
from tests.features.builders import ALL, FIVE, market, random_market, random_tape, tape

SCHEMA = Schema(ALL)
REAL = {"holes": 0.1, "still": 0.2, "silent": 0.05}
seeds = st.integers(0, 2**32)


def same_bits(left, right):
    return all(np.array_equal(one.view(np.uint8), other.view(np.uint8)) for one, other in zip(left, right, strict=True))


def test_shapes_and_types():
    values, mask = compute_arrays(random_market(0, 30, assets=3), SCHEMA)

    assert (values.shape, values.dtype, values.flags.c_contiguous) == ((30, 3, len(ALL)), np.float64, True)
    assert (mask.shape, mask.dtype, mask.flags.c_contiguous) == ((30, 3, len(ALL)), np.bool_, True)


def test_no_bars_no_features_no_assets():
    assert compute_arrays(random_market(0, 0), SCHEMA)[0].shape == (0, 2, len(ALL))
    assert compute_arrays(random_market(0, 5), Schema([]))[0].shape == (5, 2, 0)
    nothing = Market(np.arange(3), (), np.empty((3, 0, 6)), FIVE)
    assert compute_arrays(nothing, SCHEMA)[0].shape == (3, 0, len(ALL))


@given(seed=seeds, rows=st.integers(0, 150))
@settings(max_examples=30, deadline=None)
def test_unknown_is_nan_and_false_together_and_never_zero_by_silence(seed, rows):
    source = random_market(seed, rows, **REAL)

    values, mask = compute_arrays(source, SCHEMA)

    assert np.array_equal(mask, np.isfinite(values))
    assert np.array_equal(~mask, np.isnan(values))
    assert not mask[np.isnan(source.column("close"))].any()


@given(seed=seeds, cut=st.integers(0, 150))
@settings(max_examples=40, deadline=None)
def test_the_future_changes_no_bit_of_the_past(seed, cut):
    source, garbage = random_market(seed, 150, **REAL), random_market(seed + 1, 150, **REAL)
    mixed = np.concatenate([source.values[:cut], garbage.values[cut:]])

    whole = compute_arrays(source, SCHEMA)
    short = compute_arrays(Market(source.ts[:cut], source.symbols, source.values[:cut], FIVE), SCHEMA)
    other = compute_arrays(Market(source.ts, source.symbols, mixed, FIVE), SCHEMA)

    past = [part[:cut] for part in whole]
    assert same_bits(past, short)
    assert same_bits(past, [part[:cut] for part in other])


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_an_asset_does_not_depend_on_its_neighbours(seed):
    both = random_market(seed, 120, **REAL)
    alone = Market(both.ts, both.symbols[:1], both.values[:, :1].copy(), FIVE)

    together = compute_arrays(both, SCHEMA)

    assert same_bits([part[:, :1].copy() for part in together], compute_arrays(alone, SCHEMA))


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_a_hole_is_skipped_not_filled(seed):
    rng = np.random.default_rng(seed)
    bars = random_tape(rng, 90, still=0.2, silent=0.05)
    where = np.sort(rng.choice(120, 90, replace=False))
    holed = np.full((120, 6), np.nan)
    holed[where] = bars

    dense, sparse = compute_arrays(market(bars), SCHEMA), compute_arrays(market(holed), SCHEMA)

    assert same_bits(dense, [part[where] for part in sparse])


@pytest.mark.parametrize(("days", "forgets"), [(7, False), (7.01, True)])
def test_memory_begins_anew_after_more_than_a_week(days, forgets):
    bars = random_tape(np.random.default_rng(0), 60)
    ts = np.arange(60) * FIVE.us
    ts[30:] += int(days * DAY_US) - FIVE.us

    values, _ = compute_arrays(market(bars, ts=ts), SCHEMA)

    fresh, _ = compute_arrays(market(bars[30:]), SCHEMA)
    assert np.array_equal(values[30:], fresh, equal_nan=True) == forgets


@given(seed=seeds, block=st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_the_bits_do_not_depend_on_the_blocks(seed, block):
    source = random_market(seed, 120, **REAL)
    whole = compute_arrays(source, SCHEMA)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matrix, "BLOCK", block)
        cut = compute_arrays(source, SCHEMA)

    assert same_bits(whole, cut)


@pytest.mark.parametrize("name", ALL)
def test_a_live_feed_with_little_history_gets_the_bits_of_the_batch(name):
    bars = random_tape(np.random.default_rng(5), 90, still=0.3, silent=0.05)
    schema = Schema([name])
    order = plan(schema.features)
    state, out, reach = order.fresh(), np.empty((order.width, 1)), schema.lookback + 1

    live = []
    for row in range(len(bars)):
        rows = np.arange(max(0, row - reach), row + 1)
        window = lay_out(bars[:, None], 0, rows)
        order.run(window, window.shape[1] - 1, state, out)
        live.append(out[order.columns[0], 0])

    batch = compute_arrays(market(bars), schema)[0][:, 0, 0]
    np.testing.assert_array_equal(np.array(live), batch)


def test_features_of_one_family_share_one_run():
    order = plan(Schema(["bb_pct", "macd_hist", "bb_upper_20", "bb_upper_10"]).features)

    assert len(order.jobs) == 2
    assert order.columns.tolist() == [2, 8, 0, 3]


def test_overflow_is_unknown_not_infinite():
    source = market(tape([1e-300, 1e300]))

    values, mask = compute_arrays(source, Schema(["ret_1"]))

    assert (np.isnan(values[1, 0, 0]), mask[1, 0, 0]) == (True, False)
