"""What names of files and folders say, and what they are not allowed to say."""

import pytest

from alphaloop.lake.sources.names import plain_symbol, read_name


@pytest.mark.parametrize(
    ("path", "symbol", "timeframe"),
    [
        ("BTCUSDT-5m-2025-01.csv", "BTCUSDT", "5m"),
        ("BTCUSDT-5m-2025-01-31.zip", "BTCUSDT", "5m"),
        ("BTC_USDT_USDT-5m-futures.feather", "BTCUSDT", "5m"),
        ("BTC_USDT-5m.feather", "BTCUSDT", "5m"),
        ("1000PEPE_USDT_USDT-8h-funding_rate.feather", "1000PEPEUSDT", "8h"),
        ("1000PEPEUSDT_5m.parquet", "1000PEPEUSDT", "5m"),
        ("BTC_1h.parquet", "BTC", "1h"),
        ("AAPL.parquet", "AAPL", None),
        ("AAPL_tweets.parquet", "AAPL", None),
        ("AAPL_2006-01-01_to_2018-01-01.csv", "AAPL", None),
        ("PEPEUSDT_spot_aggtrades_2024-10-27.parquet", "PEPEUSDT", None),
        ("BTCUSDT-aggTrades-2024-10-27.zip", "BTCUSDT", None),
        ("BTCUSDT-fundingRate-2024-10.zip", "BTCUSDT", None),
        ("BTCUSD_15levels_1m_2021-04-17.parquet", "BTCUSD", "1m"),
        ("BTC_top5_snapshots.parquet", "BTC", None),
        ("BTC_daily_aggregates.parquet", "BTC", None),
        ("HYPE_oi_1h.parquet", "HYPE", "1h"),
        ("Binance_BTCUSDT_1h.csv", "BTCUSDT", "1h"),
        ("btcusdt_5m.csv", "BTCUSDT", "5m"),
        ("BTCUSDT_1H.csv", "BTCUSDT", "1h"),
        ("BTCUSDT_15min.csv.gz", "BTCUSDT", "15m"),
        ("crypto_news.parquet", None, None),
        ("candles.parquet", None, None),
        ("data_5m.csv", None, "5m"),
    ],
)
def test_symbol_and_timeframe(path: str, symbol: str | None, timeframe: str | None) -> None:
    hints = read_name(path)

    assert (hints.symbol, hints.timeframe) == (symbol, timeframe)


@pytest.mark.parametrize(
    ("path", "market"),
    [
        ("bars_spot/BTCUSDT_5m.parquet", "spot"),
        ("data/spot/monthly/klines/BTCUSDT/5m/BTCUSDT-5m-2025-01.zip", "spot"),
        ("data/futures/um/monthly/klines/BTCUSDT-5m-2025-01.zip", "perp"),
        ("BTC_USDT-5m.feather", "spot"),
        ("BTC_USDT_USDT-5m-futures.feather", "perp"),
        ("spot_checks/BTCUSDT_5m.parquet", ""),
        ("test_spot0/BTCUSDT_5m.parquet", ""),
    ],
)
def test_market(path: str, market: str) -> None:
    assert read_name(path).market == market


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("mark/BTCUSDT_1h.parquet", "mark"),
        ("BTC_USDT_USDT-1h-mark.feather", "mark"),
        ("markPriceKlines/BTCUSDT-1h-2025-01.zip", "mark"),
        ("indexPriceKlines/BTCUSDT-1h-2025-01.zip", "index"),
        ("BTC_USDT_USDT-8h-funding_rate.feather", "funding"),
        ("question_mark/BTCUSDT_1h.parquet", ""),
    ],
)
def test_kind(path: str, kind: str) -> None:
    assert read_name(path).kind == kind


def test_stock_folders_keep_their_name() -> None:
    assert read_name("stocks_us30/AAPL.parquet").stocks == "stocks-us30"
    assert read_name("stocks/AAPL.parquet").stocks == "stocks"


def test_venue_from_name_or_folder() -> None:
    assert read_name("bybit/ETHUSDT_1h.csv").venue == "bybit"
    assert read_name("okx_ETHUSDT_1h.csv").venue == "okx"
    assert read_name("my_kraken_project/ETHUSDT_1h.csv").venue is None


@pytest.mark.parametrize("text", ["BTC/USDT:USDT", "btc-usdt", "BTC_USDT_USDT", " BTC USDT ", "BTCUSDT"])
def test_plain_symbol(text: str) -> None:
    assert plain_symbol(text) == "BTCUSDT"
