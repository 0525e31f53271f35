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


def test_a_venue_can_be_named_and_each_has_its_own_rows(tmp_path):
    for venue, closes in (("okx", [10.0, 11.0, 12.0]), ("binance", [20.0, 21.0, 22.0, 23.0])):
        file = write_bars(tmp_path / f"SOLUSDT-5m-{venue}.csv", closes)
        call("data", "import", file, "--symbol", "SOLUSDT", "--timeframe", "5m", "--venue", venue, home=tmp_path)
    words = ["features", "build", "--symbols", "SOLUSDT", "--features", "close", "--json"]

    preferred = call(*words, home=tmp_path).json
    named = call(*words, "--venue", "okx", home=tmp_path).json
    again = [call(*words, *venue, home=tmp_path).json["rows"] for venue in ([], ["--venue", "okx"])]
    checked = call("features", "check", *words[2:], "--venue", "okx", "--bars", 3, home=tmp_path)

    assert [(one["rows"], one["symbols"][0]["venue"]) for one in (preferred, named)] == [(4, "binance"), (3, "okx")]
    assert again == [0, 0]
    sql = "SELECT venue, sum(close) AS total FROM feature_matrix_main GROUP BY venue ORDER BY venue"
    assert call("data", "query", sql, "--json", home=tmp_path).json == [
        {"venue": "binance", "total": 86.0},
        {"venue": "okx", "total": 33.0},
    ]
    assert (checked.code, checked.json["cells"], checked.json["unequal"]) == (0, 3, 0)
    assert call(*words, "--venue", "kraken", home=tmp_path).json["error"] == "NoData"


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
