"""``backtest --register`` and ``registry gate``: every run counts, and a verdict says why."""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from alphaloop.app.gating.leaks import features_hash, green, keep
from alphaloop.core.time import DAY_US
from alphaloop.registry.ledger import Candidate, Ledger
from alphaloop.registry.lineage import lineage_here
from alphaloop.registry.series import Series
from tests.app.cli.builders import call, write_bars
from tests.registry.evidence_builder import make_evidence

RULE = ["--symbols", "BTCUSDT", "--timeframe", "1h"]
CROSS = ["backtest", "--policy", "ma-cross", "--set", "fast=4", "--set", "slow=12", *RULE]
CLEAN = {
    "passed": True,
    "leaking": [],
    "missed": [],
    "accused_twins": [],
    "cuts": {"bars": 1000, "matrix": 100},
    "features": 3,
    "planted": 1,
    "caught": 1,
}


def opened(home) -> Ledger:
    return Ledger.open(home, clock=lambda: 1)


def audit_kept(home, **changed) -> None:
    ledger = opened(home)
    keep(ledger, {**CLEAN, **changed}, "ann")
    ledger.close()


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    """Sixty days of hourly bars, trials of three rules, two of them registered."""
    folder = tmp_path_factory.mktemp("gate")
    wave = [100 + 10 * math.sin(i / 30) + 3 * math.sin(i / 7) for i in range(24 * 60)]
    file = write_bars(folder / "BTCUSDT-1h.csv", wave, minutes=60)
    assert call("data", "import", file, "--venue", "binance", home=folder / "home").code == 0
    audit_kept(folder / "home")
    return folder / "home"


@pytest.fixture(scope="module")
def runs(bars):
    flat = call("backtest", "--policy", "flat", *RULE, "--json", home=bars)
    held = call("backtest", "--policy", "buy-and-hold", *RULE, "--register", "--json", home=bars)
    cross = call(*CROSS, "--register", "--json", home=bars)
    return flat, held, cross


@pytest.fixture(scope="module")
def judged(bars, runs):
    return call("registry", "gate", runs[2].json["candidate"], "--json", home=bars)


def test_every_run_is_a_trial_of_its_study(runs):
    told = [(run.code, run.json["study"], run.json["trials"]) for run in runs]

    assert told == [(0, "rules BTCUSDT 1h", 1), (0, "rules BTCUSDT 1h", 2), (0, "rules BTCUSDT 1h", 3)]
    assert runs[0].json["candidate"] is None


def test_the_same_run_again_is_no_new_trial(bars, runs):
    again = call(*CROSS, "--register", "--json", home=bars)

    assert again.json["trials"] == 3
    assert again.json["trial"] == runs[2].json["trial"]
    assert again.json["candidate"] == runs[2].json["candidate"]


def test_a_verdict_has_its_checks_and_its_page(judged):
    found = judged.json

    assert judged.code == 1
    assert found["verdict"] in ("refused", "insufficient")
    assert all(set(one) == {"name", "measured", "required", "passed", "source"} for one in found["checks"])
    assert {"leaks", "provenance", "dsr", "spa", "pbo", "net_pnl", "windows", "trades"} <= {
        one["name"] for one in found["checks"]
    }
    assert Path(found["report_file"]).with_name("verdict.json").is_file()


def test_everything_tried_deflates(judged):
    dsr = next(one for one in judged.json["checks"] if one["name"] == "dsr")

    assert "over 3 trials" in dsr["source"]


def test_evidence_and_verdict_are_in_the_ledger(bars, judged):
    shown = call("registry", "show", judged.json["candidate"], "--json", home=bars).json

    assert shown["verdict"] == judged.json["verdict"]
    assert shown["evidence"]
    assert shown["verdicts"]
    assert call("registry", "verify", "--json", home=bars).json["ok"]


def test_the_table_for_people_says_it_too(bars, judged):
    answer = call("registry", "gate", judged.json["candidate"], home=bars)

    assert answer.code == 1
    assert judged.json["verdict"] in answer.out
    assert "smallest effect this sample could have verified" in answer.out


def test_looking_away_ends_well_and_is_recorded(bars, judged):
    answer = call("registry", "gate", judged.json["candidate"], "--no-enforce", "--json", home=bars)

    assert (answer.code, answer.json["enforced"]) == (0, False)
    assert answer.json["verdict"] == judged.json["verdict"]


def test_thresholds_of_the_home_are_used(bars, judged):
    file = bars / "gates.toml"
    file.write_text("min_trades = 100000\n")
    answer = call("registry", "gate", judged.json["candidate"], "--json", home=bars)
    file.write_text("min_trade = 1\n")
    typo = call("registry", "gate", judged.json["candidate"], "--json", home=bars)
    file.unlink()
    trades = next(one for one in answer.json["checks"] if one["name"] == "trades")

    assert (trades["required"], trades["passed"]) == (">= 100000", False)
    assert "gates.toml" in trades["source"]
    assert (typo.code, typo.json["error"]) == (2, "UnknownName")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["registry", "gate", "nobody"], "UnknownName"),
        ([*CROSS, "--oos", "0"], "InvalidOption"),
        ([*CROSS, "--oos", "1.5"], "InvalidOption"),
        ([*CROSS, "--start", "2025-02-27", "--register"], "NoData"),
    ],
)
def test_what_cannot_be_is_refused(bars, words, error):
    answer = call(*words, "--json", home=bars)

    assert (answer.code, answer.json["error"]) == (2, error)


def test_a_replay_is_not_registered(bars):
    assert call("paper", "replay", *CROSS[1:], "--register", home=bars).code == 2


def test_a_run_that_breaks_is_counted_all_the_same(bars, monkeypatch):
    from alphaloop.app.gating import backtests

    def broken(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(backtests, "backtest_of", broken)
    answer = call(*CROSS[:-1], "1h", "--seed", 9, home=bars)
    ledger = opened(bars)
    counts = ledger.trials("rules BTCUSDT 1h")
    ledger.close()

    assert answer.code == 130
    assert counts.aborted == 1


# candidates with evidence of another making


@pytest.fixture
def forecaster(tmp_path):
    """A ledger with one gradient-boosting candidate, and its id."""
    ledger = opened(tmp_path)
    artifact = ledger.artifacts.put(b"trees")
    candidate = Candidate(
        symbol="BTCUSDT", horizon="1h", kind="gbm", model="gbm", artifact=artifact, lineage=lineage_here()
    )
    name = ledger.register(candidate, "ann")
    yield ledger, tmp_path, name
    ledger.close()


def test_evidence_that_was_entered_is_judged(forecaster):
    ledger, home, name = forecaster
    series = Series(np.arange(1, 901) * DAY_US, np.full(900, 0.001), np.zeros(900))
    evidence = make_evidence(candidate=name, returns=ledger.artifacts.put(series.to_bytes()))
    ledger.add_evidence(evidence, "ann")
    answer = call("registry", "gate", name, "--json", home=home)

    assert (answer.code, answer.json["verdict"]) == (0, "passed")
    assert call("registry", "promote", name, "--json", home=home).code == 0


def test_a_series_that_was_not_kept_leaves_a_gap_in_the_page(forecaster):
    ledger, home, name = forecaster
    ledger.add_evidence(make_evidence(candidate=name, returns="sha256:00"), "ann")
    answer = call("registry", "gate", name, "--json", home=home)

    assert answer.code == 0
    assert json.loads(Path(answer.json["report_file"]).with_name("verdict.json").read_text())["curves"] is None


def test_a_candidate_without_evidence_is_no_verdict(forecaster):
    _, home, name = forecaster
    answer = call("registry", "gate", name, "--json", home=home)

    assert (answer.code, answer.json["error"]) == (2, "NoData")


# what is active is to be beaten over the same days

SHORT = ["--start", "2025-01-20"]


@pytest.fixture
def reigning(bars, runs, tmp_path):
    """A home of its own in which buying and holding is active, and a cross that ran over other days."""
    home = Path(shutil.copytree(bars, tmp_path / "home"))
    ledger = opened(home)
    ledger.promote(runs[1].json["candidate"], to="active", reason="?", author="ann", enforce=False)
    ledger.close()
    cross = call(*CROSS, *SHORT, "--register", "--json", home=home)
    return home, cross.json["candidate"], runs[1].json["candidate"]


def test_what_is_active_needs_a_run_over_the_same_days(reigning):
    home, cross, active = reigning
    refused = call("registry", "gate", cross, "--json", home=home)
    assert call("backtest", "--policy", "buy-and-hold", *RULE, *SHORT, "--json", home=home).code == 0
    judged = call("registry", "gate", cross, "--json", home=home)
    against = next(one for one in judged.json["checks"] if one["name"] == "improvement")

    assert (refused.code, refused.json["error"]) == (2, "NoData")
    assert f"the active {active} (buy-and-hold) was backtested over other days only" in refused.json["found"]
    assert judged.json["verdict"] in ("refused", "insufficient")
    assert active in against["source"]


def test_an_active_model_that_is_no_backtested_rule_is_named(reigning):
    home, cross, _ = reigning
    ledger = opened(home)
    foreign = Candidate(
        symbol="BTCUSDT",
        horizon="1h",
        kind="rule",
        model="by hand",
        artifact=ledger.artifacts.put(b"?"),
        lineage=lineage_here(),
    )
    name = ledger.register(foreign, "ann")
    ledger.promote(name, to="active", reason="?", author="ann", enforce=False)
    ledger.close()
    refused = call("registry", "gate", cross, "--json", home=home)

    assert (refused.code, refused.json["error"]) == (2, "NoData")
    assert f"the active {name} (by hand) has no backtest in this study" in refused.json["found"]


# leak audits


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, True),
        ({"leaking": ["ret_1"]}, False),
        ({"leaking": ["rsi_14"]}, True),
        ({"missed": ["shift"]}, None),
        ({"cuts": {"bars": 99}}, None),
    ],
)
def test_an_audit_clears_what_it_looked_at(tmp_path, changed, expected):
    ledger = opened(tmp_path)
    keep(ledger, {**CLEAN, **changed}, "ann")
    with ledger.journal.reading() as page:
        found = green(page, ["ret_1"])
    ledger.close()

    assert found is expected


def test_a_leak_in_what_everything_is_judged_by_clears_nobody(tmp_path):
    ledger = opened(tmp_path)
    keep(ledger, {**CLEAN, "learning": [{"subject": "PurgedKFold", "leaking": ["PurgedKFold"]}]}, "ann")
    with ledger.journal.reading() as page:
        found = green(page, [])
    ledger.close()

    assert found is False


def test_without_an_audit_nobody_knows(tmp_path):
    ledger = opened(tmp_path)
    with ledger.journal.reading() as page:
        found = green(page, [])
    ledger.close()

    assert found is None


def test_an_audit_of_other_features_is_none(tmp_path, monkeypatch):
    audit_kept(tmp_path)
    monkeypatch.setattr("alphaloop.app.gating.leaks.features_hash", lambda: "changed")
    ledger = opened(tmp_path)
    with ledger.journal.reading() as page:
        found = green(page, [])
    ledger.close()

    assert found is None
    assert len(features_hash()) == 64
