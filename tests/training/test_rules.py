"""Rules on trial: figures by hand, and what a thin or still record leaves unmeasured."""

from typing import Any

import numpy as np
import pytest

from alphaloop.core.errors import NoData, SchemaViolation
from alphaloop.core.orders import Fill, Reason
from alphaloop.core.time import DAY_US, HOUR_US, Timeframe
from alphaloop.hindsight.bootstrap import Blocks
from alphaloop.hindsight.metrics import MetricsInput
from alphaloop.hindsight.overfitting import deflated_sharpe, track_record
from alphaloop.registry.evidence import CASH, Coverage, Evidence
from alphaloop.registry.gates import judge
from alphaloop.registry.series import Series
from alphaloop.training.rules import Field, Subject, Track, appraise, track_of, windows_of
from alphaloop.training.validation.appraise import step_down
from tests.registry.evidence_builder import make_protocol

DAYS = 400
RNG = np.random.default_rng(11)
NOISE = RNG.normal(0.0, 0.01, (DAYS, 6))
NOW = np.arange(1, DAYS + 1) * DAY_US


def make_track(net: np.ndarray, trades: int = 200, drawdown: float = 0.1) -> Track:
    series = Series(NOW[: len(net)], net, np.full(len(net), 0.0001))
    return Track(series, DAY_US, float(np.prod(1 + net) - 1), drawdown, 12.0, trades)


def make_subject(**changed: Any) -> Subject:
    base: dict[str, Any] = {
        "candidate": "c-1",
        "symbol": "BTCUSDT",
        "horizon": "5m",
        "kind": "rule",
        "protocol": make_protocol(),
        "leaks_green": True,
        "coverage": (Coverage("market_bars", "BTCUSDT", 100, 100, 100, 0, 0),),
    }
    return Subject(**{**base, **changed})


def make_field(edge: float = 0.0, **changed: Any) -> Field:
    tracks = [make_track(NOISE[:, k] + (edge if k == 0 else 0.0)) for k in range(6)]
    base: dict[str, Any] = {"tracks": tracks, "rival": None, "trials": 6, "variance": 0.002}
    return Field(**{**base, **changed})


def measured(edge: float = 0.0, **changed: Any) -> Evidence:
    return appraise(make_subject(), make_field(edge, **changed))[0]


# the judged part of a run


def make_run() -> MetricsInput:
    """Four days of six-hour bars: 100 until the end of day 2, then 110, 99, 105 ... bought at the start of day 3."""
    now = np.arange(1, 17) * 6 * HOUR_US
    equity = np.array([100.0] * 8 + [110, 99, 105, 105] + [105, 105, 126, 126])
    quantity = np.where(np.arange(16) >= 8, 1.0, 0.0)[:, None]
    fills = [
        Fill("a", "X", int(now[3]), 2.0, 50.0, Reason.MARKET),
        Fill("b", "X", int(now[4]), -2.0, 50.0, Reason.MARKET),
        Fill("c", "X", int(now[8]), 1.0, 100.0, Reason.MARKET),
        Fill("d", "X", int(now[14]), -1.0, 126.0, Reason.MARKET),
    ]
    return MetricsInput(
        now, equity, quantity, equity[:, None], ("X",), fills, Timeframe(6 * HOUR_US), benchmark=equity * 2
    )


def test_the_judged_part_by_hand() -> None:
    found = track_of(make_run(), 2 * DAY_US)

    assert found is not None
    assert found.series.now.tolist() == [3 * DAY_US, 4 * DAY_US]
    assert found.series.net == pytest.approx([0.05, 0.2])
    assert found.series.benchmark == pytest.approx([0.05, 0.2])
    assert found.net_pnl == pytest.approx(0.26)
    assert found.max_drawdown == pytest.approx(0.1)
    assert found.trades == 1
    # 226 traded over the mean of the nine equities from the end of day 2 on, in two days
    assert found.turnover == pytest.approx(226 / (981 / 9) / (2 / 365))


@pytest.mark.parametrize("since", [3 * DAY_US, 5 * DAY_US])
def test_less_than_two_periods_are_not_judged(since: int) -> None:
    assert track_of(make_run(), since) is None


def test_ruin_stays_ruin() -> None:
    run = make_run()
    ruined = MetricsInput(
        run.now,
        np.where(np.arange(16) < 12, run.equity, -1.0),
        run.quantity,
        run.marks,
        run.symbols,
        run.fills,
        run.timeframe,
    )
    found = track_of(ruined, DAY_US)

    assert found is not None
    assert found.series.net.tolist() == pytest.approx([0.0, 0.05, -106 / 105])
    assert found.max_drawdown > 1


# windows


def test_windows_compound_what_is_within() -> None:
    series = Series(np.array([1, 2, 3, 4]) * DAY_US, np.array([0.1, 0.1, -0.5, 0.0]), np.zeros(4), np.full(4, 0.2))
    first, second = windows_of(series, DAY_US, many=2) or ()

    assert (first.start, first.end, second.start, second.end) == (0, 2 * DAY_US, 2 * DAY_US, 4 * DAY_US)
    assert (first.candidate, second.candidate) == pytest.approx((0.21, -0.5))
    assert (first.active, second.active) == pytest.approx((0.44, 0.44))


def test_windows_of_a_single_period_are_none() -> None:
    assert windows_of(Series(NOW[:11], NOISE[:11, 0], NOISE[:11, 1]), DAY_US) is None


# a candidate among others


def test_the_best_of_many_is_tested_among_all() -> None:
    table = NOISE + np.array([0.004, 0, 0, 0, 0, 0])
    best, other = step_down(table, None, Blocks()), step_down(table[:, [1, 0, 2, 3, 4, 5]], None, Blocks())

    assert best < 0.05 < other


def test_who_never_moves_is_not_tested() -> None:
    with pytest.raises(NoData):
        step_down(np.column_stack([np.zeros(DAYS), NOISE]), None, Blocks())


# evidence


def test_the_deflated_sharpe_counts_every_trial() -> None:
    found, record = measured(0.002, trials=40), track_record(NOISE[:, 0] + 0.002)

    assert record is not None
    assert found.dsr == deflated_sharpe(record.sharpe, DAYS, record.skew, record.kurtosis, 40, 0.002)
    assert found.sharpe == record.sharpe
    assert (found.trials, found.active, found.overlaps) == (40, CASH, 0)


def test_an_edge_passes_and_noise_does_not() -> None:
    edge, noise = judge(measured(0.004)), judge(measured())

    assert edge.verdict == "passed", [one for one in edge.checks if not one.passed]
    assert noise.verdict != "passed"


def test_the_series_is_named_by_its_content() -> None:
    from hashlib import sha256

    evidence, series = appraise(make_subject(), make_field(rival=make_track(NOISE[:, 1])))

    assert evidence.returns == sha256(series.to_bytes()).hexdigest()
    assert series.active is not None
    assert np.array_equal(series.active, NOISE[:, 1])


def test_a_rule_as_good_as_the_active_one_improves_nothing() -> None:
    field = make_field(0.004, rival=make_track(NOISE[:, 0] + 0.004))
    evidence, _ = appraise(make_subject(active="c-0"), field)

    assert evidence.improvement is not None
    assert (evidence.improvement.value, evidence.improvement.low) == (0.0, 0.0)
    assert judge(evidence).verdict == "refused"


def test_a_single_trial_needs_no_variance() -> None:
    alone = measured(0.004, tracks=[make_track(NOISE[:, 0] + 0.004)], trials=1, variance=None)

    assert (alone.trials_variance, alone.pbo) == (0.0, None)
    assert alone.dsr is not None
    assert judge(alone).verdict == "passed"


def test_unknown_sharpes_of_other_trials_leave_the_deflated_one_unmeasured() -> None:
    assert measured(0.004, variance=None).dsr is None


def test_who_never_trades_is_not_measured() -> None:
    still = [make_track(np.zeros(DAYS), trades=0, drawdown=0.0), *(make_track(NOISE[:, k]) for k in range(5))]
    found = measured(tracks=still)

    assert (found.sharpe, found.dsr, found.spa_p) == (None, None, None)
    assert judge(found).verdict == "insufficient"


def test_a_few_days_are_insufficient() -> None:
    short = [make_track(NOISE[:8, k]) for k in range(3)]
    found = measured(tracks=short)

    assert (found.windows, found.pbo) == (None, None)
    assert judge(found).verdict == "insufficient"


def test_moments_of_a_few_periods_are_those_of_some_law_and_show_nothing() -> None:
    still, jumps = np.zeros(4), np.array([0.01, 0.01, -0.01, -0.01])  # corrected for bias, a kurtosis below zero
    found = measured(tracks=[make_track(jumps), make_track(still)], trials=2)

    assert found.sharpe == 0.0
    assert (found.skew, found.kurtosis) == pytest.approx((0.0, 1.0))
    assert judge(found).verdict == "insufficient"


@pytest.mark.parametrize("changed", [{"trials": 5}, {"rival": make_track(NOISE[:20, 0])}])
def test_tracks_of_other_days_or_uncounted_ones_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(SchemaViolation):
        make_field(**changed)
