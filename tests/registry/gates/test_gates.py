"""Every gate both ways at its threshold."""

from dataclasses import replace
from typing import Any

import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.registry.evidence import Band, Check, Coverage, Evidence, Interval, Window
from alphaloop.registry.gates import GATES, Thresholds, judge
from alphaloop.registry.gates.sample import due
from tests.registry.evidence_builder import DAY, make_evidence, make_protocol

LIMITS = Thresholds(required_backbones=("gbm",), min_sharpe=1.5)


def check(name: str, evidence: Evidence, limits: Thresholds = LIMITS) -> Check:
    return next(gate for gate in GATES if gate.name == name).ask(evidence, limits)


def bars(present: int = 1000, derived: int = 0, synthetic: int = 0) -> tuple[Coverage, ...]:
    real = present - derived - synthetic
    return (Coverage("market_bars", "BTCUSDT", 1000, present, real, derived, synthetic),)


def improved(count: int) -> tuple[Window, ...]:
    return tuple(Window(k * DAY, (k + 1) * DAY, 0.1 if k < count else 0.0, 0.0) for k in range(3))


# name, the field, its value just within, its value just outside, and the verdict outside
EDGES: list[tuple[str, str, Any, Any, str]] = [
    ("leaks", "leaks_green", True, False, "refused"),
    ("overlaps", "overlaps", 0, 1, "refused"),
    ("provenance", "coverage", bars(), bars(derived=1), "refused"),
    ("provenance", "coverage", bars(), bars(synthetic=1), "refused"),
    ("degraded", "degraded", (), ("no text features",), "refused"),
    ("backbones", "backbones_ready", ("gbm", "ridge"), ("ridge",), "refused"),
    ("drawdown", "max_drawdown", 0.25, 0.2501, "refused"),
    ("coverage", "coverage", bars(990), bars(989), "insufficient"),
    ("trades", "trades", 30, 29, "insufficient"),
    # normal law, S = 0.1: 1 + (1 + 0.5 * 0.01) (1.6449 / 0.1)^2 = 1 + 271.9, rounded up
    ("track_record", "periods", 273, 272, "insufficient"),
    ("number_of_windows", "windows", improved(2)[:2], improved(2)[:1], "insufficient"),
    ("verifiable_sharpe", "smallest_sharpe", 3.5, 3.51, "insufficient"),
    ("verifiable_ic", "smallest_ic", 0.1, 0.101, "insufficient"),
    ("net_pnl", "net_pnl", 1e-9, 0.0, "refused"),
    ("sharpe", "sharpe", 1.51 / 365**0.5, 1.49 / 365**0.5, "refused"),
    ("ic", "ic", Interval(0.05, 1e-9, 0.1), Interval(0.05, 0.0, 0.1), "refused"),
    ("dsr", "dsr", 0.95, 0.9499, "refused"),
    ("spa", "spa_p", 0.0499, 0.05, "refused"),
    ("pbo", "pbo", 0.1999, 0.2, "refused"),
    ("pbo", "pbo_band", Band(0.06, 0.9), Band(0.05, 0.9), "refused"),
    ("windows", "windows", improved(2), improved(1), "refused"),
    ("improvement", "improvement", Interval(1.0, 1e-9, 2.0), Interval(1.0, 0.0, 2.0), "refused"),
]
BASE = make_evidence(sharpe=0.1, skew=0.0, kurtosis=3.0)


@pytest.mark.parametrize(("name", "key", "within", "outside", "verdict"), EDGES)
def test_each_gate_at_its_threshold(name: str, key: str, within: Any, outside: Any, verdict: str) -> None:
    good, bad = replace(BASE, **{key: within}), replace(BASE, **{key: outside})

    assert check(name, good).passed
    assert judge(good, LIMITS).verdict == "passed"
    assert not check(name, bad).passed
    assert judge(bad, LIMITS).verdict == verdict


def test_every_gate_is_in_that_table() -> None:
    assert {gate.name for gate in GATES} - {"measured"} == {name for name, *_ in EDGES}


@pytest.mark.parametrize("name", due(make_evidence()))
def test_a_figure_that_is_due_and_not_measured_is_insufficient(name: str) -> None:
    verdict = judge(make_evidence(**{name: None}))

    assert verdict.verdict == "insufficient"
    assert name in check("measured", make_evidence(**{name: None})).source


def test_only_the_picture_is_not_due() -> None:
    optional = {name for name in Evidence.__slots__ if getattr(make_evidence(), name) is None}

    assert optional == {"deciles"}
    assert {*due(make_evidence()), "deciles"} == {
        name for name, one in Evidence.__dataclass_fields__.items() if one.default is None
    }


def test_nothing_measured_is_insufficient() -> None:
    bare = Evidence(candidate="c", symbol="X", horizon="1h", kind="gbm", protocol=make_protocol())

    assert judge(bare).verdict == "insufficient"
    assert not any(one.passed for one in judge(bare).checks)


def test_derived_rows_refuse_whatever_the_claim() -> None:
    simulated = make_protocol(claim="simulated")

    found = judge(make_evidence(protocol=simulated, coverage=bars(derived=1)))

    assert found.verdict == "refused"


def test_simulated_rows_stand_behind_a_simulated_claim_that_says_so() -> None:
    evidence = make_evidence(protocol=make_protocol(claim="simulated"), coverage=bars(synthetic=1000))

    assert judge(evidence).verdict == "passed"
    assert "simulated" in check("provenance", evidence).source


def test_made_rows_are_named() -> None:
    book = Coverage("orderbook_l2", "BTCUSDT", 1000, 1000, 0, 1000, 0)
    found = check("provenance", make_evidence(coverage=(*bars(), book)))

    assert (found.measured, found.passed) == (1000, False)
    assert "orderbook_l2 derived" in found.source


def test_no_rows_behind_a_claim_are_not_an_audit() -> None:
    assert judge(make_evidence(coverage=())).verdict == "insufficient"


def test_the_least_covered_series_counts() -> None:
    events = Coverage("events", "BTCUSDT", None, 0, 0, 0, 0)
    found = check("coverage", make_evidence(coverage=(*bars(), events)))

    assert (found.measured, found.passed) == (0.0, False)
    assert "events BTCUSDT" in found.source


@pytest.mark.parametrize("sharpe", [0.0, -0.2])
def test_a_loser_needs_no_longer_record_than_the_least(sharpe: float) -> None:
    found = check("track_record", replace(BASE, sharpe=sharpe, periods=60))

    assert (found.required, found.passed) == (">= 60", True)


def test_moments_that_nothing_has_are_an_error() -> None:
    with pytest.raises(InvalidOption, match="kurtosis"):
        judge(make_evidence(kurtosis=0.5))


def test_a_rule_has_no_ic_and_no_backbones() -> None:
    rule = make_evidence(
        forecasts=False, ic=None, rank_ic=None, effective_n=None, smallest_ic=None, backbones_ready=None
    )

    assert judge(rule, LIMITS).verdict == "passed"
    assert {"ic", "backbones", "verifiable_ic"}.isdisjoint(one.name for one in judge(rule, LIMITS).checks)


def test_a_single_trial_was_not_picked_from_many() -> None:
    alone = make_evidence(trials=1, pbo=None, pbo_band=None)

    assert judge(alone).verdict == "passed"
    assert "pbo" not in {one.name for one in judge(alone).checks}


@pytest.mark.parametrize(
    "changed", [{"leaks_green": False}, {"overlaps": 2}, {"degraded": ("text missing",)}, {"max_drawdown": 0.9}]
)
def test_a_final_failure_refuses_even_when_evidence_is_thin(changed: dict[str, Any]) -> None:
    assert judge(make_evidence(trades=1, dsr=None, **changed)).verdict == "refused"


def test_thin_evidence_comes_before_merit() -> None:
    assert judge(make_evidence(trades=1, net_pnl=-0.5)).verdict == "insufficient"


def test_looking_away_is_recorded_and_changes_nothing() -> None:
    bad = make_evidence(dsr=0.1)

    assert judge(bad, enforce=False).verdict == "refused"
    assert not judge(bad, enforce=False).enforced
    assert judge(bad, enforce=False).checks == judge(bad).checks


def test_sources_say_where_a_limit_was_read() -> None:
    limits = Thresholds(min_dsr=0.9, origin="gates.toml")

    assert "min_dsr (gates.toml)" in check("dsr", make_evidence(), limits).source
