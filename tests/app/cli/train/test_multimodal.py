"""``alphaloop train multimodal`` on a market whose news matters, and on one where nothing does."""

import pytest

from tests.app.cli.builders import call

FEATURES = "ret_1,vol_12,event_sentiment,event_density,event_lag_bucket_0_1h,event_lag_bucket_1_6h,social_posts"
WORDS = ("--symbols", "SIMAUSDT", "--timeframe", "1h", "--horizons", "2h", "--mode", "fast", "--features", FEATURES)


@pytest.fixture
def trained(tmp_path):
    def run(*market):
        made = call(
            "data",
            "simulate",
            "--symbols",
            "SIMAUSDT",
            "--days",
            "120",
            "--timeframe",
            "1h",
            "--steady",
            *market,
            home=tmp_path,
        )
        assert made.code == 0, made
        return call("train", "multimodal", *WORDS, "--json", home=tmp_path)

    return run


def test_news_that_matters_opens_the_gate(trained, tmp_path):
    result = trained("--plant", "news_after_bp=400", "--seed", "1")
    found = result.json
    gate = found["details"]["SIMAUSDT"]["gates"]["2h"]
    figures = found["candidates"][0]["variants"]

    assert result.code == 0
    assert gate["kept"]["accepted"]
    assert gate["kept"]["low"] > 0
    assert gate["walked"]["inactive_equal"]
    assert set(figures) == {"base", "single_ridge", "residual_gate"}
    assert figures["residual_gate"]["ic"] > figures["base"]["ic"]
    assert (tmp_path / "artifacts" / "models" / "simausdt" / "multimodal_candidate.json").is_file()


def test_where_nothing_matters_the_gate_stays_shut_and_120_days_verify_nothing(trained):
    found = trained("--null", "--seed", "2").json
    gate = found["details"]["SIMAUSDT"]["gates"]["2h"]["kept"]

    assert not gate["accepted"]
    assert gate["low"] <= 0 <= gate["high"]
    verdict = found["verdicts"][0]
    failed = {check["name"] for check in verdict["checks"] if not check["passed"]}
    assert verdict["verdict"] == "insufficient"
    assert {"verifiable_sharpe", "ic", "dsr"} <= failed


def test_a_setting_that_is_none_is_refused(tmp_path):
    result = call("train", "multimodal", *WORDS, "--set", "blocks=2", "--json", home=tmp_path)

    assert (result.code, result.json["error"]) == (2, "UnknownName")
