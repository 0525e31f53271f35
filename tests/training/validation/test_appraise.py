from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from alphaloop.core.errors import DegenerateData, NoData, SchemaViolation
from alphaloop.core.time import DAY_US
from alphaloop.hindsight.overfitting import deflated_sharpe
from alphaloop.hindsight.splits import WalkForward
from alphaloop.models.ridge import Ridge
from alphaloop.registry.evidence import CASH, Coverage, Evidence, Protocol
from alphaloop.registry.gates import judge
from alphaloop.registry.trials import Trials
from alphaloop.training.validation.appraise import Settings, Subject, appraise, series_of
from alphaloop.training.validation.folds import folds_of, out_of_sample
from alphaloop.training.validation.rule import Rule, trade
from alphaloop.training.validation.search import Tried
from tests.training.validation.builders import made

HOW = Settings(draws=200, null_draws=40)
SUBJECT = Subject(
    candidate="c1",
    symbol="AAA",
    horizon="1h",
    kind="ridge",
    protocol=Protocol(question="?", claim="simulated", method="", timeframe="1h", start=0, end=1, costs=""),
    backbones=("ridge",),
    leaks_green=True,
    coverage=(Coverage("market_bars", "AAA", 10, 10, 0, 0, 10),),
)


def tried_on(panel, folds, penalties=(0.001, 0.1, 1.0, 3.0)):
    made_of = [out_of_sample(panel, folds, lambda penalty=one: Ridge(penalty)) for one in penalties]
    return tuple(
        Tried({"penalty": one}, found, trade(panel, folds, found, Rule()))
        for one, found in zip(penalties, made_of, strict=True)
    )


def trials_of(tried, count=None):
    sharpes = tuple(one.traded.sharpe or 0.0 for one in tried)
    return Trials("s", count or len(sharpes), len(sharpes), 0, 0, sharpes)


@pytest.fixture(scope="module")
def strong():
    panel = made(bars=24 * 120, edge=0.3)
    folds = folds_of(panel, WalkForward(4, test_size=24 * 25))
    return panel, folds, tried_on(panel, folds)


@pytest.fixture(scope="module")
def found(strong):
    panel, folds, tried = strong
    return appraise(SUBJECT, panel, folds, tried, trials=trials_of(tried), settings=HOW)


def test_figures_are_those_of_the_best_one(strong, found):
    _, _, tried = strong
    top = max(tried, key=lambda one: one.traded.sharpe)

    assert found.sharpe == pytest.approx(top.traded.sharpe)
    assert found.periods == 75
    assert found.net_pnl == pytest.approx(top.traded.net.sum())
    assert found.trades == top.traded.trades
    assert sum(one.candidate for one in found.windows) == pytest.approx(found.net_pnl)
    assert len(found.windows) == 3
    assert found.dsr == deflated_sharpe(
        found.sharpe, 75, found.skew, found.kurtosis, 4, np.var([one.traded.sharpe for one in tried], ddof=1)
    )


def test_the_returns_that_evidence_names_are_those_of_the_verdict_page(strong, found):
    panel, _, tried = strong
    top = max(tried, key=lambda one: one.traded.sharpe)
    series = series_of(panel, top)
    first = panel.times >= top.traded.times[0]
    one_day = panel.returns[first][panel.times[first] < top.traded.days[0] + DAY_US]

    assert found.returns == sha256(series.to_bytes()).hexdigest()
    assert np.array_equal(series.net, top.traded.daily)
    assert (series.now[0], len(series.now)) == (top.traded.days[0] + DAY_US, 75)
    assert series.benchmark[0] == pytest.approx(one_day.mean(axis=1).sum())


def test_every_figure_that_gates_ask_for_is_there(found):
    assert [check.name for check in judge(found).checks if check.measured is None] == []
    assert Evidence.from_json(found.to_json()) == found


def test_a_strong_edge_is_measured_as_one(found):
    assert found.ic.low > 0.2
    assert found.spa_p < 0.01
    assert found.improvement.low > 0
    assert found.deciles[-1] > 0.2 > -0.2 > found.deciles[0]


def test_more_trials_in_the_ledger_deflate_more(strong, found):
    panel, folds, tried = strong
    more = appraise(SUBJECT, panel, folds, tried, trials=trials_of(tried, count=10_000), settings=HOW)

    assert more.trials == 10_000
    assert more.dsr < found.dsr


def test_the_active_model_is_what_is_to_be_beaten(strong):
    panel, folds, tried = strong
    daily = max(tried, key=lambda one: one.traded.sharpe).traded.daily
    rival = replace(SUBJECT, active="old", active_daily=daily + 0.001)
    against = appraise(rival, panel, folds, tried, trials=trials_of(tried), settings=HOW)

    assert against.active == "old"
    assert against.improvement.high < 0
    assert not any(one.improved for one in against.windows)
    assert against.spa_p > 0.5


def test_without_an_active_model_it_is_held_against_cash(found):
    assert found.active == CASH
    assert {one.active for one in found.windows} == {0.0}


def test_noise_is_not_promoted():
    panel = made(bars=24 * 120, edge=0.0)
    folds = folds_of(panel, WalkForward(4, test_size=24 * 25))
    panel = replace(panel, unit=panel.unit * 30)  # loud forecasts, so that noise is traded
    tried = tried_on(panel, folds)
    verdict = judge(appraise(SUBJECT, panel, folds, tried, trials=trials_of(tried), settings=HOW))

    assert verdict.verdict != "passed"


def test_a_single_trial_has_no_pbo(strong):
    panel, folds, tried = strong
    alone = appraise(SUBJECT, panel, folds, tried[:1], trials=trials_of(tried[:1]), settings=HOW)

    assert alone.pbo is None
    assert alone.trials_variance == 0.0


def test_a_single_symbol_can_be_appraised():
    panel = made(bars=24 * 60, edge=0.4, symbols=("AAA",))
    folds = folds_of(panel, WalkForward(3, test_size=24 * 15))
    tried = tried_on(panel, folds)
    alone = appraise(
        SUBJECT, panel, folds, tried, trials=trials_of(tried), settings=Settings(blocks=8, draws=200, null_draws=40)
    )

    assert alone.ic.low > 0.2


def test_what_cannot_be_appraised_is_refused(strong):
    panel, folds, tried = strong
    with pytest.raises(NoData):
        appraise(SUBJECT, panel, folds, (), trials=trials_of(tried))
    with pytest.raises(SchemaViolation, match="3 days of the active model"):
        appraise(replace(SUBJECT, active_daily=np.zeros(3)), panel, folds, tried, trials=trials_of(tried))
    faint = tuple(replace_traded(panel, folds, one) for one in tried)
    with pytest.raises(DegenerateData, match="never held"):
        appraise(SUBJECT, panel, folds, faint, trials=trials_of(faint), settings=HOW)


def test_more_trials_than_days_are_measured_all_the_same():
    """Days by trials is what the table is; that it is wider than long is no sign of a mistake."""
    panel = made(bars=24 * 36, edge=0.3)
    folds = folds_of(panel, WalkForward(3, test_size=24 * 8))
    tried = tried_on(panel, folds, tuple(np.linspace(0.001, 3.0, 20)))
    found = appraise(SUBJECT, panel, folds, tried, trials=trials_of(tried), settings=HOW)

    assert (found.periods, found.trials) == (16, 20)
    assert None not in (found.spa_p, found.pbo, found.pbo_band)
    assert found.reasons == ()
    assert judge(found).verdict == "insufficient"  # sixteen days


def test_what_the_days_are_too_few_for_is_none_and_says_why():
    panel = made(bars=24 * 24, edge=0.4)
    folds = folds_of(panel, WalkForward(3, test_size=24 * 4))
    tried = tried_on(panel, folds)
    found = appraise(SUBJECT, panel, folds, tried, trials=trials_of(tried), settings=HOW)
    verdict = judge(found)
    measured = next(check for check in verdict.checks if check.name == "measured")

    assert (found.periods, found.spa_p, found.pbo) == (8, None, None)
    assert found.reasons == (
        "spa_p: 8 periods of 4 candidates",
        "pbo: 16 blocks of 8 rows",
    )
    assert verdict.verdict == "insufficient"
    assert "(spa_p: 8 periods of 4 candidates; pbo: 16 blocks of 8 rows)" in measured.source
    assert Evidence.from_json(found.to_json()) == found


def test_three_days_are_no_record():
    panel = made(bars=24 * 20, edge=0.4)
    folds = folds_of(panel, WalkForward(2, test_size=24 * 3))
    tried = tried_on(panel, folds)

    with pytest.raises(NoData, match="3 days to score"):
        appraise(SUBJECT, panel, folds, tried, trials=trials_of(tried), settings=HOW)


def replace_traded(panel, folds, one):
    faint = one.predictions * 1e-9
    return Tried(one.config, faint, trade(panel, folds, faint, Rule()))
