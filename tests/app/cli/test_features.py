"""``alphaloop features``: what there is, and what is written of it."""

import pytest

from tests.app.cli.builders import call, write_bars


def test_every_family_is_listed():
    result = call("features", "list", "--json")

    assert result.code == 0
    assert {"ret_{n}", "rsi_{n}", "atr_{n}", "macd_{fast}_{slow}_{signal}"} <= {row["name"] for row in result.json}
    assert all(row["unit"] and row["missing"] for row in result.json)
    assert "rsi_{n}" in call("features", "list").out


def test_build_writes_snapshots_once(tmp_path):
    file = write_bars(tmp_path / "SOLUSDT-5m.csv", [10.0, 11.0, 12.0, 11.0])
    call("data", "import", file, home=tmp_path)
    words = ["features", "build", "--symbols", "SOL/USDT", "--features", "ret_1,close"]

    first = call(*words, "--json", home=tmp_path)
    second = call(*words, "--json", home=tmp_path)
    shown = call(*words, "--end", "2025-01-01T00:10", home=tmp_path)

    assert first.code == 0
    assert (first.json["rows"], first.json["written"], first.json["features"]) == (4, 4, 2)
    assert (second.json["written"], second.json["unchanged"]) == (0, 4)
    assert second.json["schema_hash"] == first.json["schema_hash"]
    assert len(first.json["schema_hash"]) == 64
    assert "feature_snapshots_main" in shown.out
    sql = "SELECT count(*) AS n, bool_or(is_synthetic) AS made FROM feature_snapshots_main"
    assert call("data", "query", sql, "--json", home=tmp_path).json == [{"n": 4, "made": False}]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--symbols", "SOLUSDT", "--features", "magic"], "UnknownName"),
        (["--symbols", "DOGEUSDT"], "NoData"),
        (["--symbols", "BTCUSDT", "--start", "2025-01-02", "--end", "2025-01-01"], "InvalidOption"),
    ],
)
def test_bad_input(home, words, error):
    result = call("features", "build", *words, "--json", home=home)

    assert (result.code, result.json["error"]) == (2, error)
