"""Fetching from exchanges, replayed from cassettes: paging, patience, refusals, rows of the lake.

The cassettes are written from the exchanges' documentation (see their README), so these
tests hold our side of the conversation.
"""

import builtins
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from alphaloop.core.errors import InvalidOption, MissingExtra, SourceRejected, SourceUnavailable, UnknownName
from alphaloop.core.time import HOUR_US, MINUTE_US
from alphaloop.lake.sources.exchange import Client, Page, Patience, Wanted, fetch, instruments, last_stored
from alphaloop.lake.sources.exchange import client as client_module
from alphaloop.lake.sources.exchange.paging import Row, windows
from alphaloop.lake.sources.exchange.rows import settlements
from alphaloop.lake.table import Lake

CASSETTES = Path(__file__).resolve().parents[2] / "cassettes" / "exchange"
STORIES: dict[str, list[dict[str, Any]]] = {
    name: story for file in sorted(CASSETTES.glob("*.json")) for name, story in json.loads(file.read_text()).items()
}
T0 = 1_735_689_600 * 1_000_000  # 2025-01-01
BAR = 5 * MINUTE_US
LATER = T0 + 100 * HOUR_US
SMALL_PAGES = {"bars": 3, "funding": 2, "open_interest": 2, "trades": 3}


def question(url: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}", tuple(sorted(parse_qsl(parts.query)))


@dataclass
class Player:
    """Plays cassettes: each request must be the next one that was written down."""

    waited: list[float] = field(default_factory=list)
    _left: list[dict[str, Any]] = field(default_factory=list)

    def load(self, *names: str) -> None:
        for name in names:
            self._left += STORIES[name]

    def answer(self, request: Any) -> tuple[int, dict[str, str], str]:
        assert self._left, f"a request nobody wrote down: {request.url}"
        one = self._left.pop(0)
        assert question(request.url) == question(one["get"])
        body = one["text"] if "text" in one else json.dumps(one["json"])
        return one["status"], one.get("headers", {}), body

    def client(self, venue: str = "binance", pages: dict[str, int] | None = None) -> Client:
        made = Client(venue, sleep=self.wait, patience=Patience(attempts=4))
        made.rules = replace(made.rules, pages=made.rules.pages if pages is None else pages)
        return made

    def wait(self, seconds: float) -> None:
        if seconds >= 1.0:  # shorter ones are the venue's pace
            self.waited.append(seconds)

    @property
    def left(self) -> int:
        return len(self._left)


@pytest.fixture
def player() -> Iterator[Player]:
    made = Player()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for host in ("fapi.binance.com", "api.binance.com", "api.bybit.com"):
            mock.add_callback(responses.GET, re.compile(rf"https://{host}/.*"), callback=made.answer)
        yield made
    assert made.left == 0, "requests that were written down and not made"


def bars(symbols: tuple[str, ...] = ("BTCUSDT",), minutes: int = 15, venue: str = "binance") -> Wanted:
    return Wanted("bars", venue, symbols, T0, T0 + minutes * MINUTE_US)


def times(pages: list[Page]) -> list[int]:
    """Event times in minutes after T0."""
    return [(time - T0) // MINUTE_US for page in pages for time in page.frame["event_time"].dt.epoch("us").to_list()]


def store(lake: Lake, pages: list[Page]) -> int:
    """Append all pages; every row must be accepted."""
    written = 0
    for page in pages:
        report = lake.append(page.table, page.frame, ingested_at=LATER)
        assert report.quarantined == 0
        written += report.written
    return written


# --- candles ------------------------------------------------------------------------------


def test_bars_page_without_holes_or_doubles_and_drop_the_open_candle(player: Player, tmp_path: Path) -> None:
    player.load("binance_markets", "binance_bars")
    now = T0 + 37 * MINUTE_US
    pages = list(fetch(bars(("BTC/USDT:USDT",), 60), now, client=player.client(pages=SMALL_PAGES)))
    assert times(pages) == [0, 5, 10, 15, 25, 30]  # 20 is a hole of the market's, 35 is still open
    first = pages[0].frame.row(0, named=True)
    assert first["event_time"].timestamp() * 1e6 == T0
    assert first["available_at"].timestamp() * 1e6 == T0 + BAR
    figures = ("open", "high", "low", "close", "volume", "quote_volume", "trades", "taker_buy_volume")
    assert [first[name] for name in figures] == [93500.0, 93600.0, 93450.0, 93580.0, 10.0, 935400.0, 100, 6.0]
    assert (first["symbol"], first["venue"], first["timeframe"], first["is_synthetic"]) == (
        "BTCUSDT",
        "binance",
        "5m",
        False,
    )
    assert store(Lake(tmp_path), pages) == 6


@pytest.mark.parametrize(("late_us", "expected"), [(0, [0]), (-1, None)])
def test_a_candle_is_out_at_the_very_instant_it_closes(player: Player, late_us: int, expected: Any) -> None:
    player.load("binance_markets", *(["binance_bars_boundary"] if expected else []))
    pages = list(fetch(bars(), T0 + BAR + late_us, client=player.client(pages=SMALL_PAGES)))
    assert times(pages) == (expected or [])


def test_fetching_goes_on_after_what_is_stored(player: Player, tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    wanted, now = bars(minutes=60), T0 + 30 * MINUTE_US
    assert last_stored(lake, wanted) == {}
    player.load("binance_markets", "binance_bars")
    first = fetch(wanted, T0 + 37 * MINUTE_US, client=player.client(pages=SMALL_PAGES))
    store(lake, [next(first)])
    player._left.clear()  # the process was stopped after its first page
    assert last_stored(lake, wanted) == {"BTCUSDT": T0 + 2 * BAR}
    player.load("binance_markets", "binance_bars_resume")
    again = list(fetch(wanted, now, client=player.client(pages=SMALL_PAGES), stored=last_stored(lake, wanted)))
    assert times(again) == [15, 25]
    assert store(lake, again) == 2


def test_an_empty_page_is_a_hole_not_the_end(player: Player) -> None:
    player.load("binance_markets", "binance_empty")
    pages = list(fetch(bars(minutes=30), LATER, client=player.client(pages=SMALL_PAGES)))
    assert times(pages) == [15, 25]


def test_a_venue_that_cuts_its_answers_is_asked_again(player: Player, tmp_path: Path) -> None:
    player.load("bybit_markets", "bybit_bars")
    wanted = bars(minutes=20, venue="bybit")
    pages = list(fetch(wanted, LATER, client=player.client("bybit", SMALL_PAGES)))
    assert times(pages) == [0, 5, 10, 15]
    assert pages[0].frame["close"].to_list() == [93581.0, 93421.0, 93499.0]
    assert store(Lake(tmp_path), pages) == 4


def test_progress_goes_from_page_to_page_to_one(player: Player) -> None:
    player.load("binance_markets", "binance_bars")
    seen: list[tuple[str, float]] = []
    now = T0 + 37 * MINUTE_US
    list(fetch(bars(minutes=60), now, client=player.client(pages=SMALL_PAGES), progress=lambda *at: seen.append(at)))
    assert [symbol for symbol, _ in seen] == ["BTCUSDT"] * 4
    shares = [share for _, share in seen]
    assert shares[:2] == [0.25, 0.5]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_nothing_is_asked_before_a_market_was_listed(player: Player) -> None:
    player.load("binance_markets")
    listed = 1_683_244_800 * 1_000_000
    wanted = Wanted("bars", "binance", ("1000PEPEUSDT",), listed - 400 * HOUR_US, listed)
    assert list(fetch(wanted, LATER, client=player.client())) == []


# --- failures -----------------------------------------------------------------------------


def test_too_many_requests_then_success(player: Player) -> None:
    player.load("binance_markets", "binance_busy")
    pages = list(fetch(bars(), LATER, client=player.client(pages=SMALL_PAGES)))
    assert times(pages) == [0, 5, 10]
    assert player.waited == [7.0, 2.0]  # as asked by Retry-After, then our own second step


def test_a_venue_that_stays_down_is_given_up(player: Player) -> None:
    player.load("binance_markets", "binance_down")
    with pytest.raises(SourceUnavailable, match="failing 4 times"):
        list(fetch(bars(), LATER, client=player.client(pages=SMALL_PAGES)))
    assert player.waited == [1.0, 2.0, 4.0]


def test_pages_before_a_failure_stay_good(player: Player, tmp_path: Path) -> None:
    player.load("binance_markets", "binance_down_later")
    pages = fetch(bars(minutes=30), LATER, client=player.client(pages=SMALL_PAGES))
    assert store(Lake(tmp_path), [next(pages)]) == 3
    with pytest.raises(SourceUnavailable):
        next(pages)


def test_an_answer_cut_off_on_its_way_is_no_empty_page(player: Player) -> None:
    player.load("binance_markets", "binance_cut")
    assert times(list(fetch(bars(), LATER, client=player.client(pages=SMALL_PAGES)))) == [0, 5, 10]
    player.load("binance_markets", "binance_cut_always")
    with pytest.raises(SourceUnavailable, match="not whole JSON"):
        list(fetch(bars(), LATER, client=player.client(pages=SMALL_PAGES)))


@pytest.mark.parametrize(
    ("cassette", "says"),
    [
        ("binance_banned", "banned for a while"),
        ("binance_elsewhere", "does not serve this place"),
        ("binance_strange", "nobody can read"),
    ],
)
def test_a_no_is_not_asked_again(player: Player, cassette: str, says: str) -> None:
    player.load("binance_markets", cassette)
    with pytest.raises(SourceRejected, match=says):
        list(fetch(bars(), LATER, client=player.client(pages=SMALL_PAGES)))
    assert player.waited == []


def test_a_rate_limit_inside_a_good_answer_is_waited_for(player: Player) -> None:
    player.load("bybit_markets", "bybit_busy")
    wanted = bars(minutes=5, venue="bybit")
    assert times(list(fetch(wanted, LATER, client=player.client("bybit", SMALL_PAGES)))) == [0]
    assert player.waited == [1.0]


def test_an_unknown_symbol_names_its_neighbours_before_anything_is_fetched(player: Player) -> None:
    player.load("binance_markets")
    with pytest.raises(UnknownName, match="did you mean BTCUSDT"):
        list(fetch(bars(("BTCUSDT", "BTCUSD")), LATER, client=player.client()))


def test_a_symbol_the_venue_no_longer_knows(player: Player) -> None:
    player.load("binance_markets", "binance_delisted")
    with pytest.raises(UnknownName, match="Invalid symbol"):
        list(fetch(bars(), LATER, client=player.client(pages=SMALL_PAGES)))


def test_unknown_venue_kind_and_timeframe(player: Player) -> None:
    with pytest.raises(UnknownName, match="did you mean binance"):
        Client("binanc")
    with pytest.raises(UnknownName, match="kind 'candles'"):
        Wanted("candles", "binance", ("BTCUSDT",), 0, 1)
    with pytest.raises(InvalidOption, match="no symbol"):
        Wanted("bars", "binance", (), 0, 1)
    with pytest.raises(InvalidOption, match="an end after the start"):
        Wanted("bars", "binance", ("BTCUSDT",), 1, 1)
    with pytest.raises(InvalidOption, match="timeframe 7m"):
        list(fetch(replace(bars(), timeframe="7m"), LATER, client=player.client()))
    with pytest.raises(InvalidOption, match="a client of bybit"):
        list(fetch(bars(), LATER, client=player.client("bybit")))


def test_without_ccxt_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *arguments: Any, **named: Any) -> Any:
        if name == "ccxt":
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtra, match=r"alphaloop\[brokers\]"):
        Client("binance")


def test_ccxt_is_imported_only_on_use() -> None:
    assert not hasattr(client_module, "ccxt")


def test_the_pace_of_the_venue_is_kept() -> None:
    waited: list[float] = []
    client = Client("binance", sleep=waited.append)
    api = SimpleNamespace(milliseconds=lambda: 1000, lastRestRequestTimestamp=980, rateLimit=50)
    client._api = api
    client._throttle(2.0)
    api.lastRestRequestTimestamp = 0
    client._throttle()
    assert waited == [0.08]


# --- the other kinds ----------------------------------------------------------------------


def test_funding_of_binance_is_cut_into_windows(player: Player, tmp_path: Path) -> None:
    player.load("binance_markets", "binance_funding_info", "binance_funding")
    wanted = Wanted("funding", "binance", ("BTCUSDT",), T0, T0 + 40 * HOUR_US)
    pages = list(fetch(wanted, LATER, client=player.client(pages=SMALL_PAGES)))
    assert [rate for page in pages for rate in page.frame["rate"]] == [1e-4, 6.123e-5, -1.5e-5, 1e-4, 9.001e-5]
    assert {hours for page in pages for hours in page.frame["interval_hours"]} == {8.0}
    assert pages[0].frame["event_time"].dt.epoch("us").to_list() == [T0 + 1000, T0 + 8 * HOUR_US]
    assert store(Lake(tmp_path), pages) == 5


def test_funding_of_bybit_comes_newest_first_every_four_hours(player: Player, tmp_path: Path) -> None:
    player.load("bybit_markets", "bybit_funding")
    wanted = Wanted("funding", "bybit", ("SOL/USDT",), T0, T0 + 12 * HOUR_US)
    (page,) = fetch(wanted, LATER, client=player.client("bybit"))
    assert page.frame["rate"].to_list() == [5e-5, 1e-4, -1.2e-4]
    assert page.frame["interval_hours"].to_list() == [4.0, 4.0, 4.0]
    assert store(Lake(tmp_path), [page]) == 3


def test_a_missing_settlement_does_not_stretch_the_interval() -> None:
    rates = [{"timestamp": hour * 3_600_000, "fundingRate": 0.0} for hour in (0, 8, 24, 28)]
    assert [row.values[1] for row in settlements(rates, 8.0)] == [8.0, 8.0, 8.0, 4.0]
    assert [row.values[1] for row in settlements(rates[:1], 4.0)] == [4.0]
    assert settlements([], 8.0) == []


def test_open_interest_of_both_venues(player: Player, tmp_path: Path) -> None:
    player.load("binance_markets", "binance_open_interest")
    wanted = Wanted("open_interest", "binance", ("BTCUSDT",), T0, T0 + 20 * MINUTE_US)
    pages = list(fetch(wanted, LATER, client=player.client(pages=SMALL_PAGES)))
    assert times(pages) == [0, 5, 10, 15]
    assert pages[0].frame.select("oi_base", "oi_usd").row(0) == (83127.583, 7776284551.28)
    player.load("bybit_markets", "bybit_open_interest")
    wanted = Wanted("open_interest", "bybit", ("BTCUSDT",), T0, T0 + 10 * MINUTE_US)
    (page,) = fetch(wanted, LATER, client=player.client("bybit"))
    assert page.frame.select("oi_base", "oi_usd").rows() == [(55118.0, None), (55120.114, None)]
    assert store(Lake(tmp_path), [*pages, page]) == 6


def test_open_interest_too_old_for_the_venue_is_refused_with_its_words(player: Player) -> None:
    player.load("binance_markets", "binance_open_interest_too_old")
    wanted = Wanted("open_interest", "binance", ("BTCUSDT",), T0, T0 + HOUR_US)
    with pytest.raises(SourceRejected, match="startTime"):
        list(fetch(wanted, LATER, client=player.client()))


def test_trades_are_followed_by_number_through_a_full_millisecond(player: Player, tmp_path: Path) -> None:
    player.load("binance_markets", "binance_trades")
    wanted = Wanted("trades", "binance", ("BTCUSDT",), T0, T0 + 2 * HOUR_US)
    pages = list(fetch(wanted, LATER, client=player.client(pages=SMALL_PAGES)))
    assert [row for page in pages for row in page.frame["trade_id"]] == [str(n) for n in range(2500, 2507)]
    first, second = pages[0].frame.rows(named=True)[:2]
    assert (first["price"], first["quantity"], first["buyer_is_maker"]) == (93500.1, 0.01, False)
    assert (second["kind"], second["first_trade_id"], second["last_trade_id"]) == ("aggregate", 6001, 6003)
    assert second["buyer_is_maker"] is True
    assert store(Lake(tmp_path), pages) == 7


def test_trades_of_a_venue_that_keeps_only_the_newest(player: Player, tmp_path: Path) -> None:
    player.load("bybit_markets", "bybit_trades")
    small = {"trades": 2}
    wanted = Wanted("trades", "bybit", ("BTCUSDT",), T0 + 400_000, T0 + HOUR_US)
    (page,) = fetch(wanted, LATER, client=player.client("bybit", small))
    assert page.frame["buyer_is_maker"].to_list() == [False, True]
    assert page.frame["kind"].to_list() == ["trade", "trade"]
    assert store(Lake(tmp_path), [page]) == 2
    player.load("bybit_markets", "bybit_trades")
    with pytest.raises(SourceRejected, match="no trades of BTCUSDT before"):
        list(fetch(replace(wanted, start=T0), LATER, client=player.client("bybit", small)))


def test_trades_go_on_inside_their_last_instant(player: Player) -> None:
    player.load("bybit_markets", "bybit_trades")
    wanted = Wanted("trades", "bybit", ("BTCUSDT",), T0 + 400_000, T0 + HOUR_US)
    stored = {"BTCUSDT": T0 + 900_000}
    (page,) = fetch(wanted, LATER, client=player.client("bybit", {"trades": 2}), stored=stored)
    assert page.frame["price"].to_list() == [93500.2]


def test_books_of_both_venues(player: Player, tmp_path: Path) -> None:
    now = T0 + 1_500_000
    player.load("binance_markets", "binance_book")
    (page,) = fetch(Wanted("book", "binance", ("BTCUSDT",), levels=5), now, client=player.client())
    row = page.frame.row(0, named=True)
    assert (row["bid_price"][0], row["bid_qty"][0], row["ask_price"][0], row["ask_qty"][0]) == (
        93500.0,
        4.12,
        93500.1,
        2.3,
    )
    assert row["event_time"].timestamp() * 1e6 == T0 + 988_000
    assert row["available_at"].timestamp() * 1e6 == now
    assert (row["final_update_id"], row["sequence"]) == (6000001234567, 6000001234567)
    player.load("bybit_markets", "bybit_book")
    (other,) = fetch(Wanted("book", "bybit", ("BTCUSDT",), levels=5), now, client=player.client("bybit"))
    assert other.frame["ask_price"].to_list() == [[93500.1, 93500.5]]
    assert store(Lake(tmp_path), [page, other]) == 2


# --- instruments ----------------------------------------------------------------------------


def test_instruments_of_binance(player: Player) -> None:
    player.load("binance_funding_info", "binance_markets")
    found = instruments("binance", client=player.client())
    assert sorted(found) == ["1000PEPEUSDT", "BTCUSDT", "ETHUSDT"]  # the dated contract is left out
    bitcoin = found["BTCUSDT"]
    assert (bitcoin.tick, bitcoin.lot, bitcoin.kind) == (Decimal("0.1"), Decimal("0.001"), "perp")
    assert (bitcoin.taker_fee, bitcoin.maker_fee, bitcoin.liquidation_fee) == (0.0005, 0.0002, 0.0125)
    assert (bitcoin.min_notional, bitcoin.funding_interval_us) == (100.0, 8 * HOUR_US)
    assert found["1000PEPEUSDT"].funding_interval_us == 4 * HOUR_US
    assert found["1000PEPEUSDT"].tick == Decimal("1E-7")


def test_instruments_of_bybit_and_of_a_spot_market(player: Player) -> None:
    player.load("bybit_markets")
    solana = instruments("bybit", client=player.client("bybit"))["SOLUSDT"]
    assert (solana.tick, solana.lot, solana.max_leverage) == (Decimal("0.01"), Decimal("0.1"), 100.0)
    assert (solana.min_notional, solana.funding_interval_us) == (5.0, 4 * HOUR_US)
    player.load("binance_spot_markets")
    spot = instruments("binance-spot", client=player.client("binance-spot"))["BTCUSDT"]
    assert (spot.kind, spot.tick, spot.lot) == ("spot", Decimal("0.01"), Decimal("0.00001"))
    assert (spot.max_leverage, spot.funding_interval_us, spot.taker_fee) == (1.0, 0, 0.001)


# --- the law of paging ------------------------------------------------------------------------


@given(
    kept=st.sets(st.integers(0, 60)),
    start=st.integers(0, 30),
    length=st.integers(1, 40),
    page=st.integers(1, 7),
    sends=st.integers(1, 7),
    newest=st.booleans(),
)
def test_every_kept_row_comes_out_once_and_in_order(
    kept: set[int], start: int, length: int, page: int, sends: int, newest: bool
) -> None:
    """Whatever holes the market has, and whichever end of its answer a venue cuts off.

    Holes inside an answer that was cut in its middle cannot be told from the market's own:
    no venue does that.
    """

    def answer(low: int, high: int) -> list[Row]:
        rows = [Row(time, ()) for time in sorted(kept) if low <= time < high]
        return rows[-sends:] if newest else rows[:sends]

    pages = list(windows(answer, start, start + length, 1, page))
    assert [row.time for _, rows in pages for row in rows] == sorted(t for t in kept if start <= t < start + length)
    assert [done for done, _ in pages] == sorted(done for done, _ in pages)
    assert pages[-1][0] == start + length
