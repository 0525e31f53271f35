"""``alphaloop data``: what programs rely on, and what people see."""

import sys

import pytest

from alphaloop.app import fetching
from alphaloop.core.time import MINUTE_US
from alphaloop.lake.sources.exchange.venues import rules_of
from tests.app.cli.builders import START, call, write_bars

AUDIT_KEYS = "table symbol timeframe start end expected present real derived duplicates gaps gap_buckets"
IMPORT_KEYS = "file table status file_rows read written duplicate quarantined version notes error"


# import


def test_import_tells_what_it_read_and_wrote(tmp_path):
    file = write_bars(tmp_path / "SOLUSDT-5m.csv", [10.0, 11.0, 12.0])

    first = call("data", "import", file, "--json", home=tmp_path / "home")
    second = call("data", "import", file, "--json", home=tmp_path / "home")

    (row,), (again,) = first.json, second.json
    assert (first.code, second.code) == (0, 0)
    assert set(row) == set(IMPORT_KEYS.split())
    assert (row["file"], row["table"], row["status"], row["error"]) == (str(file), "market_bars", "imported", None)
    assert (row["read"], row["written"], row["duplicate"], row["quarantined"], row["version"]) == (3, 3, 0, 0, 0)
    assert (again["status"], again["read"], again["written"], again["duplicate"]) == ("unchanged", 3, 0, 3)
    assert again["version"] == 0  # the same data twice is no new version


def test_import_of_several_files_for_people(tmp_path):
    files = [write_bars(tmp_path / f"{name}-5m.csv", [10.0, 11.0]) for name in ("AAAUSDT", "BBBUSDT")]

    result = call("data", "import", *files, home=tmp_path / "home")

    assert result.code == 0
    assert [line.split() for line in result.out.splitlines()] == [
        ["file", "table", "status", "read", "written", "duplicate", "quarantined"],
        ["AAAUSDT-5m.csv", "market_bars", "imported", "2", "2", "0", "0"],
        ["BBBUSDT-5m.csv", "market_bars", "imported", "2", "2", "0", "0"],
    ]


def test_rows_that_cannot_be_true_are_quarantined_and_said(tmp_path):
    file = write_bars(tmp_path / "SOLUSDT-5m.csv", [10.0, 11.0, 12.0])
    lines = file.read_text().splitlines()
    lines[2] = ",".join([lines[2].split(",")[0], "11", "9", "12", "11", "5"])  # high below low
    file.write_text("\n".join(lines) + "\n")

    result = call("data", "import", file, home=tmp_path / "home")
    asked = call("data", "query", "SELECT reason FROM quarantine", "--json", home=tmp_path / "home")

    assert result.code == 1
    assert "quarantined rows and their reasons" in result.out
    assert len(asked.json) == 1
    assert "high" in asked.json[0]["reason"]


def test_a_file_that_is_missing_does_not_stop_the_others(tmp_path):
    good = write_bars(tmp_path / "SOLUSDT-5m.csv", [10.0, 11.0])

    result = call("data", "import", tmp_path / "none.csv", good, "--json", home=tmp_path / "home")

    assert result.code == 2
    assert {row["status"] for row in result.json} == {"failed", "imported"}
    (failed,) = (row for row in result.json if row["status"] == "failed")
    assert set(failed["error"]) == {"error", "found", "expected", "fix"}


def test_the_reason_of_a_failed_file_is_on_stderr(tmp_path):
    result = call("data", "import", tmp_path / "none.csv", home=tmp_path / "home")

    assert result.code == 2
    assert "none.csv" in result.err
    assert not (tmp_path / "home" / "lake" / "market_bars").exists()


# audit


def test_audit_has_the_documented_keys(home):
    result = call("data", "audit", "--json", home=home)

    assert result.code == 0
    for row in result.json:
        assert set(AUDIT_KEYS.split()) <= set(row)
    rows = {(row["table"], row["symbol"]): row for row in result.json}
    bars, simulated = rows["market_bars", "BTCUSDT"], rows["market_bars", "SIMA"]
    assert (bars["timeframe"], bars["expected"], bars["present"], bars["real"]) == ("5m", 576, 576, 576)
    assert (bars["derived"], bars["duplicates"], bars["gaps"], bars["gap_buckets"]) == (0, 0, 0, 0)
    assert (bars["start"], bars["end"]) == ("2025-01-01T00:00:00Z", "2025-01-03T00:00:00Z")
    assert (simulated["present"], simulated["real"]) == (576, 0)
    assert rows["funding_rates", "BTCUSDT"]["present"] == 6


def test_audit_counts_holes(tmp_path):
    file = write_bars(tmp_path / "SOLUSDT-5m.csv", [10.0 + i for i in range(12)])
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:3], *lines[5:8], *lines[9:]]) + "\n")  # two bars, then one, are missing
    call("data", "import", file, home=tmp_path / "home")

    (row,) = call("data", "audit", "--json", home=tmp_path / "home").json
    (window,) = call("data", "audit", "--json", "--end", "2025-01-01T02:00", home=tmp_path / "home").json

    assert (row["expected"], row["present"], row["gaps"], row["gap_buckets"]) == (12, 9, 2, 3)
    assert (window["expected"], window["gap_buckets"]) == (24, 15)


def test_audit_for_people_draws_the_coverage(home):
    result = call("data", "audit", "--symbols", "BTC/USDT", "--tables", "market_bars", home=home)

    head, row = result.out.splitlines()
    assert head.split()[-1] == "coverage"
    assert row.split()[:4] == ["market_bars", "binance", "BTCUSDT", "5m"]
    assert "█" in row


@pytest.mark.parametrize(
    ("required", "code", "missing"), [("market_bars:5m,funding_rates", 0, []), ("open_interest", 1, ["open_interest"])]
)
def test_readiness(home, required, code, missing):
    words = ["data", "audit", "--symbols", "BTCUSDT", "--require", required]
    result, shown = call(*words, "--json", home=home), call(*words, home=home)

    assert (result.code, shown.code) == (code, code)
    assert result.json["ready"] is (code == 0)
    assert result.json["missing_data_kinds"] == missing
    assert result.json["rows"]
    assert shown.out.splitlines()[-1].startswith("not ready" if missing else "ready")


# tables, query, compact


def test_tables_lists_every_declared_table(home):
    rows = {row["table"]: row for row in call("data", "tables", "--json", home=home).json}

    assert (rows["market_bars"]["rows"], rows["funding_rates"]["version"] is not None) == (3 * 576, True)
    assert (rows["entities"]["key"], rows["orderbook_l2"]["meaning"] != "") == (["entity_id"], True)
    assert len(rows) == 17
    assert "market_bars" in call("data", "tables", home=home).out


def test_query_answers_in_sql(home):
    sql = "SELECT symbol, count(*) AS n, min(event_time) AS first FROM market_bars GROUP BY symbol ORDER BY symbol"
    rows = call("data", "query", sql, "--json", home=home).json

    assert [(row["symbol"], row["n"]) for row in rows] == [("BTCUSDT", 576), ("ETHUSDT", 576), ("SIMA", 576)]
    assert rows[0]["first"].startswith("2025-01-01 00:00:00")


def test_query_shows_two_hundred_rows(home):
    result = call("data", "query", "SELECT close FROM market_bars WHERE symbol = 'BTCUSDT'", home=home)

    assert len(result.out.splitlines()) == 202
    assert "376 more rows" in result.out


def test_query_without_rows(home):
    sql = "SELECT close FROM market_bars WHERE close < 0"

    assert call("data", "query", sql, "--json", home=home).json == []
    assert call("data", "query", sql, home=home).out == "nothing\n"


def test_compact_keeps_every_row(tmp_path):
    for day in range(3):
        file = write_bars(tmp_path / "SOLUSDT-5m.csv", [10.0, 11.0], start=START + day * 60 * MINUTE_US)
        call("data", "import", file, home=tmp_path / "home")

    result = call("data", "compact", "market_bars", "--json", home=tmp_path / "home")
    rows = call("data", "query", "SELECT count(*) AS n FROM market_bars", "--json", home=tmp_path / "home").json

    assert result.json["table"] == "market_bars"
    assert result.json["version"] >= 3
    assert rows == [{"n": 6}]
    assert "market_bars" in call("data", "compact", "market_bars", home=tmp_path / "home").out


# simulate


def test_what_is_planted_is_what_was_asked_for_and_its_best_correlation_is_stated(tmp_path):
    words = ["data", "simulate", "--symbols", "SIMA", "--days", "1", "--timeframe", "1h", "--steady", "--json"]
    planted = call(*words, "--plant", "flow_r2=0.06975", home=tmp_path / "a").json["truth"]
    usual = call(*words, home=tmp_path / "b").json["truth"]

    assert (planted["flow_r2"], planted["momentum_r2"], planted["news_after_bp"]) == (0.06975, 0.0, 0.0)
    assert planted["attainable_ic"]["1h"]["SIMA"] == pytest.approx(0.1**0.5)
    assert planted["attainable_ic"]["4h"]["SIMA"] == pytest.approx(0.1**0.5 / 2)
    assert usual["attainable_ic"] is None  # a drift among other effects has no closed form


def test_simulate_writes_once_and_says_what_it_planted(tmp_path):
    words = ["data", "simulate", "--symbols", "SIMA,SIMB", "--days", "1", "--seed", "5"]

    first = call(*words, "--json", home=tmp_path)
    second = call(*words, "--json", home=tmp_path)
    shown = call(*words, home=tmp_path)

    bars = {row["table"]: row for row in first.json["tables"]}["market_bars"]
    assert (bars["read"], bars["written"]) == (576, 576)
    assert {row["written"] for row in second.json["tables"]} == {0}
    assert first.json["truth"] == second.json["truth"]
    assert first.json["truth"]["momentum_r2"] > 0
    assert "no claim about real markets" in shown.out


def test_the_null_market_plants_nothing(tmp_path):
    result = call("data", "simulate", "--symbols", "SIMA", "--days", "1", "--null", "--json", home=tmp_path)

    assert result.json["truth"]["momentum_r2"] == 0


# fetch


class FakeClient:
    """A venue in memory: five-minute candles from ``START``, and a record of what it was asked."""

    def __init__(self, venue: str = "bybit", bars: int = 30) -> None:
        self.venue, self.rules, self.timeframes, self.bars = venue, rules_of(venue), ("5m",), bars
        self.asked: list[tuple[str, int, int]] = []

    def supports(self, method: str) -> bool:
        return method == "fetchOHLCV"

    def market(self, symbol: str) -> dict[str, str]:
        return {"symbol": symbol}

    def ask(self, method, symbol, timeframe, since, limit, params):
        self.asked.append((symbol, since, params["until"]))
        times = [START // 1000 + i * 300_000 for i in range(self.bars)]
        return [[t, 10.0, 11.0, 9.0, 10.5, 3.0] for t in times if since <= t <= params["until"]][:limit]


FETCH = ["data", "fetch", "--venue", "bybit", "--symbols", "BTC/USDT", "--kinds", "bars", "--start", "2025-01-01"]


def test_fetch_writes_rows_and_goes_on_where_it_ended(tmp_path, monkeypatch):
    venue = FakeClient(bars=10)
    monkeypatch.setattr(fetching, "Client", lambda name: venue)

    first = call(*FETCH, "--end", "2025-01-01T02:00", "--json", home=tmp_path)
    venue.bars, venue.asked = 24, []
    second = call(*FETCH, "--end", "2025-01-01T02:00", "--json", home=tmp_path)
    third = call(*FETCH, "--end", "2025-01-01T02:00", home=tmp_path)

    row = {"kind": "bars", "symbol": "BTCUSDT", "read": 10, "written": 10, "duplicate": 0, "quarantined": 0}
    assert (first.code, first.json) == (0, [row])
    assert second.json == [row | {"read": 14, "written": 14}]
    assert min(since for _, since, _ in venue.asked) > START // 1000 + 9 * 300_000 - 1  # not asked for again
    assert third.out.split()[-6:] == ["bars", "BTCUSDT", "0", "0", "0", "0"]
    (audited,) = call("data", "audit", "--json", home=tmp_path).json
    assert (audited["venue"], audited["present"], audited["gaps"]) == ("bybit", 24, 0)


def test_fetch_keeps_pages_written_before_a_failure(tmp_path, monkeypatch):
    venue = FakeClient(bars=24)
    monkeypatch.setattr(fetching, "Client", lambda name: venue)

    def one_symbol_only(method, symbol, *rest):
        if symbol == "ETH/USDT":
            raise KeyboardInterrupt
        return FakeClient.ask(venue, method, symbol, *rest)

    venue.ask = one_symbol_only
    words = [part if part != "BTC/USDT" else "BTC/USDT,ETH/USDT" for part in FETCH]
    result = call(*words, "--end", "2025-01-01T02:00", home=tmp_path)

    assert result.code == 130
    (audited,) = call("data", "audit", "--json", home=tmp_path).json
    assert (audited["symbol"], audited["present"]) == ("BTCUSDT", 24)


def test_fetch_refuses_what_the_venue_lacks(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "Client", lambda name: FakeClient(name))
    words = [part if part != "bars" else "book" for part in FETCH]

    result = call(*words, "--json", home=tmp_path)

    assert (result.code, result.json["error"]) == (2, "InvalidOption")


def test_without_ccxt_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ccxt", None)
    result = call(*FETCH, home=tmp_path)

    assert result.code == 2
    assert "MissingExtra" in result.err
    assert "pip install 'alphaloop[brokers]'" in result.err


# bad input


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (["audit", "--start", "yesterday"], "AmbiguousTime", "yesterday"),
        (["audit", "--start", "2025-02-01", "--end", "2025-01-01"], "InvalidOption", "2025-02-01"),
        (["audit", "--tables", "bars"], "UnknownName", "bars"),
        (["audit", "--require", "bars"], "UnknownName", "bars"),
        (["compact", "bars"], "UnknownName", "bars"),
        (["query", "SELECT * FROM nothing_here"], "InvalidOption", "nothing_here"),
        (["query", "DROP TABLE market_bars"], "InvalidOption", "DROP"),
        (["simulate", "--days", "0"], "InvalidOption", "days 0"),
        (["simulate", "--plant", "luck=1"], "InvalidOption", "--plant luck=1"),
        (["simulate", "--plant", "flow_r2=much"], "InvalidOption", "--plant flow_r2=much"),
        (["simulate", "--timeframe", "7q"], "InvalidOption", "7q"),
        ([*FETCH[1:], "--end", "2024-01-01"], "InvalidOption", "2024-01-01"),
        ([*FETCH[1:3], "nowhere", *FETCH[4:]], "UnknownName", "nowhere"),
        ([*FETCH[1:7], "", *FETCH[8:]], "UnknownName", "''"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_bad_input_is_exit_two_with_a_typed_error(home, words, error, said):
    result = call("data", *words, "--json", home=home)

    assert result.code == 2, result
    assert (result.json["error"], result.err) == (error, "")
    assert said in result.json["found"]
