"""Reports: complete, self-contained, safe against the text in them, and small."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from alphaloop.app.report.curves import extremes, histogram, rolling_sharpe
from alphaloop.app.report.index import IndexCard, write_index
from alphaloop.app.report.inputs import MarketStates, Provenance, ReportInput
from alphaloop.app.report.payload import cut_table, monthly
from alphaloop.app.report.prices import candle_us, candles, prices_of
from alphaloop.app.report.write import fill_template, put_text, write_report
from alphaloop.core.account import AccountView
from alphaloop.core.decision import HOLD, Cut, Decision
from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import Instrument, Market
from alphaloop.core.observation import Observation
from alphaloop.core.orders import Fill, Reason
from alphaloop.core.time import DAY_US, HOUR_US, MINUTE_US, Timeframe
from alphaloop.core.trace import Header, Step, Trace
from alphaloop.hindsight.metrics import summary
from alphaloop.hindsight.trades import round_trips

FIVE = Timeframe(5 * MINUTE_US)
EVIL = "</script><script>alert(1)</script>"


def make_market(rows: int, symbols: tuple[str, ...] = ("BTC",), timeframe: Timeframe = FIVE, seed: int = 1) -> Market:
    steps = np.random.default_rng(seed).standard_normal((rows, len(symbols))) * 0.002
    close = 100 * np.exp(np.cumsum(steps, axis=0))
    opened = np.vstack([close[:1], close[:-1]])
    columns = (opened, np.maximum(opened, close), np.minimum(opened, close), close, close, close * 0)
    return Market(np.arange(rows) * timeframe.us, symbols, np.stack(columns, axis=2), timeframe)


def make_report(market: Market, every: int = 50, reason: str = "stop", **provenance: object) -> ReportInput:
    """Long one unit of the first symbol, then flat, and again; fees of one basis point."""
    rows, close = len(market), market.column("close")
    held, cash, fills, equity = 0.0, 1000.0, [], np.empty(rows)
    quantity = np.zeros((rows, len(market.symbols)))
    for row in range(rows):
        if row and row % every == 0:
            change, price = (1.0, -1.0)[held > 0], float(market.column("open")[row, 0])
            word = Reason.MARKET if change > 0 else reason
            fills.append(Fill(f"{row}", market.symbols[0], int(market.ts[row]), change, price, word, fee=price * 1e-4))
            held, cash = held + change, cash - change * price - price * 1e-4
        quantity[row, 0], equity[row] = held, cash + held * close[row, 0]
    header = Header("ma-cross", market.symbols, str(market.timeframe), 7, "s" * 64, "r" * 64, "m" * 64, "0.1.0")
    return ReportInput(
        header, market, market.ts + market.timeframe.us, equity, quantity, fills, (), Provenance(**provenance)
    )


def payload_of(page: Path) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.S)
    return json.loads(found[1])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    report = make_report(make_market(12_000, ("BTC", "ETH")), data_kind="simulated", command="alphaloop backtest")
    calm = MarketStates("Weather", ("calm",), np.zeros((12_000, 2), dtype=np.int64))
    report = replace(report, instruments=(Instrument("BTC"), Instrument("ETH")), states=(calm,))
    return report, write_report(report, tmp_path_factory.mktemp("report"))


def test_page_json_and_metrics_say_the_same(written):
    report, files = written
    numbers = json.loads(files.numbers.read_text())
    assert payload_of(files.page) == numbers
    assert numbers["metrics"] == files.metrics == summary(report.metrics_input())
    assert numbers["banner"] == "Simulated market: no claim about real markets."
    assert ["Command", "alphaloop backtest"] in numbers["reproduce"]


def test_tables_hold_every_bar_and_trade(written):
    report, files = written
    equity, trades = pl.read_parquet(files.equity), pl.read_parquet(files.trades)
    assert equity["equity"].to_list() == report.equity.tolist()
    assert equity["quantity_BTC"].to_list() == report.quantity[:, 0].tolist()
    assert equity["now"].dt.epoch("us").to_list() == report.now.tolist()
    assert len(trades) == len(pl.read_csv(files.trades_csv)) == files.metrics["trades"] + files.metrics["open_trades"]
    assert trades["net_pnl"].sum() == pytest.approx(report.equity[-1] - 1000.0, abs=1e-9)


class Elements(HTMLParser):
    """Tags and attributes as a browser finds them: text inside scripts is no tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_nothing_is_loaded_from_elsewhere(written):
    html = written[1].page.read_text()
    found = Elements(html).found
    assert not {tag for tag, _ in found} & {"link", "img", "iframe", "object", "embed", "base", "form"}
    links = [attrs[name] for _, attrs in found for name in ("src", "href", "action", "srcset") if name in attrs]
    assert links == ["#content"]
    assert "url(" not in html.split("<style>")[1].split("</style>")[0]
    assert any("default-src 'none'" in (attrs.get("content") or "") for _, attrs in found)


def test_no_partial_file_is_left(written):
    folder = written[1].page.parent
    names = {"index.html", "report.json", "equity.parquet", "trades.parquet", "trades.csv"}
    assert {path.name for path in folder.iterdir()} == names


def test_hostile_text_stays_text(tmp_path):
    market = make_market(600, (EVIL,))
    audit = [{"table": EVIL, "coverage": float("nan"), "present": np.int64(3)}]
    report = make_report(market, reason=EVIL, audit=audit, command=EVIL, costs={EVIL: EVIL})
    files = write_report(report, tmp_path)
    html = files.page.read_text()
    assert html.count("<script") == html.count("</script>") == 3
    assert "alert(1)</script>" not in html
    data = payload_of(files.page)
    assert (data["symbols"], data["audit"][0]) == ([EVIL], {"table": EVIL, "coverage": None, "present": 3})
    assert data["trades"]["rows"][1][-1] == EVIL


def test_hostile_title_is_escaped(tmp_path):
    report = make_report(make_market(10))
    evil = ReportInput(report.header, report.market, report.now, report.equity, report.quantity, [], title=EVIL)
    html = write_report(evil, tmp_path).page.read_text()
    assert "<h1>&lt;/script&gt;" in html


def test_a_template_does_not_read_its_parts():
    parts = dict.fromkeys(("STYLE", "DATA", "ECHARTS", "SCRIPT"), "{{TITLE}}") | {"TITLE": "x"}
    assert fill_template("report.html", parts).count("{{TITLE}}") == 4


@pytest.mark.slow
def test_years_of_bars_make_a_small_page(tmp_path):
    market = make_market(289_000, tuple("ABCDEFGHIJ"))
    files = write_report(make_report(market, every=40), tmp_path)
    assert files.page.stat().st_size < 4_000_000
    series = payload_of(files.page)["series"]
    lengths = {len(values) for values in series["lines"].values()}
    assert len(lengths) == 1
    assert 1000 < lengths.pop() <= 4000
    assert len(series["gross"][0]) == len(series["net"][1]) <= 400
    assert -min(series["lines"]["drawdown"]) == pytest.approx(files.metrics["max_drawdown"], rel=1e-6)


@pytest.mark.parametrize("rows", [1, 2, 300])
def test_short_runs_and_runs_without_trades(tmp_path, rows):
    report = make_report(make_market(rows), every=1000)
    files = write_report(report, tmp_path)
    data = payload_of(files.page)
    assert (data["metrics"]["trades"], data["trades"]["rows"], data["metrics"]["sharpe"]) == (0, [], None)
    assert len(data["series"]["lines"]["equity"]) == rows


def test_a_ruined_run_is_written(tmp_path):
    report = make_report(make_market(600))
    broke = ReportInput(
        report.header, report.market, report.now, np.linspace(100, -100, 600), report.quantity, report.fills
    )
    files = write_report(broke, tmp_path)
    assert files.metrics["ruined"] == 1
    assert payload_of(files.page)["months"][0]["total"] == pytest.approx(-2.0)


def test_a_window_of_the_market_and_a_market_that_does_not_fit(tmp_path):
    report = make_report(make_market(600))
    part = ReportInput(
        report.header, report.market, report.now[100:], report.equity[100:], report.quantity[100:], report.fills[2:]
    )
    data = payload_of(write_report(part, tmp_path).page)
    assert data["prices"][0]["candles"][0][0] == int(report.market.ts[100]) // 1000
    with pytest.raises(SchemaViolation, match="no bar for"):
        ReportInput(report.header, make_market(600), report.now + 1, report.equity, report.quantity, [])
    with pytest.raises(SchemaViolation, match="market's"):
        ReportInput(report.header, make_market(600, ("Y",)), report.now, report.equity, report.quantity, [])


def test_a_trace_becomes_a_report():
    market = make_market(3)
    trace = Trace(make_report(market).header)
    flat = np.zeros(1)
    for bars in market:
        account = AccountView(market.symbols, 1000.0, 1000.0, 1000.0, flat, flat, flat, flat)
        seen = Observation(
            bars.available_at,
            market.symbols,
            (),
            np.zeros((1, 0)),
            np.zeros((1, 0), bool),
            np.zeros((1, 1, 0)),
            account,
            "",
        )
        allowed = Decision().cut_to("BTC", 0.0, "halt", 0.5, "stop")
        trace.record(Step(bars.available_at, seen, HOLD, allowed, (), (), account))
    report = ReportInput.of_trace(trace, market, Provenance())
    assert report.now.tolist() == (market.ts + FIVE.us).tolist()
    assert [when for when, _ in report.cuts] == report.now.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_browser_draws_the_page_from_disk(written, tmp_path, theme):
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("no chromium on this machine")
    quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", *quiet]
    command += [f"--user-data-dir={tmp_path}", "--virtual-time-budget=5000", "--dump-dom"]
    done = subprocess.run(
        [*command, f"{written[1].page.as_uri()}?theme={theme}"], capture_output=True, text=True, timeout=120
    )
    found = Elements(done.stdout).found
    assert "CONSOLE" not in done.stderr
    assert ("html", {"lang": "en", "data-theme": theme}) in found
    assert sum(tag == "canvas" for tag, _ in found) == 9
    assert done.stdout.count('class="kpi"') == 8


def test_extremes_keep_ends_and_spikes():
    values = np.zeros(100_000)
    values[777], values[54_321] = 5.0, -7.0
    rows = extremes(values)
    assert len(rows) <= 4000
    assert {0, 777, 54_321, 99_999} <= set(rows.tolist())
    assert bool(np.all(np.diff(rows) > 0))
    assert extremes(np.full(9_000, np.nan))[-1] == 8_999


def test_rolling_sharpe_by_hand():
    got = rolling_sharpe(np.array([0.01, 0.03, 0.03, 0.03]), 2, 365.0)
    assert got[1] == pytest.approx(0.02 / np.sqrt(0.0002) * np.sqrt(365))
    assert np.isnan(got[[0, 3]]).all()


def test_histogram_counts_everything_and_parts_gain_from_loss():
    values = np.random.default_rng(0).standard_normal(500)
    got = histogram(values)
    assert sum(got["counts"]) == 500
    assert min(abs(edge) for edge in got["edges"]) == 0.0
    assert sum(n for n, edge in zip(got["counts"], got["edges"], strict=False) if edge < -1e-12) == (values < 0).sum()
    assert histogram(np.zeros(3))["counts"] == [3]


def test_monthly_chains_to_the_total():
    now = (np.arange(400) + 1) * DAY_US
    equity = 100 * np.exp(np.cumsum(np.random.default_rng(2).standard_normal(400) * 0.01))
    years = monthly(now, equity)
    assert [year["year"] for year in years] == [1970, 1971]
    assert (1 + years[0]["total"]) * (1 + years[1]["total"]) == pytest.approx(equity[-1] / equity[0])
    assert years[1]["months"][2:] == [None] * 10


def test_candles_span_holes_and_take_extremes():
    market = make_market(48, timeframe=Timeframe(HOUR_US))
    values = market.values.copy()
    values[24:26] = np.nan
    holed = Market(market.ts, market.symbols, values, market.timeframe)
    times, opened, high, low, close = candles(holed, 0, 24 * HOUR_US)
    assert times == [0, 24 * 3_600_000]
    assert high[0] == pytest.approx(values[:24, 0, 1].max(), rel=1e-6)
    assert low[1] == pytest.approx(values[26:, 0, 2].min(), rel=1e-6)
    assert (opened[1], close[0]) == pytest.approx((values[26, 0, 0], values[23, 0, 3]), rel=1e-6)
    assert candle_us(market, 48) == HOUR_US
    assert candle_us(market, 47) == 2 * HOUR_US
    assert candle_us(market, 1) == 2 * DAY_US


def test_a_symbol_without_bars_has_no_candles():
    market = Market(np.arange(2) * FIVE.us, ("X",), np.full((2, 1, 6), np.nan), FIVE)
    assert prices_of(market, round_trips([]))[0]["candles"] == [[], [], [], [], []]


def test_cut_table_counts_and_shows_the_sharpest():
    cuts = [
        (1000, Cut("exposure", "X", "target", 1.0, 0.9, "a")),
        (5000, Cut("exposure", "X", "target", 2.0, 0.9, "b")),
    ]
    (row,) = cut_table(cuts)
    assert (row["count"], row["first"], row["last"], row["before"], row["reason"]) == (2, 1, 5, 2.0, "b")


def test_index_links_and_escapes(tmp_path):
    report = make_report(make_market(600))
    found = summary(report.metrics_input())
    cards = [
        IndexCard(EVIL, "a b/index.html", found, report.equity, report.equity, EVIL, "refused"),
        IndexCard("still", "c.html", {}, np.ones(1)),
    ]
    html = write_index(cards, tmp_path / "deep" / "index.html", EVIL, EVIL, EVIL, [EVIL]).read_text()
    assert html.count("<script") == html.count("</script>") == 1
    assert 'href="a%20b/index.html"' in html
    assert html.count("<polyline") == 3
    for href in ("/etc/passwd", "../up.html", "https://x", "javascript:1", "\\\\host"):
        with pytest.raises(InvalidOption):
            IndexCard("x", href, {}, np.ones(1))


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "index.html"
    put_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        put_text(path, "\ud800")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("index.html", "old")]
