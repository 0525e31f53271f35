"""``backtest`` and ``paper replay``: figures by hand, the keys programs read, and every way to ask wrongly."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from alphaloop.app.cli import backtest as command
from tests.app.cli.builders import START, call, write_bars

METRICS = "total_return annual_return sharpe sortino calmar max_drawdown turnover trades fees slippage funding"
FILES = ("equity_file", "trades_file", "report_file")
QUICK = ["--set", "fast=4", "--set", "slow=12"]
CROSS = ["--policy", "ma-cross", "--symbols", "BTCUSDT,ETHUSDT", *QUICK]


@pytest.fixture(scope="module")
def backtest(home):
    return call("backtest", *CROSS, "--json", home=home)


@pytest.fixture(scope="module")
def replay(home):
    return call("paper", "replay", *CROSS, "--json", home=home)


# figures by hand


@pytest.fixture
def four_bars(tmp_path) -> Path:
    """Four bars of BTCUSDT: opens 100 100 104 98, closes 100 104 98 110."""
    file = write_bars(tmp_path / "BTCUSDT-5m.csv", [100.0, 104.0, 98.0, 110.0])
    assert call("data", "import", file, "--venue", "binance", home=tmp_path / "home").code == 0
    return tmp_path / "home"


BUY = ["backtest", "--policy", "buy-and-hold", "--symbols", "BTCUSDT", "--fee-bps", "10", "--slippage-bps", "5"]


def test_other_rules_by_hand(four_bars):
    """As jesse fills: at the close on which it was decided, 100, without slippage; another rule, another hash."""
    plain, jesse = (call(*BUY, "--set", "weight=0.5", *words, "--json", home=four_bars) for words in ([], JESSE))

    assert jesse.json["metrics"]["slippage"] == 0.0
    assert jesse.json["metrics"]["fees"] == pytest.approx(5.0, abs=1e-12)
    assert jesse.json["metrics"]["total_return"] == pytest.approx((50 * 10 - 5) / 10_000, abs=1e-12)
    assert jesse.json["trace_hash"] != plain.json["trace_hash"]


def test_unknown_rules_are_refused(four_bars):
    result = call(*BUY, "--rules", "zipline", "--json", home=four_bars)

    assert (result.code, result.json["error"]) == (2, "UnknownName")


@pytest.mark.parametrize("rules", ["vectorbt", "backtesting.py", "freqtrade", "jesse"])
def test_paper_equals_the_backtest_under_any_rules(home, rules):
    result = call("paper", "replay", *CROSS, "--rules", rules, "--json", home=home)

    assert (result.code, result.json["equal"]) == (0, True)
    assert result.json["fills"] > 0


JESSE = ["--rules", "jesse"]


def test_buy_and_hold_by_hand(four_bars):
    """Half of 10,000 at the close of 100 is 50 units, bought at the next open, 100, plus slippage."""
    price = 100 * 1.0005
    fee = 50 * price * 0.001
    equity = [10_000.0, *(10_000 - fee + 50 * (close - price) for close in (104.0, 98.0, 110.0))]

    result = call(*BUY, "--set", "weight=0.5", "--json", home=four_bars)

    metrics = result.json["metrics"]
    assert metrics["total_return"] == pytest.approx(equity[-1] / 10_000 - 1, rel=0, abs=1e-12)
    assert metrics["total_return"] == pytest.approx(0.04924975, rel=0, abs=1e-12)
    assert metrics["max_drawdown"] == pytest.approx(1 - equity[2] / equity[1], rel=0, abs=1e-12)
    assert metrics["fees"] == pytest.approx(5.0025, abs=1e-12)
    assert metrics["slippage"] == pytest.approx(2.5, abs=1e-12)
    assert (metrics["funding"], metrics["trades"], metrics["fills"]) == (0.0, 0, 1)
    frame = pl.read_parquet(result.json["equity_file"])
    assert frame["equity"].to_list() == pytest.approx(equity, rel=1e-12)


def test_buy_and_hold_of_everything_is_cut_to_what_costs_leave(four_bars):
    """10,000 pay for 10,000 / (100.05 x 1.001) units, in lots of 1e-8."""
    units = math.floor(10_000 / (100.05 * 1.001) / 1e-8) * 1e-8
    last = 10_000 - units * 100.05 * 0.001 + units * (110 - 100.05)

    result = call(*BUY, "--json", home=four_bars)

    assert result.json["metrics"]["total_return"] == pytest.approx(last / 10_000 - 1, rel=0, abs=1e-12)


def test_funding_is_paid_in_a_backtest(four_bars):
    """A rate of 0.001 at the third bar's open of 104 costs 50 x 104 x 0.001."""
    rates = four_bars.parent / "BTCUSDT-fundingRate.csv"
    lines = [f"2025-01-01T{hour}:10:00Z,BTCUSDT,0.001" for hour in ("00", "08")]
    rates.write_text("\n".join(["fundingTime,symbol,fundingRate", *lines]) + "\n")
    assert call("data", "import", rates, "--venue", "binance", home=four_bars).code == 0

    metrics = call(*BUY, "--set", "weight=0.5", "--json", home=four_bars).json["metrics"]

    assert metrics["funding"] == pytest.approx(5.2, abs=1e-12)
    assert metrics["total_return"] == pytest.approx(0.04924975 - 0.00052, rel=0, abs=1e-12)


def test_flat_earns_nothing(four_bars):
    metrics = call("backtest", "--policy", "flat", "--symbols", "BTCUSDT", "--json", home=four_bars).json["metrics"]

    assert (metrics["total_return"], metrics["fees"], metrics["turnover"]) == (0.0, 0.0, 0.0)


# what programs rely on


def test_backtest_has_the_documented_keys(backtest):
    assert (backtest.code, backtest.err) == (0, "")
    assert set(METRICS.split()) <= set(backtest.json["metrics"])
    assert {*FILES, "trace_hash"} <= set(backtest.json)
    assert len(backtest.json["trace_hash"]) == 64
    assert backtest.json["symbols"] == ["BTCUSDT", "ETHUSDT"]
    assert (backtest.json["start"], backtest.json["end"]) == ("2025-01-01T00:00:00Z", "2025-01-03T00:00:00Z")
    assert backtest.json["metrics"]["trades"] > 10
    assert backtest.json["metrics"]["funding"] != 0


def test_the_files_can_be_read(backtest):
    equity, trades = (pl.read_parquet(backtest.json[name]) for name in FILES[:2])
    page = Path(backtest.json["report_file"]).read_text()

    metrics = backtest.json["metrics"]
    assert equity.height == backtest.json["bars"] == 576
    assert equity["equity"][-1] / 10_000 - 1 == pytest.approx(metrics["total_return"], abs=1e-12)
    assert trades.height == metrics["trades"] + metrics["open_trades"]
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert backtest.json["trace_hash"] in page


def test_the_same_command_gives_the_same_trace(backtest, home):
    again = call("backtest", *CROSS, "--json", home=home).json
    other = call("backtest", *CROSS, "--json", "--cash", "9999", home=home).json

    assert again["trace_hash"] == backtest.json["trace_hash"]
    assert again["report_file"] == backtest.json["report_file"]
    assert other["trace_hash"] != again["trace_hash"]


def test_paper_replay_equals_the_backtest(replay, backtest):
    assert (replay.code, replay.err) == (0, "")
    assert replay.json["max_equity_difference"] <= 1e-9
    assert (replay.json["order_differences"], replay.json["equal"]) == (0, True)
    assert replay.json["orders"] > 10
    assert set(backtest.json) < set(replay.json)
    for name, value in backtest.json["metrics"].items():
        expected = None if value is None else pytest.approx(value, rel=1e-6, abs=1e-9)
        assert replay.json["metrics"][name] == expected, name


@pytest.mark.parametrize(
    ("policy", "parameters"),
    [
        ("buy-and-hold", ["stop=0.02"]),
        ("flat", []),
        ("random", ["turnover=0.1", "allow_short=false"]),
        ("rsi-reversal", ["period=5", "target=0.01"]),
        ("donchian", ["entry=10", "exit=5", "leverage=2"]),
    ],
)
def test_every_policy_replays(home, policy, parameters):
    set_ = [word for one in parameters for word in ("--set", one)]
    limits = ["--max-weight", "0.4", "--max-gross", "0.7", "--max-leverage", "1.5", "--max-drawdown", "0.2"]
    words = ["--policy", policy, "--symbols", "BTC/USDT,ETH-USDT", *set_, *limits, "--seed", "4", "--band", "0.001"]

    result = call("paper", "replay", *words, "--json", home=home)

    assert (result.code, result.json["equal"]) == (0, True)
    assert (policy == "flat") == (result.json["fills"] == 0)


def test_a_replay_that_differs_is_exit_one(home, monkeypatch):
    from alphaloop.app import runs

    monkeypatch.setattr(runs, "TOLERANCE", -1.0)

    shown = call("paper", "replay", *CROSS, home=home)

    assert shown.code == 1
    assert "not equal" in shown.out


@pytest.mark.parametrize(("symbols", "kind"), [("BTCUSDT", "real"), ("SIMA", "simulated"), ("BTCUSDT,SIMA", "mixed")])
def test_the_kind_of_data_is_told(home, symbols, kind):
    words = ["backtest", "--policy", "flat", "--symbols", symbols]

    assert call(*words, "--json", home=home).json["data_kind"] == kind
    assert ("no claim about real markets" in call(*words, home=home).out) == (kind != "real")


def test_for_people(home):
    result = call("paper", "replay", *CROSS, home=home)

    lines = result.out.splitlines()
    assert result.code == 0
    assert lines[0] == "ma-cross on BTCUSDT, ETHUSDT 5m"
    assert [line.split("  ")[1] for line in lines if line.startswith("  Sharpe")] == ["Sharpe"]
    assert "paper and backtest are equal" in result.out
    assert "0 orders differ" in result.out


def test_the_window_is_half_open(home):
    words = ["backtest", "--policy", "flat", "--symbols", "BTCUSDT", "--json"]
    result = call(*words, "--start", "2025-01-01T06:00", "--end", "2025-01-01T07:00:00+00:00", home=home).json

    assert (result["bars"], result["start"], result["end"]) == (12, "2025-01-01T06:00:00Z", "2025-01-01T07:00:00Z")


def test_averages_know_the_bars_before_the_window(tmp_path):
    closes = [100.0 + min(i, 80 - i) if i < 60 else 60.0 + i for i in range(80)]  # turns at bar 40 and at bar 60
    file = write_bars(tmp_path / "BTCUSDT-5m.csv", closes)
    assert call("data", "import", file, "--venue", "binance", home=tmp_path / "home").code == 0
    words = ["backtest", "--policy", "ma-cross", "--symbols", "BTCUSDT", *QUICK, "--json"]

    made = call(*words, "--start", "2025-01-01T03:10", home=tmp_path / "home").json

    trades = pl.read_parquet(made["trades_file"])
    assert made["bars"] == 80 - 38
    assert trades["entry_time"][0] < datetime(2025, 1, 1, 4, 10, tzinfo=UTC)  # before the slow average's twelfth bar


def test_costs_are_what_was_asked(home):
    words = ["backtest", *CROSS, "--json"]
    free = call(*words, "--fee-bps", "0", "--slippage-bps", "0", home=home).json["metrics"]
    dear = call(*words, "--fee-bps", "20", "--slippage-bps", "0", home=home).json["metrics"]

    assert (free["fees"], free["slippage"]) == (0.0, 0.0)
    assert dear["fees"] > 0
    assert dear["total_return"] < free["total_return"]


def test_limits_cut(home):
    result = call("backtest", *CROSS, "--max-weight", "0.1", "--json", home=home).json

    assert result["cuts"] > 0
    assert result["metrics"]["max_gross_exposure"] < 0.25


def test_the_command_stands_in_the_report(home, monkeypatch):
    monkeypatch.setattr("sys.argv", ["/somewhere/bin/alphaloop", "backtest", "--set", "a b"])

    assert command.command_line() == "alphaloop backtest --set 'a b'"


# asking wrongly

FLAT = ["--policy", "flat", "--symbols", "BTCUSDT"]


@pytest.mark.parametrize("group", [["backtest"], ["paper", "replay"]], ids=" ".join)
@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (["--policy", "oracle", "--symbols", "BTCUSDT"], "UnknownName", "oracle"),
        (["--policy", "flat", "--symbols", "DOGEUSDT"], "NoData", "DOGEUSDT"),
        (["--policy", "flat", "--symbols", "BTCUSDT,BTC/USDT"], "InvalidOption", "BTCUSDT"),
        (["--policy", "flat", "--symbols", ""], "InvalidOption", "symbols"),
        ([*FLAT, "--timeframe", "5minutes"], "InvalidOption", "5minutes"),
        ([*FLAT, "--timeframe", "1h"], "NoData", "1h"),
        ([*FLAT, "--start", "31.01.2025"], "AmbiguousTime", "31.01.2025"),
        ([*FLAT, "--end", "2025-13-01"], "AmbiguousTime", "2025-13-01"),
        ([*FLAT, "--start", "2025-01-02", "--end", "2025-01-01"], "InvalidOption", "2025-01-02"),
        ([*FLAT, "--start", "2030-01-01"], "NoData", "2030"),
        ([*FLAT, "--venue", "okx"], "NoData", "okx"),
        ([*FLAT, "--fee-bps", "-1"], "InvalidOption", "fee of -1.0"),
        ([*FLAT, "--slippage-bps", "nan"], "InvalidOption", "slippage of nan"),
        ([*FLAT, "--maker-fee-bps", "-5"], "InvalidOption", "maker fee"),
        ([*FLAT, "--cash", "0"], "InvalidOption", "cash"),
        ([*FLAT, "--band", "-0.1"], "InvalidOption", "band"),
        ([*FLAT, "--band", "nan"], "InvalidOption", "band"),
        ([*FLAT, "--max-weight", "-1"], "InvalidOption", "-1"),
        ([*FLAT, "--max-drawdown", "2"], "InvalidOption", "2"),
        ([*FLAT, "--set", "fast=3"], "UnknownName", "fast"),
        (["--policy", "ma-cross", "--symbols", "BTCUSDT", "--set", "fast=x"], "InvalidOption", "fast=x"),
        (["--policy", "ma-cross", "--symbols", "BTCUSDT", "--set", "fast"], "InvalidOption", "--set fast"),
        (["--policy", "ma-cross", "--symbols", "BTCUSDT", "--rule", "both"], "InvalidOption", "--rule both"),
        (["--policy", "ma-cross", "--symbols", "BTCUSDT", "--set", "exponential=2"], "InvalidOption", "exponential"),
        (["--policy", "ma-cross", "--symbols", "BTCUSDT", "--set", "weight=-1"], "InvalidOption", "weight"),
    ],
    ids=lambda value: " ".join(value[-2:]) if isinstance(value, list) else "",
)
def test_a_wrong_question_is_exit_two_with_a_typed_error(home, group, words, error, said):
    before = sorted((home / "reports").rglob("*")) if (home / "reports").exists() else []

    result = call(*group, *words, "--json", home=home)
    shown = call(*group, *words, home=home)

    assert (result.code, shown.code) == (2, 2)
    assert result.json["error"] == error
    assert said in result.json["found"]
    assert shown.out == ""
    assert shown.err.startswith(error)
    assert (sorted((home / "reports").rglob("*")) if before else before) == before  # nothing half-written


def test_an_empty_home_says_what_to_do(tmp_path):
    result = call("backtest", *FLAT, "--json", home=tmp_path / "none")

    assert (result.code, result.json["error"]) == (2, "NoData")
    assert result.json["fix"]
    assert not (tmp_path / "none" / "reports").exists()


def test_json_stays_json_where_a_figure_is_unknown(tmp_path):
    """One bar: no return, no ratio. Unknown is null, and never NaN."""
    file = write_bars(tmp_path / "BTCUSDT-5m.csv", [100.0], start=START)
    call("data", "import", file, "--timeframe", "5m", "--venue", "binance", home=tmp_path / "home")

    result = call("backtest", *FLAT, "--json", home=tmp_path / "home")

    assert result.code == 0
    assert "NaN" not in result.out
    assert json.loads(result.out)["metrics"]["sharpe"] is None
