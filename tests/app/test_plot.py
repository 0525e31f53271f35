"""The plot: what it shows is what was known, counted by hand; safe against the text in it."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest

from alphaloop.app.cli.main import main
from alphaloop.app.report.plot import MAX_EVENTS, PlotInput, _modes, plot_payload, write_plot
from alphaloop.core.time import DAY_US, Timeframe, instant_us, iso
from alphaloop.features.regime import LABELS, classify
from alphaloop.features.symbol import Own
from alphaloop.lake.columns import TIME

FIVE = Timeframe.parse("5m")
EVIL = "</script><script>alert(1)</script>"


def times(values):
    return pl.Series(np.asarray(values), dtype=pl.Int64).cast(TIME)


def events(*at, title=EVIL):
    return pl.DataFrame(
        {"available_at": times(at), "title": [title] * len(at), "event_type": "news", "source": ["x"] * len(at)}
    )


def own_bars(rows=1500, taker=True):
    rng = np.random.default_rng(2)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, rows)))
    opened = np.append(close[0], close[:-1])
    bars = np.zeros((7, rows))
    bars[:5] = opened, np.maximum(opened, close) * 1.001, np.minimum(opened, close) * 0.999, close, close * 0 + 10
    opens = np.arange(rows) * FIVE.us
    buy = pl.Series(10 * rng.random(rows)) if taker else pl.Series([None] * rows, dtype=pl.Float64)
    table = pl.DataFrame({"event_time": times(opens), "available_at": times(opens + FIVE.us), "volume": bars[4]})
    table = table.with_columns(pl.lit("binance").alias("venue"), pl.lit("5m").alias("timeframe"))
    table = table.with_columns(buy.alias("taker_buy_volume"))
    made = np.zeros(rows, dtype=bool)
    return Own("BTCUSDT", "binance", FIVE, opens, opens + FIVE.us, bars, made, {"market_bars": table})


@pytest.fixture(scope="module")
def payload():
    given = PlotInput(own_bars(), events(1200 * FIVE.us, 10**18), 1000 * FIVE.us, 1300 * FIVE.us)
    return plot_payload(given)


def test_candles_labels_and_levels_stand_beside_each_other(payload):
    count = len(payload["candles"][0])
    assert (payload["bars"], payload["candle"], count) == (300, "5m", 300)
    for name in ("label", "trend", "strength", "volatility", "support", "resistance"):
        assert len(payload[name]) == count, name
    json.dumps(payload, allow_nan=False)


def test_labels_are_those_of_classify_with_all_its_memory(payload):
    own = own_bars()
    buy = own.tables["market_bars"]["taker_buy_volume"].to_numpy()
    seen = classify(own.bars, buy, 10.0 - buy)
    assert payload["label"] == seen.label[1000:1300].tolist()
    counts = [int((seen.label[1000:1300] == code).sum()) for code in range(7)]
    assert [row[:2] for row in payload["table"]] == [list(pair) for pair in zip(LABELS, counts, strict=True)]
    assert sum(row[2] for row in payload["table"]) == pytest.approx(1.0)


def test_only_events_of_the_window_are_shown(payload):
    assert [row[0] for row in payload["events"]] == [1200 * FIVE.us // 1000]
    assert payload["events_total"] == 1


def test_wide_candles_take_what_most_bars_are():
    ts = np.arange(8) * FIVE.us
    codes = np.array([6, 6, 1, np.nan, np.nan, np.nan, 0, 5])
    assert _modes(ts, codes, 4 * FIVE.us) == [6, -1]
    assert _modes(ts, codes, 2 * FIVE.us) == [6, 1, -1, 0]


def test_without_flow_the_page_says_so():
    payload = plot_payload(PlotInput(own_bars(taker=False), events(), 0, 1500 * FIVE.us))
    assert payload["banner"].startswith("No taker volume")
    assert payload["unknown"][0][0] == "taker flow unknown"
    assert payload["unknown"][0][1] + payload["unknown"][1][1] + payload["label_known"] == 1500


def test_many_events_are_cut_and_counted():
    many = events(*range(0, 600 * FIVE.us, FIVE.us))
    payload = plot_payload(PlotInput(own_bars(), many, 0, 1500 * FIVE.us))
    assert (len(payload["events"]), payload["events_total"]) == (MAX_EVENTS, 600)
    assert payload["events"][-1][0] == 599 * FIVE.us // 1000


class Scripts(HTMLParser):
    def __init__(self):
        super().__init__()
        self.count = 0

    def handle_starttag(self, tag, attrs):
        self.count += tag == "script"
        assert not [value for name, value in attrs if name in ("src", "href") and str(value).startswith("http")]


def test_the_page_carries_everything_and_no_text_becomes_markup(payload, tmp_path):
    path = tmp_path / "new" / "plot.html"
    write_plot(payload, path)
    text = path.read_text()
    parser = Scripts()
    parser.feed(text)
    assert parser.count == 3
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    assert json.loads(found[1]) == payload
    assert [one.name for one in path.parent.iterdir()] == ["plot.html"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    words = ["--home", str(folder), "data", "simulate", "--symbols", "BTCUSDT", "--days", "12", "--timeframe", "5m"]
    assert main(words) == 0
    return folder


def test_the_command_draws_a_lake(home, tmp_path, capsys):
    capsys.readouterr()
    out = tmp_path / "plot.html"
    words = ["--home", str(home), "features", "plot", "--symbol", "BTC/USDT", "--out", str(out), "--json"]

    code = main(words)
    said = json.loads(capsys.readouterr().out)

    assert out.exists()
    assert said["bars"] == 12 * 24 * 12
    assert code == (1 if said["degraded"] else 0)
    assert sum(said["labels"].values()) + sum(count for _, count in said["unknown"]) == said["bars"]


def test_the_window_changes_nothing_in_it(home, tmp_path):
    def drawn(*window):
        out = tmp_path / "plot.html"
        main(["--home", str(home), "features", "plot", "--symbol", "BTCUSDT", "--out", str(out), *window])
        return json.loads(re.search(r'id="data">(.*?)</script>', out.read_text(), re.S)[1])

    end = instant_us(drawn()["end"])
    long, short = (drawn("--start", iso(end - days * DAY_US)) for days in (3, 1))

    assert short["candle"] == long["candle"] == "5m"
    assert len(short["label"]) == 288
    for name in ("label", "trend", "strength", "volatility", "support", "resistance"):
        assert short[name] == long[name][-288:], name


def test_nothing_to_draw_is_a_readable_error(home, tmp_path, capsys):
    out = tmp_path / "plot.html"
    words = ["--home", str(home), "features", "plot", "--out", str(out), "--json"]
    assert main([*words, "--symbol", "NOPE"]) == 2
    assert json.loads(capsys.readouterr().out)["error"] == "NoData"
    assert main([*words, "--symbol", "BTCUSDT", "--start", "2040-01-01"]) == 2
    assert json.loads(capsys.readouterr().out)["error"] == "NoData"
    assert not out.exists()
