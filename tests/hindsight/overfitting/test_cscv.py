"""Probability of backtest overfitting: by hand, its edges, its band, and against ffn and purgedcv."""

from itertools import combinations

import ffn
import numpy as np
import pandas as pd
import purgedcv
import pytest

from alphaloop.core.errors import InvalidOption, NoData, SchemaViolation
from alphaloop.hindsight.overfitting import pbo


def noise(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.01, (rows, columns))


def by_hand(table: np.ndarray, blocks: int) -> list[tuple[int, float]]:
    """Winner and rank of every choice, one row at a time."""
    parts, found = np.array_split(np.arange(len(table)), blocks), []
    for inside in combinations(range(blocks), blocks // 2):
        rows = [np.concatenate([parts[b] for b in range(blocks) if (b in inside) is this]) for this in (True, False)]
        one, other = (table[each].mean(axis=0) / table[each].std(axis=0, ddof=1) for each in rows)
        winner = int(np.argmax(one))
        found.append((winner, (1 + int((other < other[winner]).sum())) / (table.shape[1] + 1)))
    return found


@pytest.mark.parametrize(("rows", "blocks"), [(60, 6), (47, 4), (13, 4), (30, 2)])
def test_winners_and_ranks_by_hand(rows, blocks):
    table = noise(rows, 5, seed=rows)
    found = pbo(table, blocks)

    assert list(zip(found.winner.tolist(), found.rank.tolist(), strict=True)) == by_hand(table, blocks)


def test_two_candidates_by_hand():
    # blocks of two rows; A earns in the first half, B in the second: the winner of either loses in the other
    a, b = [2.0, 1.0, 2.0, 1.0, -2.0, -1.0, -2.0, -1.0], [-2.0, -1.0, -2.0, -1.0, 2.0, 1.0, 2.0, 1.0]
    found = pbo(np.column_stack([a, b]), blocks=2)

    assert found.winner.tolist() == [0, 1]
    assert found.rank.tolist() == [1 / 3, 1 / 3]
    assert (found.pbo, found.loss) == (1.0, 1.0)
    assert found.logits.tolist() == pytest.approx([np.log(0.5)] * 2)


def test_a_true_edge_is_picked_and_stays():
    table = noise(800, 12)
    table[:, 7] += 0.004
    found = pbo(table, blocks=10)

    assert set(found.winner.tolist()) == {7}
    assert (found.pbo, found.loss) == (0.0, 0.0)
    assert found.pbo < found.null_band[0]
    assert found.p_value == 1 / 201


def test_leverage_changes_nothing():
    table = noise(320, 6)
    one, other = pbo(table, 8), pbo(table * [1, 2, 3, 4, 5, 6], 8)

    assert one.rank.tolist() == other.rank.tolist()
    assert one.in_sample == pytest.approx(other.in_sample, rel=1e-9)


def test_equals_share_their_rank_and_the_first_wins():
    twin = noise(100, 1)
    found = pbo(np.hstack([twin, twin * 3.0]), blocks=4)

    assert set(found.winner.tolist()) == {0}
    assert set(found.rank.tolist()) == {0.5}
    assert found.pbo == 1.0  # at the median is not above it


def test_a_candidate_that_never_trades_scores_nothing():
    table = np.hstack([noise(80, 3), np.zeros((80, 1))])
    found = pbo(table, blocks=4)
    peer = purgedcv.probability_of_backtest_overfitting(table.T, 4)

    assert np.sort(found.logits) == pytest.approx(np.sort(peer.logits))
    assert (found.in_sample >= 0.0).all()  # nothing is better than a loss


def test_a_half_without_trades_scores_nothing():
    table = noise(80, 3)
    table[:40, 1] = 0.0
    peer = purgedcv.probability_of_backtest_overfitting(table.T, 2)

    assert np.sort(pbo(table, 2).logits) == pytest.approx(np.sort(peer.logits))


def test_the_band_is_seeded_and_belongs_to_the_shape():
    table = noise(300, 4)
    one, again, other = (pbo(table, 6, seed=seed) for seed in (1, 1, 2))

    assert one.null.tolist() == again.null.tolist() != other.null.tolist()
    assert one.null_band == tuple(np.quantile(one.null, [0.05, 0.95]))
    assert 0.0 <= one.null_band[0] < one.null_band[1] <= 1.0
    assert pbo(noise(300, 40), 6).null_band != one.null_band


def test_copies_have_the_band_of_copies():
    # nobody can be picked from equals: without edge and with it, the winner is at the median
    found = pbo(np.repeat(noise(100, 1), 4, axis=1), blocks=4)

    assert found.null_band == (1.0, 1.0)


@pytest.mark.parametrize("seed", range(20))
def test_equal_to_ffn_and_purgedcv(seed):
    rng = np.random.default_rng(seed)
    blocks = int(rng.choice([4, 6]))
    table = rng.standard_t(4, (blocks * int(rng.integers(8, 30)), 2 * int(rng.integers(1, 8)))) * 0.01
    table = table + rng.normal(0.0, 0.002, table.shape[1])
    found = pbo(table, blocks)
    one = ffn.core.calc_prob_backtest_overfitting(pd.DataFrame(table), blocks, full_output=True)
    other = purgedcv.probability_of_backtest_overfitting(table.T, blocks)

    assert found.pbo == one["pbo"] == other.pbo
    assert found.logits.tolist() == one["logits"].tolist()
    assert found.logits == pytest.approx(other.logits[::-1], abs=1e-12)
    assert found.in_sample == pytest.approx(other.is_oos_performance[::-1, 0], abs=1e-12)
    assert found.out_of_sample == pytest.approx(other.is_oos_performance[::-1, 1], abs=1e-12)
    assert found.slope == pytest.approx(other.slope, abs=1e-9)


def test_an_odd_number_of_candidates_counts_the_median_as_overfit():
    table = noise(88, 21, seed=3)
    found, peer = pbo(table, 8), ffn.core.calc_prob_backtest_overfitting(pd.DataFrame(table), 8)

    assert found.pbo == peer
    assert (found.rank == 0.5).any()


@pytest.mark.parametrize(
    ("table", "settings", "error"),
    [
        (noise(20, 60), {}, SchemaViolation),  # transposed
        (np.where(noise(64, 4) > 0.02, np.nan, noise(64, 4)), {}, SchemaViolation),
        (noise(64, 4)[:, 0], {}, SchemaViolation),
        (noise(64, 1), {}, NoData),
        (np.ones((64, 4)), {}, NoData),
        (noise(64, 4), {"blocks": 7}, InvalidOption),
        (noise(64, 4), {"blocks": 0}, InvalidOption),
        (noise(64, 4), {"blocks": 22}, InvalidOption),
        (noise(14, 4), {"blocks": 16}, InvalidOption),
        (noise(3, 2), {"blocks": 2}, InvalidOption),
        (noise(64, 4), {"draws": 5}, InvalidOption),
    ],
)
def test_what_cannot_be_judged_is_refused(table, settings, error):
    with pytest.raises(error):
        pbo(table, **settings)


def test_a_data_frame_is_a_table():
    table = noise(64, 4)

    assert pbo(pd.DataFrame(table), 4).rank.tolist() == pbo(table, 4).rank.tolist()


def test_a_transposed_table_is_told_apart_from_a_wide_one():
    with pytest.raises(SchemaViolation, match="found 20 rows and 60 columns; expected periods x candidates"):
        pbo(noise(20, 60))

    assert pbo(noise(20, 60), 4, allow_wide=True).rank.shape == (6,)


def test_halves_are_joined_in_chunks_as_in_one_go(monkeypatch):
    table = noise(160, 5)
    whole = pbo(table, 8).logits
    monkeypatch.setattr("alphaloop.hindsight.overfitting.cscv._CELLS", 20)

    assert pbo(table, 8).logits.tolist() == whole.tolist()


@pytest.mark.slow
def test_noise_lies_in_the_band_of_noise():
    found = [pbo(noise(320, 10, seed=100 + seed), 8, seed=seed) for seed in range(200)]
    below = np.mean([one.pbo < one.null_band[0] for one in found])
    above = np.mean([one.pbo > one.null_band[1] for one in found])

    assert below <= 0.09  # 5 % and two and a half errors
    assert above <= 0.09
    assert np.mean([one.pbo for one in found]) == pytest.approx(0.5, abs=0.05)


@pytest.mark.peer
def test_equal_to_ffn_at_length():
    table = noise(1000 // 16 * 16, 50, seed=5)
    found = pbo(table)
    peer = ffn.core.calc_prob_backtest_overfitting(pd.DataFrame(table), full_output=True)

    assert found.pbo == peer["pbo"]
    assert found.logits.tolist() == peer["logits"].tolist()
