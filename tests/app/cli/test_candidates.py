"""``backtest --candidates``: a file in, the same rows with their outcomes out."""

from pathlib import Path

import polars as pl
import pytest

from tests.app.cli.builders import START, call, write_bars

STEP = 300_000_000
WISHES = pl.DataFrame(
    {
        "ts": [START + STEP, START],
        "side": [-1, 1],
        "stop": [None, 0.5],
        "target": [0.02, None],
        "leverage": [1.0, 2.0],
        "note": ["second", "first"],
    }
)
FREE = ["--symbols", "BTCUSDT", "--fee-bps", 0, "--maker-fee-bps", 0, "--slippage-bps", 0, "--horizon", 2]


@pytest.fixture
def home(tmp_path) -> Path:
    """Four bars of BTCUSDT: opens 100 100 104 98, closes 100 104 98 110."""
    file = write_bars(tmp_path / "BTCUSDT-5m.csv", [100.0, 104.0, 98.0, 110.0])
    assert call("data", "import", file, "--venue", "binance", home=tmp_path / "home").code == 0
    return tmp_path / "home"


@pytest.mark.parametrize(
    ("suffix", "write"), [("csv", "write_csv"), ("parquet", "write_parquet"), ("jsonl", "write_ndjson")]
)
@pytest.mark.parametrize("out", ["out.parquet", "out.csv"])
def test_rows_come_back_with_their_outcomes(home, tmp_path, suffix, write, out):
    source = tmp_path / f"wishes.{suffix}"
    getattr(WISHES, write)(source)

    result = call("backtest", "--candidates", source, "--out", tmp_path / out, *FREE, "--json", home=home)

    assert result.code == 0, result.err
    assert result.json["reasons"] == {"horizon": 1, "target": 1}
    found = pl.read_parquet(tmp_path / out) if out.endswith("parquet") else pl.read_csv(tmp_path / out)
    # short from 104 to its target 101.92; long from 100 to the close of 98 with leverage 2
    assert found["note"].to_list() == ["second", "first"]
    assert found["exit_price"].to_list() == pytest.approx([104 * 0.98, 98.0])
    assert found["net_return"].to_list() == pytest.approx([0.02, -0.04])


def test_for_people(home, tmp_path):
    WISHES.write_parquet(tmp_path / "wishes.parquet")

    result = call(
        "backtest", "--candidates", tmp_path / "wishes.parquet", "--out", tmp_path / "o.csv", *FREE, home=home
    )

    assert "2 candidates" in result.out


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--candidates", "wishes.parquet"], "InvalidOption"),
        (["--candidates", "wishes.txt", "--out", "o.csv"], "UnknownLayout"),
        (["--candidates", "none.csv", "--out", "o.csv"], "NoData"),
        (["--candidates", "late.parquet", "--out", "o.csv"], "NoData"),
        (["--candidates", "empty.parquet", "--out", "o.csv"], "NoData"),
        (["--candidates", "wishes.parquet", "--out", "o.txt"], "UnknownLayout"),
    ],
)
def test_what_cannot_be(home, tmp_path, monkeypatch, words, error):
    monkeypatch.chdir(tmp_path)
    WISHES.write_parquet("wishes.parquet")
    WISHES.clear().write_parquet("empty.parquet")
    WISHES.with_columns(ts=pl.col("ts") + 1).write_parquet("late.parquet")

    result = call("backtest", *words, *FREE, "--json", home=home)

    assert (result.code, result.json["error"]) == (2, error)
    assert not (tmp_path / "o.csv").exists()
