"""How orders fill, by flags: a share of the volume, latency, single rules, and the mark price of the lake."""

from pathlib import Path

import polars as pl
import pytest

from alphaloop.core.time import MINUTE_US, iso
from tests.app.cli.builders import START, call, write_bars

BUY = ["--policy", "buy-and-hold", "--symbols", "BTCUSDT", "--fee-bps", "10", "--slippage-bps", "0", "--json"]


@pytest.fixture
def home(tmp_path) -> Path:
    """Four bars of BTCUSDT: opens 100 100 104 98, closes 100 104 98 110, volumes 10 11 12 10."""
    file = write_bars(tmp_path / "BTCUSDT-5m.csv", [100.0, 104.0, 98.0, 110.0])
    assert call("data", "import", file, "--venue", "binance", home=tmp_path / "home").code == 0
    return tmp_path / "home"


def run(home: Path, *words: str, command: tuple[str, ...] = ("backtest",)) -> dict:
    result = call(*command, *BUY, *words, home=home)
    assert result.code == 0, result
    return result.json


def import_marks(home: Path, *lows: float) -> None:
    file = home.parent / "BTCUSDT-mark-5m.csv"
    rows = [f"{iso(START + i * 5 * MINUTE_US)},{low},{low + 20},{low},{low}" for i, low in enumerate(lows)]
    file.write_text("\n".join(["timestamp,open,high,low,close", *rows]) + "\n")
    assert call("data", "import", file, "--venue", "binance", home=home).code == 0


def test_half_of_a_bars_volume_trades(home):
    """Bar 1 has 11: 5.5 are bought at its open, and 0.1 % of 550 is paid."""
    two_bars = ("--end", iso(START + 10 * MINUTE_US), "--participation", "0.5")

    assert run(home, *two_bars)["metrics"]["fees"] == pytest.approx(0.55, abs=1e-9)


def test_an_order_under_way_misses_the_next_open(home):
    """Decided when bar 1 opens, it arrives a millisecond later, meets the open of bar 2, 104, and is not sent twice."""
    late = run(home, "--latency-ms", "1", "--set", "weight=0.5", "--band", "0.05")
    at_once = run(home, "--set", "weight=0.5")

    assert at_once["metrics"]["total_return"] == pytest.approx((50 * 10 - 5) / 10_000)
    assert late["metrics"]["total_return"] == pytest.approx((50 * 6 - 5.2) / 10_000)


def test_paper_fills_alike(home):
    words = ("--participation", "0.3", "--latency-ms", "250", "--rule", "entry_bar=market_only")

    assert run(home, *words, command=("paper", "replay"))["equal"] is True


def test_what_was_assumed_is_said_and_hashed(home):
    plain, other = run(home), run(home, "--participation", "0.5", "--latency-ms", "20", "--rule", "both=target_first")

    assert plain["assumed"] == {
        "taker fee": "10 bp",
        "maker fee": "10 bp",
        "slippage": "0 bp",
        "volume": "any size",
        "latency": "0 ms",
        "fill rules": "default",
        "liquidation by": "traded prices",
    }
    said = ("0.5 of each bar's", "20 ms", "both target_first")
    assert tuple(other["assumed"][name] for name in ("volume", "latency", "fill rules")) == said
    assert "0.5 of each bar's" in Path(other["report_file"]).read_text()
    alone = [run(home, *words)["trace_hash"] for words in (["--latency-ms", "0.001"], ["--rule", "both=target_first"])]
    assert len({plain["trace_hash"], other["trace_hash"], *alone}) == 4


def test_a_rule_changes_a_preset(home):
    assert run(home, "--rules", "jesse", "--rule", "timing=next_open")["metrics"]["fees"] > 0


@pytest.mark.parametrize(
    "words",
    [
        ["--rule", "both=first"],
        ["--rule", "everything=open"],
        ["--rule", "timing=next_close"],
        ["--participation", "0"],
        ["--latency-ms", "-1"],
    ],
)
def test_what_cannot_be_is_refused(home, words):
    assert call("backtest", *BUY, *words, home=home).code == 2


def test_liquidation_looks_at_the_mark_price_of_the_lake(home):
    """Long at 100 with leverage 20: liquidated at 95.48, which no trade reached but the mark did."""
    words = ("--set", "leverage=20", "--set", "weight=1")
    traded = run(home, *words)
    import_marks(home, 99.0, 99.0, 90.0, 99.0)
    marked = run(home, *words)

    assert (traded["assumed"]["liquidation by"], marked["assumed"]["liquidation by"]) == (
        "traded prices",
        "mark price, 5m candles",
    )
    reasons = [pl.read_parquet(one["trades_file"])["exit_reason"].to_list() for one in (traded, marked)]
    assert ("liquidation" in reasons[0], "liquidation" in reasons[1]) == (False, True)
