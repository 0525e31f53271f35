"""``alphaloop features``: what there is, and what is written of it."""

import pytest

from tests.app.cli.builders import call, write_bars


def test_every_feature_is_listed():
    result = call("features", "list", "--json")

    assert result.code == 0
    assert {"ret_1", "vol_term_48_288", "funding_rate", "event_decay"} <= {row["name"] for row in result.json}
    wanted = {"name", "family", "modality", "unit", "inputs", "lookback", "missing"}
    assert all(wanted <= row.keys() and row["missing"] for row in result.json)
    assert "funding_rate" in call("features", "list").out


def test_families_of_bars_are_listed_by_pattern():
    rows = call("features", "list", "--patterns", "--json").json

    assert {"ret_{n}", "rsi_{n}", "atr_{n}", "macd_{fast}_{slow}_{signal}"} <= {row["name"] for row in rows}


def test_build_writes_rows_once(tmp_path):
    file = write_bars(tmp_path / "SOLUSDT-5m.csv", [10.0, 11.0, 12.0, 11.0])
    call("data", "import", file, home=tmp_path)
    words = ["features", "build", "--symbols", "SOL/USDT", "--features", "ret_1,close"]

    first = call(*words, "--json", home=tmp_path)
    second = call(*words, "--json", home=tmp_path)
    shown = call(*words, "--end", "2025-01-01T00:10", home=tmp_path)

    assert first.code == 0
    assert (first.json["rows"], first.json["written"], first.json["features"]) == (4, 4, 2)
    assert (second.json["rows"], second.json["written"], second.json["unchanged"]) == (0, 0, 4)
    assert second.json["schema_hash"] == first.json["schema_hash"]
    assert len(first.json["schema_hash"]) == 64
    assert "feature_matrix_main" in shown.out
    sql = "SELECT count(*) AS n, bool_or(is_synthetic) AS made, round(sum(ret_1), 9) AS total FROM "
    for table in ("feature_snapshots_main", "feature_matrix_main"):
        answer = call("data", "query", sql + table, "--json", home=tmp_path).json
        assert answer == [{"n": 4, "made": False, "total": round(0.1 + 1 / 11 - 1 / 12, 9)}]


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
