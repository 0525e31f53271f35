"""Building features: only what is new, the same bits as from nothing, resumed by symbol."""

import json
import signal
from dataclasses import replace
from datetime import timedelta
from threading import Event, main_thread

import polars as pl
import pytest

from alphaloop.app import featuring
from alphaloop.app.checking import check
from alphaloop.app.featuring import Order, build
from alphaloop.core.errors import InvalidOption, NoData, StorageFull
from alphaloop.core.time import DAY_US
from alphaloop.features.contract import full
from alphaloop.features.frame import MATRIX, SNAPSHOTS
from alphaloop.lake.sources.simulated import SimulatedMarket, simulate
from alphaloop.lake.table import Lake

SYMBOLS = ("BTCUSDT", "ETHUSDT")
FRAMES = simulate(SimulatedMarket(symbols=SYMBOLS, days=8))
CUT = int(FRAMES["market_bars"]["event_time"].to_physical().min()) + 6 * DAY_US
ALL = Order(SYMBOLS, "5m", full(), encoder_until=CUT - 4 * DAY_US)


def fill(lake, now, keep):
    """Rows of every table whose ``available_at`` passes."""
    for table, frame in FRAMES.items():
        lake.append(table, frame.filter(keep(pl.col("available_at").to_physical())), ingested_at=now)


def matrix(lake, table=MATRIX):
    return lake.read(table).drop("ingested_at")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A lake built at once, and the report of that."""
    home = tmp_path_factory.mktemp("whole")
    fill(Lake(home / "lake"), 1, lambda known: known > 0)
    return home, build(Lake(home / "lake"), home / "features", ALL, now=2)


def test_every_bar_has_a_row(whole):
    home, made = whole
    lake = Lake(home / "lake")

    assert made["rows"] == made["written"] == FRAMES["market_bars"].height == matrix(lake).height
    assert (made["version"], made["features"]) == (1, len(full().names))
    assert (
        matrix(lake, SNAPSHOTS).columns[-1]
        == "m_" + [one.name for one in full().features if one.modality == "price"][-1]
    )
    assert lake.version("social_text_latent") == 0
    assert lake.version("market_latent") == 1
    assert lake.read("quarantine").is_empty()


def test_again_there_is_nothing_to_do(whole):
    home, first = whole
    lake = Lake(home / "lake")
    versions = lake.versions()

    again = build(lake, home / "features", ALL, now=3)

    assert (again["rows"], again["written"], again["unchanged"]) == (0, 0, first["rows"])
    assert lake.versions() == versions


def test_without_manifests_all_is_computed_and_nothing_written(whole, tmp_path):
    home, first = whole
    lake = Lake(home / "lake")
    versions = lake.versions()
    (tmp_path / "encoders").symlink_to(home / "features" / "encoders")

    again = build(lake, tmp_path, ALL, now=4)

    assert (again["rows"], again["written"], again["unchanged"]) == (first["rows"], 0, first["rows"])
    assert lake.versions() == versions


def test_what_came_later_is_added_with_the_bits_of_the_whole(whole, tmp_path):
    lake = Lake(tmp_path / "lake")
    fill(lake, 1, lambda known: known <= CUT)
    before = build(lake, tmp_path / "features", ALL, now=2)
    fill(lake, 3, lambda known: known > CUT)

    after = build(lake, tmp_path / "features", ALL, now=4)

    assert before["rows"] + after["rows"] == whole[1]["rows"]
    assert after["written"] == after["rows"]
    for table in (MATRIX, SNAPSHOTS):
        assert matrix(lake, table).equals(matrix(Lake(whole[0] / "lake"), table))


def test_a_late_row_changes_what_comes_after_it_alone(whole, tmp_path):
    lake = Lake(tmp_path / "lake")
    late = FRAMES["funding_rates"]["available_at"].to_physical()[10]
    for table, frame in FRAMES.items():
        known = pl.col("available_at").to_physical()
        lake.append(table, frame.filter((known != late) if table == "funding_rates" else known > 0), ingested_at=1)
    build(lake, tmp_path / "features", ALL, now=2)
    lake.append("funding_rates", FRAMES["funding_rates"], ingested_at=3)

    after = build(lake, tmp_path / "features", ALL, now=4)

    rows = FRAMES["market_bars"].filter(pl.col("available_at").to_physical() >= late).height
    assert after["rows"] == rows
    assert 0 < after["written"] <= rows
    assert matrix(lake).equals(matrix(Lake(whole[0] / "lake")))


def test_a_longer_window_adds_what_was_left_out(whole, tmp_path):
    lake = Lake(tmp_path / "lake")
    fill(lake, 1, lambda known: known > 0)
    short = replace(ALL, end=CUT)
    before = build(lake, tmp_path / "features", short, now=2)

    after = build(lake, tmp_path / "features", ALL, now=3)

    assert before["rows"] == 2 * 6 * 288
    assert (after["rows"], after["written"]) == (2 * 2 * 288,) * 2
    assert build(lake, tmp_path / "features", ALL, now=4)["rows"] == 0
    assert build(lake, tmp_path / "features", short, now=5)["rows"] == 0
    for table in (MATRIX, SNAPSHOTS):
        assert matrix(lake, table).equals(matrix(Lake(whole[0] / "lake"), table))


def test_a_window_apart_from_what_was_built_is_built_by_itself(tmp_path):
    lake = Lake(tmp_path / "lake")
    fill(lake, 1, lambda known: known > 0)
    build(lake, tmp_path / "features", replace(ALL, end=CUT - 2 * DAY_US), now=2)

    apart = build(lake, tmp_path / "features", replace(ALL, start=CUT), now=3)
    everything = build(lake, tmp_path / "features", ALL, now=4)

    assert apart["rows"] == 2 * 2 * 288
    assert (everything["rows"], everything["written"]) == (2 * 8 * 288, 2 * 2 * 288)


def test_what_changed_before_a_window_is_made_when_the_whole_is_asked_for(whole, tmp_path):
    lake = Lake(tmp_path / "lake")
    late = FRAMES["funding_rates"]["available_at"].to_physical()[10]
    for table, frame in FRAMES.items():
        known = pl.col("available_at").to_physical()
        lake.append(table, frame.filter((known != late) if table == "funding_rates" else known > 0), ingested_at=1)
    build(lake, tmp_path / "features", ALL, now=2)
    lake.append("funding_rates", FRAMES["funding_rates"], ingested_at=3)

    window = build(lake, tmp_path / "features", replace(ALL, start=CUT), now=4)
    build(lake, tmp_path / "features", ALL, now=5)

    assert window["rows"] == 2 * 2 * 288
    assert matrix(lake).equals(matrix(Lake(whole[0] / "lake")))


def test_an_interrupted_build_goes_on_at_its_symbol(whole, tmp_path, monkeypatch):
    lake = Lake(tmp_path / "lake")
    fill(lake, 1, lambda known: known > 0)
    real = featuring.load

    def stop(lake, symbol, *args, **named):
        if symbol == SYMBOLS[1]:
            raise KeyboardInterrupt
        return real(lake, symbol, *args, **named)

    monkeypatch.setattr(featuring, "load", stop)
    with pytest.raises(KeyboardInterrupt):
        build(lake, tmp_path / "features", ALL, now=2)
    monkeypatch.undo()

    made = build(lake, tmp_path / "features", ALL, now=3)

    assert [one["rows"] for one in made["symbols"]] == [0, whole[1]["rows"] // 2]
    assert matrix(lake).equals(matrix(Lake(whole[0] / "lake")))


def test_ctrl_c_leaves_what_is_done_and_the_next_build_goes_on(whole, tmp_path, monkeypatch):
    """The keyboard's signal meets the thread that waits, while another has done one of sixteen days."""
    monkeypatch.setattr(featuring, "CHUNK", 288)
    monkeypatch.setattr(featuring, "WORKERS", 1)
    lake = Lake(tmp_path / "lake")
    fill(lake, 1, lambda known: known > 0)
    heard, told = Event(), []

    def struck(*_):
        heard.set()
        raise KeyboardInterrupt

    def interrupt(symbol, rows):
        told.append((symbol, rows))
        if told[-1] == (SYMBOLS[0], 288):
            signal.pthread_kill(main_thread().ident, signal.SIGINT)
            heard.wait(60)

    before = signal.signal(signal.SIGINT, struck)
    try:
        with pytest.raises(KeyboardInterrupt):
            build(lake, tmp_path / "features", ALL, now=2, progress=interrupt)
    finally:
        signal.signal(signal.SIGINT, before)
    left = matrix(lake).height
    made = build(lake, tmp_path / "features", ALL, now=3)

    assert left == told[-1][1] < 8 * 288
    assert [one["rows"] for one in made["symbols"]] == [8 * 288 - left, 8 * 288]
    assert made["written"] == made["rows"]
    for table in (MATRIX, SNAPSHOTS):
        assert matrix(lake, table).equals(matrix(Lake(whole[0] / "lake"), table))


def test_a_chunk_half_written_is_made_again(whole, tmp_path, monkeypatch):
    """Of the third chunk the matrix was written, the snapshots and the manifest were not."""
    monkeypatch.setattr(featuring, "CHUNK", 288)
    monkeypatch.setattr(featuring, "WORKERS", 1)
    lake = Lake(tmp_path / "lake")
    fill(lake, 1, lambda known: known > 0)
    upsert, calls = Lake.upsert, []

    def fail(lake, table, frame, **named):
        calls.append(table)
        if calls.count(SNAPSHOTS) == 3:
            raise StorageFull("no room", "room", "")
        return upsert(lake, table, frame, **named)

    monkeypatch.setattr(Lake, "upsert", fail)
    with pytest.raises(StorageFull):
        build(lake, tmp_path / "features", ALL, now=2)
    monkeypatch.setattr(Lake, "upsert", upsert)
    held = [matrix(lake, table).height for table in (MATRIX, SNAPSHOTS)]
    made = build(lake, tmp_path / "features", ALL, now=3)

    assert held == [3 * 288, 2 * 288]
    assert made["symbols"][0]["rows"] == 6 * 288
    assert (made["symbols"][0]["written"], made["symbols"][0]["unchanged"]) == (5 * 288, 288)
    for table in (MATRIX, SNAPSHOTS):
        assert matrix(lake, table).equals(matrix(Lake(whole[0] / "lake"), table))


def test_a_window_has_the_bits_of_the_whole(whole, tmp_path):
    lake = Lake(tmp_path / "lake")
    fill(lake, 1, lambda known: known > 0)
    order = Order(SYMBOLS, "5m", full(), CUT, CUT + DAY_US, encoder_until=CUT - 4 * DAY_US)

    assert build(lake, tmp_path / "features", order, now=2)["rows"] == 2 * 288
    opened = pl.col("event_time").to_physical()
    inside = matrix(Lake(whole[0] / "lake")).filter(opened >= CUT, opened < CUT + DAY_US)
    assert matrix(lake).equals(inside)


def test_chunks_change_no_bit(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(featuring, "CHUNK", 700)
    lake = Lake(tmp_path / "lake")
    fill(lake, 1, lambda known: known > 0)

    build(lake, tmp_path / "features", ALL, now=2)

    assert matrix(lake).equals(matrix(Lake(whole[0] / "lake")))


def test_the_manifest_says_what_was_read(whole):
    home, made = whole
    (path,) = (home / "features").glob("BTCUSDT-5m-*.json")
    manifest = json.loads(path.read_text())

    assert manifest["schema_hash"] == made["schema_hash"]
    assert manifest["rows"] == made["rows"] // 2
    assert manifest["versions"]["funding_rates"] == 0
    assert manifest["features"] == list(full().names)


def test_batch_and_online_agree(whole):
    result = check(Lake(whole[0] / "lake"), SYMBOLS, "5m", full(), bars=12)

    assert (result["cells"], result["unequal"]) == (2 * 12 * len(full().names), 0)
    assert (result["max_abs_difference"], result["worst_feature"]) == (0.0, None)


def test_nonsense_is_refused(whole, tmp_path):
    lake = Lake(whole[0] / "lake")
    with pytest.raises(NoData, match="DOGEUSDT"):
        build(lake, tmp_path, Order(("DOGEUSDT",), "5m", full()), now=9)
    with pytest.raises(InvalidOption, match="no symbol"):
        Order((), "5m", full())
    with pytest.raises(InvalidOption, match="0 bars"):
        check(lake, SYMBOLS, "5m", full(), bars=0)


def test_a_moment_is_enough(whole):
    """The newest row of the lake is the newest bar."""
    last = FRAMES["market_bars"]["available_at"].max()
    assert matrix(Lake(whole[0] / "lake"))["available_at"].max() == last
    assert matrix(Lake(whole[0] / "lake"))["event_time"].max() == last - timedelta(minutes=5)
