"""From columns to lake rows: whose they are, when they were known, what is left out."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from alphaloop.core.errors import InvalidOption, SchemaViolation, UnknownLayout
from alphaloop.core.time import DAY_US, HOUR_US
from alphaloop.lake.sources.columns import NO_HINTS
from alphaloop.lake.sources.names import Hints
from tests.lake.sources.samples import FIVE_US, START_US, klines, pieces, raw_bars, table, written, zipped


def bars_at(
    folder: Path, frame: pl.DataFrame, name: str = "BTCUSDT_5m.parquet", hints: Hints = NO_HINTS
) -> pl.DataFrame:
    """The bars of a Parquet file with this content."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(folder / name)
    return table(folder / name, "market_bars", hints)


def test_a_bar_is_known_when_it_closes(tmp_path: Path) -> None:
    first = bars_at(tmp_path, raw_bars()).row(0, named=True)

    assert (first["venue"], first["symbol"], first["timeframe"]) == ("binance", "BTCUSDT", "5m")
    assert first["source"] == "BTCUSDT_5m.parquet"
    assert not first["is_synthetic"]
    assert (first["available_at"] - first["event_time"]) == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("name", "venue", "symbol"),
    [
        ("BTCUSDT_5m.parquet", "binance", "BTCUSDT"),
        ("bars_spot/BTCUSDT_5m.parquet", "binance-spot", "BTCUSDT"),
        ("BTC_USDT-5m.parquet", "binance-spot", "BTCUSDT"),
        ("bybit/BTCUSDT_5m.parquet", "bybit", "BTCUSDT"),
        ("okx/spot/BTCUSDT_5m.parquet", "okx-spot", "BTCUSDT"),
        ("stocks_us30/AAPL.parquet", "stocks-us30", "AAPL"),
        ("BTCEUR_5m.parquet", "local", "BTCEUR"),
    ],
)
def test_where_it_traded(tmp_path: Path, name: str, venue: str, symbol: str) -> None:
    first = bars_at(tmp_path, raw_bars(), name).row(0, named=True)

    assert (first["venue"], first["symbol"]) == (venue, symbol)


def test_flags_go_before_columns_before_names(tmp_path: Path) -> None:
    frame = raw_bars(symbol=pl.lit("eth/usdt"), venue=pl.lit("OKX"))
    told = bars_at(tmp_path, frame, hints=Hints(symbol="sol-usdt", venue="Bybit")).row(0, named=True)
    read = bars_at(tmp_path, frame).row(0, named=True)

    assert (told["symbol"], told["venue"]) == ("SOLUSDT", "bybit")
    assert (read["symbol"], read["venue"]) == ("ETHUSDT", "okx")


def test_a_flag_may_not_melt_symbols(tmp_path: Path) -> None:
    frame = pl.concat([raw_bars(symbol=pl.lit("BTCUSDT")), raw_bars(symbol=pl.lit("ETHUSDT"))])

    assert bars_at(tmp_path, frame)["symbol"].n_unique() == 2
    with pytest.raises(InvalidOption, match="--symbol X"):
        bars_at(tmp_path, frame, hints=Hints(symbol="X"))


def test_without_a_symbol_it_says_which_flag_helps(tmp_path: Path) -> None:
    with pytest.raises(UnknownLayout, match="pass --symbol"):
        bars_at(tmp_path, raw_bars(), "candles_5m.parquet")


def test_the_timeframe_is_measured(tmp_path: Path) -> None:
    hourly = raw_bars(step=timedelta(hours=1)).sample(fraction=1.0, shuffle=True, seed=1)

    assert bars_at(tmp_path, hourly, "BTCUSDT.parquet")["timeframe"].unique().to_list() == ["1h"]


def test_holes_do_not_change_the_timeframe(tmp_path: Path) -> None:
    holed = pl.concat([raw_bars(40), raw_bars(900).tail(40)])
    few = raw_bars(100).gather([0, 3, 50, 99])

    assert bars_at(tmp_path, holed, "BTCUSDT.parquet")["timeframe"].unique().to_list() == ["5m"]
    assert bars_at(tmp_path, few, "ETHUSDT_5m.parquet")["timeframe"].unique().to_list() == ["5m"]


def test_name_and_data_must_agree(tmp_path: Path) -> None:
    with pytest.raises(SchemaViolation, match="bars 1h apart, stated 5m"):
        bars_at(tmp_path, raw_bars(step=timedelta(hours=1)))
    with pytest.raises(SchemaViolation, match="bars 5m apart, stated 15m"):
        bars_at(tmp_path, raw_bars(), hints=Hints(timeframe="15m"))


def test_one_bar_has_no_step(tmp_path: Path) -> None:
    with pytest.raises(UnknownLayout, match="pass --timeframe"):
        bars_at(tmp_path, raw_bars(1), "BTCUSDT.parquet")
    assert bars_at(tmp_path, raw_bars(1), hints=Hints(timeframe="5m")).height == 1


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("unit", [1, 1_000])
def test_binance_klines(tmp_path: Path, header: bool, unit: int) -> None:
    path = zipped(tmp_path / "BTCUSDT-5m-2025-01.zip", **{"BTCUSDT-5m-2025-01": klines(3, unit, header)})
    last = table(path, "market_bars").row(2, named=True)

    assert last["event_time"].timestamp() * 1e6 == START_US + 2 * FIVE_US
    assert [last[name] for name in ("open", "high", "low", "close", "volume")] == [102.0, 104.0, 101.0, 103.0, 7.0]
    assert [last[name] for name in ("quote_volume", "trades", "taker_buy_volume")] == [700.0, 12, 3.0]
    assert last["taker_buy_quote_volume"] == 300.0


def test_an_archive_that_changes_its_unit(tmp_path: Path) -> None:
    text = klines(4, 1_000).splitlines()[:2] + klines(4, 1).splitlines()[2:]
    path = written(tmp_path / "BTCUSDT-5m.csv", "\n".join(text))
    (piece,) = pieces(path)

    times = piece.tables["market_bars"]["event_time"].to_physical().to_list()
    assert times == [START_US + i * FIVE_US for i in range(4)]
    assert "mixed units: 2 ms, 2 us" in piece.notes


def test_cells_that_cannot_be_read_cost_their_row(tmp_path: Path) -> None:
    text = "ts,open,high,low,close,volume\n" + "\n".join(
        [
            "2025-01-01 00:00,1,2,1,2,3",
            "someday,1,2,1,2,3",
            "2025-01-01 00:05,cat,2,1,dog,3",
            "2025-01-01 00:10,1,2,1,2,3",
        ]
    )
    (piece,) = pieces(written(tmp_path / "BTCUSDT_5m.csv", text))

    assert piece.rows == 4
    assert piece.tables["market_bars"].height == 2
    assert piece.refused["reason"].to_list() == [
        "time 'someday' is no time",
        "open 'cat' is no number; close 'dog' is no number",
    ]
    assert piece.refused["open"].to_list() == ["1", "cat"]


def test_mark_prices(tmp_path: Path) -> None:
    (tmp_path / "mark").mkdir()
    raw_bars().drop("volume").write_parquet(tmp_path / "mark" / "BTCUSDT_5m.parquet")
    raw_bars().write_parquet(tmp_path / "BTC_USDT_USDT-5m-mark.parquet")
    raw_bars().drop("volume").write_parquet(tmp_path / "BTCUSDT_5m.parquet")
    kinds = [
        table(tmp_path / name, "prices")["kind"][0]
        for name in ("mark/BTCUSDT_5m.parquet", "BTC_USDT_USDT-5m-mark.parquet", "BTCUSDT_5m.parquet")
    ]

    assert kinds == ["mark", "mark", "last"]


def test_funding_keeps_the_published_time_and_finds_its_interval(tmp_path: Path) -> None:
    times = [START_US + i * 8 * HOUR_US + i * 9_000 for i in range(4)]
    pl.DataFrame({"ts": times, "rate": [1e-4, -2e-4, 0.0, 3e-4]}).write_parquet(tmp_path / "BTCUSDT.parquet")
    rows = table(tmp_path / "BTCUSDT.parquet", "funding_rates")

    assert rows["event_time"].to_physical().to_list() == times
    assert rows["available_at"].to_physical().to_list() == times
    assert rows["interval_hours"].to_list() == [8.0] * 4
    assert rows["venue"].unique().to_list() == ["binance"]


def test_funding_intervals_are_told_apart_by_venue(tmp_path: Path) -> None:
    hourly = [(START_US + i * HOUR_US, "hyperliquid", 1e-5) for i in range(5)]
    eight = [(START_US + i * 8 * HOUR_US, "binance", 1e-4) for i in range(3)]
    frame = pl.DataFrame(eight + hourly, schema=["ts", "venue", "rate"], orient="row")
    frame.write_parquet(tmp_path / "BTC.parquet")
    rows = table(tmp_path / "BTC.parquet", "funding_rates")

    assert rows.group_by("venue").agg(pl.col("interval_hours").unique()).sort("venue").rows() == [
        ("binance", [8.0]),
        ("hyperliquid", [1.0]),
    ]


def test_funding_archive_states_its_interval(tmp_path: Path) -> None:
    text = "calc_time,funding_interval_hours,last_funding_rate\n1735689600000,4,0.0001\n"
    row = table(zipped(tmp_path / "ENAUSDT-fundingRate-2025-01.zip", inner=text), "funding_rates").row(0, named=True)

    assert (row["symbol"], row["rate"], row["interval_hours"]) == ("ENAUSDT", 0.0001, 4.0)


def test_funding_as_candles(tmp_path: Path) -> None:
    frame = raw_bars(4, timedelta(hours=8), open=pl.lit(1e-4), close=pl.lit(0.0), volume=pl.lit(0.0))
    frame.rename({"ts": "date"}).write_ipc(tmp_path / "BTC_USDT_USDT-8h-funding_rate.feather")
    rows = table(tmp_path / "BTC_USDT_USDT-8h-funding_rate.feather", "funding_rates")

    assert rows.select("rate", "interval_hours").unique().rows() == [(1e-4, 8.0)]


def test_metrics_archive_fills_two_tables(tmp_path: Path) -> None:
    text = (
        "create_time,symbol,sum_open_interest,sum_open_interest_value,count_toptrader_long_short_ratio,"
        "sum_toptrader_long_short_ratio,count_long_short_ratio,sum_taker_long_short_vol_ratio\n"
        "2025-01-01 00:05:00,BTCUSDT,10,900,1.5,1.6,,0.9\n"
    )
    (piece,) = pieces(zipped(tmp_path / "BTCUSDT-metrics-2025-01-01.zip", inner=text))

    assert piece.tables["open_interest"].select("symbol", "oi_base", "oi_usd").rows() == [("BTCUSDT", 10.0, 900.0)]
    assert piece.tables["derivatives"].select("metric", "value").rows() == [
        ("long_short_ratio_top_accounts", 1.5),
        ("long_short_ratio_top_positions", 1.6),
        ("taker_buy_sell_ratio", 0.9),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "ids"),
    [
        ("7,0.1,2,9,9,1735689600000,true\n", "aggregate", ("7", 9, 9)),
        ("7,0.1,2,9,9,1735689600000000,true,true\n", "aggregate", ("7", 9, 9)),
        ("7,0.1,2,0.2,1735689600000,true\n", "trade", ("7", None, None)),
        ("7,0.1,2,0.2,1735689600000,true,true\n", "trade", ("7", None, None)),
        (
            "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n"
            "7,0.1,2,9,9,1735689600000,True\n",
            "aggregate",
            ("7", 9, 9),
        ),
        ("id,price,qty,time,side\n7,0.1,2,1735689600,SELL\n", "trade", ("7", None, None)),
    ],
)
def test_trades(tmp_path: Path, text: str, kind: str, ids: tuple[str, int, int]) -> None:
    row = table(written(tmp_path / "BTCUSDT-trades.csv", text), "trades").row(0, named=True)

    assert (row["trade_id"], row["first_trade_id"], row["last_trade_id"]) == ids
    assert (row["kind"], row["price"], row["quantity"], row["buyer_is_maker"]) == (kind, 0.1, 2.0, True)
    assert row["event_time"].timestamp() * 1e6 == START_US


def test_depth_rows_become_messages(tmp_path: Path) -> None:
    text = (
        "ts_local,ts_event,msg,type,first_update_id,final_update_id,side,price,qty\n"
        "1735689600500,1735689600000,1,snapshot,,5,b,99,1\n"
        "1735689600500,1735689600000,1,snapshot,,5,b,99.5,2\n"
        "1735689600500,1735689600000,1,snapshot,,5,a,101,3\n"
        "1735689600500,1735689600000,1,snapshot,,5,a,100.5,4\n"
        "1735689599000,1735689601000,2,update,6,7,a,101,0\n"
    )
    rows = table(written(tmp_path / "BTCUSDT_depth.csv", text), "orderbook_l2").rows(named=True)

    assert [row["kind"] for row in rows] == ["snapshot", "update"]
    assert (rows[0]["bid_price"], rows[0]["bid_qty"]) == ([99.5, 99.0], [2.0, 1.0])
    assert (rows[0]["ask_price"], rows[0]["ask_qty"]) == ([100.5, 101.0], [4.0, 3.0])
    assert (rows[1]["bid_price"], rows[1]["ask_price"], rows[1]["ask_qty"]) == ([], [101.0], [0.0])
    assert rows[0]["available_at"] == rows[0]["received_at"]
    assert rows[1]["available_at"] == rows[1]["event_time"]
    assert [row["sequence"] for row in rows] == [1, 2]


@pytest.mark.parametrize("chunk_rows", [1, 2, 3, 100])
def test_a_message_is_never_torn(tmp_path: Path, chunk_rows: int) -> None:
    lines = [f"{START_US},{message},update,b,{99 - level},1" for message in range(4) for level in range(3)]
    path = written(tmp_path / "BTCUSDT_depth.csv", "\n".join(["ts,msg,type,side,price,qty", *lines]))
    frames = [piece.tables["orderbook_l2"] for piece in pieces(path, chunk_rows=chunk_rows)]

    assert pl.concat(frames)["sequence"].to_list() == [0, 1, 2, 3]
    assert pl.concat(frames)["bid_price"].to_list() == [[99.0, 98.0, 97.0]] * 4


def test_quotes_without_ids_are_numbered_within_their_time(tmp_path: Path) -> None:
    text = "ts,bid_price,bid_qty,ask_price,ask_qty\n" + "".join(
        f"{START_US + shift},9,{qty},11,1\n" for shift, qty in ((0, 1), (0, 2), (5, 3))
    )
    rows = table(written(tmp_path / "BTCUSDT_quotes.csv", text), "orderbook_l2")

    assert rows["sequence"].to_list() == [0, 1, 0]
    assert rows["bid_qty"].to_list() == [[1.0], [2.0], [3.0]]


def test_books_by_distance(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "ts": [START_US],
            "midpoint": [100.0],
            "bids_distance_0": [-0.01],
            "bids_notional_0": [198.0],
            "asks_distance_0": [0.01],
            "asks_notional_0": [202.0],
        }
    )
    frame.write_parquet(tmp_path / "BTCUSD_1m.parquet")
    row = table(tmp_path / "BTCUSD_1m.parquet", "orderbook_l2").row(0, named=True)

    assert (row["bid_price"], row["bid_qty"], row["ask_price"], row["ask_qty"]) == ([99.0], [2.0], [101.0], [2.0])
    assert row["timeframe"] == "1m"


def test_a_book_without_a_clock_is_only_an_order(tmp_path: Path) -> None:
    columns = {"seq": [7, 8], "bid1_price": [9.0, 9.0], "bid1_size": [1.0, 1.0]}
    columns |= {"ask1_price": [11.0, 11.0], "ask1_size": [1.0, 1.0]}
    pl.DataFrame(columns).write_parquet(tmp_path / "BTC_top1.parquet")
    rows = table(tmp_path / "BTC_top1.parquet", "orderbook_l2")

    assert rows["event_time"].to_physical().to_list() == [7_000_000, 8_000_000]
    assert rows["precision"].to_list() == ["none", "none"]


def test_chain_figures_are_known_when_they_were_complete(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "ts": [START_US, START_US + DAY_US],
            "eod_completed_at": [START_US + 27 * HOUR_US, None],
            "TxCnt": [5.0, None],
            "netflow_ntv_derived": [-1.0, 2.0],
        }
    )
    frame.write_parquet(tmp_path / "BTC_1d.parquet")
    rows = table(tmp_path / "BTC_1d.parquet", "onchain_signals")

    assert rows.select("metric", "value", "is_derived").rows() == [
        ("TxCnt", 5.0, False),
        ("netflow_ntv", -1.0, True),
        ("netflow_ntv", 2.0, True),
    ]
    known = rows["available_at"].to_physical().to_list()
    assert known == [START_US + 27 * HOUR_US, START_US + 27 * HOUR_US, START_US + 2 * DAY_US]


def test_figures_one_a_row(tmp_path: Path) -> None:
    text = "date,symbol,metric,value\n2025-01-01,BTC,fees,3.5\n"
    row = table(written(tmp_path / "x.csv", text), "onchain_signals").row(0, named=True)

    assert (row["symbol"], row["metric"], row["value"]) == ("BTC", "fees", 3.5)


def test_news_of_a_day_is_known_when_the_day_is_over(tmp_path: Path) -> None:
    text = (
        '{"date": "2025-01-01", "title": "A", "text": "a", "sentiment_score": 0.9, "subject": "bitcoin"}\n'
        '{"date": "2025-01-01T10:00:00Z", "title": "B", "text": "b", "sentiment_score": -0.5, "subject": "nft"}\n'
    )
    (piece,) = pieces(written(tmp_path / "news.jsonl", text))
    events = piece.tables["events"]

    known = events["available_at"].to_physical().to_list()
    assert known == [START_US + DAY_US, START_US + 10 * HOUR_US]
    assert events["precision"].to_list() == ["day", "second"]
    assert '"after_the_fact":{"sentiment_score":0.9}' in events["payload"][0]
    assert piece.tables["event_links"].select("symbol", "event_id").rows() == [("BTC", events["event_id"][0])]
    assert events["event_id"].n_unique() == 2


def test_the_same_news_has_the_same_id(tmp_path: Path) -> None:
    line = '{"date": "2025-01-01", "title": "A", "text": "a", "src": "paper"}\n'
    one = table(written(tmp_path / "one.jsonl", line), "events")
    two = table(written(tmp_path / "two.jsonl", line + line), "events")

    assert two["event_id"].to_list() == [one["event_id"][0]] * 2


def test_other_columns_of_the_file_do_not_change_an_event(tmp_path: Path) -> None:
    line = '{"date": "2025-01-01", "title": "A", "votes": 3, "more": {"b": 1}, "src": "paper"}\n'
    other = '{"date": "2025-01-02", "title": "B", "extra": 1, "score": 2, "src": "paper"}\n'
    one = table(written(tmp_path / "one.jsonl", line), "events")
    two = table(written(tmp_path / "two.jsonl", other + line), "events")

    assert one["payload"].to_list() == ['{"more":{"b":1},"after_the_fact":{"votes":3}}']
    assert two.filter(pl.col("title") == "A").equals(one)


def test_posts_keep_counts_in_their_columns(tmp_path: Path) -> None:
    text = "ts,tweet_id,text,retweets,favorites,user_followers,lang\n2025-01-01 00:00:01,12,hello,3,4,5,en\n"
    row = table(written(tmp_path / "AAPL_tweets.csv", text), "social_posts").row(0, named=True)

    assert (row["symbol"], row["platform"], row["post_id"], row["kind"]) == ("AAPL", "twitter", "12", "post")
    assert (row["likes"], row["reposts"], row["author_followers"]) == (4, 3, 5)


def test_acquisitions_link_both_companies(tmp_path: Path) -> None:
    text = "date,company_name,acquirer_name,price_amount\n2014-01-01,Nest,Google,3200000000\n"
    (piece,) = pieces(written(tmp_path / "deals.csv", text))

    assert piece.tables["events"]["title"].to_list() == ["Google acquires Nest"]
    assert piece.tables["event_links"]["entity_id"].sort().to_list() == ["company/google", "company/nest"]
    assert piece.tables["entities"].select("name", "kind").sort("name").rows() == [
        ("Google", "company"),
        ("Nest", "company"),
    ]


def test_rounds_link_every_investor(tmp_path: Path) -> None:
    text = 'date,startup,investors,round_type\n2018-01-01,Ola,"Tiger Global, Matrix & SoftBank",Seed\n'
    (piece,) = pieces(written(tmp_path / "rounds.csv", text))

    assert piece.tables["events"]["title"].to_list() == ["Ola raises Seed"]
    assert piece.tables["entities"]["entity_id"].sort().to_list() == [
        "company/ola",
        "investor/matrix",
        "investor/softbank",
        "investor/tiger global",
    ]


def test_exported_rows_stay_synthetic(tmp_path: Path) -> None:
    frame = table_of_simulated(tmp_path)
    frame.write_parquet(tmp_path / "export.parquet")
    frame.write_csv(tmp_path / "export.csv")

    for name in ("export.parquet", "export.csv"):
        (piece,) = pieces(tmp_path / name)
        assert piece.tables["market_bars"]["is_synthetic"].to_list() == [True, True]
        assert piece.tables["market_bars"].select(frame.columns).equals(frame)


def table_of_simulated(folder: Path) -> pl.DataFrame:
    """Two bars as the lake would export them, marked simulated."""
    raw_bars(2).write_parquet(folder / "BTCUSDT_5m.parquet")
    rows = table(folder / "BTCUSDT_5m.parquet", "market_bars", Hints(timeframe="5m"))
    return rows.with_columns(is_synthetic=pl.lit(True))
