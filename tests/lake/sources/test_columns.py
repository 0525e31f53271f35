"""Which column plays which role, and what its cells mean."""

import polars as pl

from alphaloop.lake.sources.binance_archive import AGG_TRADES, KLINES, TRADES, is_headerless, positional_names
from alphaloop.lake.sources.columns import Origin, Sheet, find_roles, read_numbers


def sheet(**columns: object) -> Sheet:
    """A sheet of these columns."""
    frame = pl.DataFrame(columns)
    return Sheet(frame, find_roles(frame.columns), Origin("x.csv"))


def test_names_are_found_in_any_spelling() -> None:
    roles = find_roles(["Open Time", "OPEN", "High", "low", "Close", "Volume", "Number of trades", "Taker buy base"])

    assert roles["time"] == "Open Time"
    assert roles["trades"] == "Number of trades"
    assert roles["taker_buy_volume"] == "Taker buy base"


def test_the_more_telling_name_wins() -> None:
    assert find_roles(["date", "unix", "open"])["time"] == "date"
    assert find_roles(["close_time", "open_time"])["time"] == "open_time"


def test_numbers_in_text() -> None:
    numbers = read_numbers(pl.Series([" 1.5 ", "1e3", "", "NaN", None, "n/a", "cat", "inf"]))

    assert str(numbers.to_list()) == "[1.5, 1000.0, None, None, None, None, nan, inf]"


def test_nan_is_unknown_only_where_null_may_be() -> None:
    values = pl.Series([1.0, float("nan")])

    assert read_numbers(values).to_list() == [1.0, None]
    assert str(read_numbers(values, nullable=False).to_list()) == "[1.0, nan]"


def test_integers_flags_and_texts() -> None:
    one = sheet(count=["3", " 4", "5.0", "x"], m=["true", "False", "1", "?"], src=["a", "", None, " b "])

    assert one.integer("trades").to_list() == [3, 4, 5, None]
    assert one.flag("buyer_is_maker").to_list() == [True, False, True, None]
    assert one.sources().to_list() == ["a", "x.csv", "x.csv", "b"]


def test_absent_roles_are_null() -> None:
    one = sheet(ts=[1735689600])

    assert (one.number("open")[0], one.integer("trades")[0], one.text("url")[0], one.flag("buyer_is_maker")[0]) == (
        None,
        None,
        None,
        None,
    )


def test_a_time_may_stand_in_one_of_several_columns() -> None:
    one = sheet(ts_match=[None, 1735689600], ts_event=[1735689601, 1735689602])

    assert one.time("time", "exchange_time").to_physical().to_list() == [1735689601_000_000, 1735689600_000_000]


def test_headers_are_told_from_values() -> None:
    assert is_headerless(["1735689600000", "1.5", "true"])
    assert is_headerless(["2025-01-01 00:00", "1.5", "2", "1", "2", "3"])
    assert not is_headerless(["ts", "1.5"])
    assert not is_headerless(["", ""])


def test_positions_of_the_archives() -> None:
    assert positional_names(["1735689600000", *"12345678901"]) == KLINES
    assert positional_names(["1735689600000", *"12345"]) == KLINES[:6]
    assert positional_names(["1", "0.1", "2", "3", "3", "1735689600000", "true", "true"]) == AGG_TRADES
    assert positional_names(["1", "0.1", "2", "3", "3", "1735689600000", "false"]) == AGG_TRADES[:7]
    assert positional_names(["1", "0.1", "2", "0.2", "1735689600000", "True", "True"]) == TRADES
    assert positional_names(["1", "0.1", "2", "0.2", "1735689600000", "True"]) == TRADES[:6]
    assert positional_names(["1735689600", *"123456"]) == (*KLINES[:6], "trades")
    assert positional_names(["1", "2", "3"]) is None
