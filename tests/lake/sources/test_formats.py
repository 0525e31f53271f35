"""Every format gives the same raw rows; every broken file says its name and what is wrong."""

from pathlib import Path

import polars as pl
import pytest

from alphaloop.core.errors import DataError, NoData, UnknownLayout, UnreadableFile
from alphaloop.lake.sources.names import Hints
from tests.lake.sources.samples import gzipped, klines, pieces, raw_bars, table, written, zipped


def csv_text() -> str:
    """Six bars as text."""
    return raw_bars().with_columns(pl.col("ts").dt.epoch("ms")).write_csv()


def same(path: Path) -> bool:
    """Whether the file holds the six bars."""
    found = table(path, "market_bars").select("event_time", "open", "high", "low", "close", "volume")
    wanted = raw_bars().rename({"ts": "event_time"}).with_columns(pl.col("event_time").dt.cast_time_unit("us"))
    return found.equals(wanted)


def test_csv(tmp_path: Path) -> None:
    assert same(written(tmp_path / "BTCUSDT_5m.csv", csv_text()))


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators(tmp_path: Path, separator: str) -> None:
    assert same(written(tmp_path / "BTCUSDT_5m.csv", csv_text().replace(",", separator)))


def test_csv_with_windows_line_ends_and_a_byte_order_mark(tmp_path: Path) -> None:
    assert same(written(tmp_path / "BTCUSDT_5m.csv", "\ufeff" + csv_text().replace("\n", "\r\n")))


def test_an_address_above_the_header_and_volumes_named_by_coin(tmp_path: Path) -> None:
    text = "https://www.example.com\n" + csv_text().replace("volume", "Volume BTC")
    assert same(written(tmp_path / "BTCUSDT_5m.csv", text))


def test_blank_lines_are_nothing(tmp_path: Path) -> None:
    assert same(written(tmp_path / "BTCUSDT_5m.csv", csv_text().replace("\n", "\n\n")))


def test_parquet(tmp_path: Path) -> None:
    raw_bars().write_parquet(tmp_path / "BTCUSDT_5m.parquet")
    assert same(tmp_path / "BTCUSDT_5m.parquet")


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_feather(tmp_path: Path, compression: str) -> None:
    raw_bars().write_ipc(tmp_path / "BTC_USDT_USDT-5m-futures.feather", compression=compression)  # type: ignore[arg-type]
    assert same(tmp_path / "BTC_USDT_USDT-5m-futures.feather")


def test_jsonl_and_json(tmp_path: Path) -> None:
    frame = raw_bars().with_columns(pl.col("ts").dt.to_string("iso:strict"))
    frame.write_ndjson(tmp_path / "BTCUSDT_5m.jsonl")
    frame.write_json(tmp_path / "ETHUSDT_5m.json")

    assert same(tmp_path / "BTCUSDT_5m.jsonl")
    assert same(tmp_path / "ETHUSDT_5m.json")


def test_gzip(tmp_path: Path) -> None:
    assert same(gzipped(tmp_path / "BTCUSDT_5m.csv.gz", csv_text()))


def test_zip_takes_the_name_inside(tmp_path: Path) -> None:
    path = zipped(tmp_path / "download.zip", **{"SOLUSDT-5m-2025-01": csv_text()})

    assert same(path)
    assert table(path, "market_bars")["symbol"].unique().to_list() == ["SOLUSDT"]


def test_zip_with_two_members(tmp_path: Path) -> None:
    path = zipped(tmp_path / "both.zip", **{"BTCUSDT-5m-2025-01": csv_text(), "ETHUSDT-5m-2025-01": csv_text()})

    assert table(path, "market_bars")["symbol"].unique().sort().to_list() == ["BTCUSDT", "ETHUSDT"]


def test_zip_name_serves_where_the_member_has_none(tmp_path: Path) -> None:
    path = zipped(tmp_path / "BTCUSDT-5m-2025-01.zip", export=csv_text())

    assert table(path, "market_bars").select("symbol", "timeframe").unique().rows() == [("BTCUSDT", "5m")]


def test_chunks_add_up(tmp_path: Path) -> None:
    path = written(tmp_path / "BTCUSDT.csv", klines(50))
    found = pieces(path, chunk_rows=10)

    assert sum(piece.rows for piece in found) == 50
    assert pl.concat(piece.tables["market_bars"] for piece in found)["timeframe"].unique().to_list() == ["5m"]


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("empty_5m.csv", b"", UnreadableFile),
        ("blank_5m.csv", b"\n\n", UnreadableFile),
        ("BTCUSDT_5m.csv", b"ts,open,high,low,close,volume\n", NoData),
        ("BTCUSDT_5m.csv", b"1,2,3\n4,5,6\n", UnreadableFile),
        ("BTCUSDT_5m.csv", b"fruit,colour\napple,red\n", UnknownLayout),
        ("BTCUSDT_5m.csv", "ts,open\n1,2\n".encode("utf-16"), UnreadableFile),
        ("BTCUSDT_5m.csv", b"ts,open,high,low,close,volume,note\n1735689600,1,2,1,2,3,caf\xe9\n", UnreadableFile),
        ("BTCUSDT_5m.csv", b"ts,open,high,low,close,volume\n1735689600,1,2,1,2,3,4,5\n", UnreadableFile),
        ("BTCUSDT_5m.csv", b"\x00" * 64, UnreadableFile),
        ("BTCUSDT_5m.csv", b"PAR1 and so on", UnreadableFile),
        ("BTCUSDT_5m.parquet", b"ts,open\n1,2\n", UnreadableFile),
        ("BTCUSDT_5m.parquet", b"PAR1" + b"\x00" * 40 + b"PAR1", UnreadableFile),
        ("BTCUSDT_5m.feather", b"ARROW1\x00\x00 nothing", UnreadableFile),
        ("BTCUSDT_5m.zip", b"not a zip", UnreadableFile),
        ("BTCUSDT_5m.csv.gz", b"not a gzip", UnreadableFile),
        ("news.jsonl", b'{"ts": 1, "title": "x"}\nnot json\n', UnreadableFile),
    ],
)
def test_a_broken_file_names_itself(tmp_path: Path, name: str, content: bytes, error: type[DataError]) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(error, match=name):
        pieces(tmp_path / name)


@pytest.mark.parametrize("make", ["zip", "csv.gz", "parquet", "feather"])
def test_a_file_cut_in_half_is_refused(tmp_path: Path, make: str) -> None:
    path = tmp_path / f"BTCUSDT_5m.{make}"
    frame = raw_bars(5000)
    text = frame.with_columns(pl.col("ts").dt.epoch("ms")).write_csv()
    {
        "zip": lambda: zipped(path, inside=text),
        "csv.gz": lambda: gzipped(path, text),
        "parquet": lambda: frame.write_parquet(path),
        "feather": lambda: frame.write_ipc(path),
    }[make]()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with pytest.raises(UnreadableFile, match=path.name.split(".", maxsplit=1)[0]):
        pieces(path)


def test_a_zip_with_a_broken_member_gives_no_row(tmp_path: Path) -> None:
    path = zipped(tmp_path / "BTCUSDT_5m.zip", one=csv_text(), two=csv_text())
    data = bytearray(path.read_bytes())
    data[data.rindex(b"two.csv", 0, len(data) // 2 + len(data) // 4) + 20] ^= 0xFF
    path.write_bytes(bytes(data))

    with pytest.raises(UnreadableFile):
        pieces(path)


def test_a_zip_without_data(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme.md", "hello")

    with pytest.raises(UnreadableFile, match="without a table inside"):
        pieces(tmp_path / "a.zip")


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no file"):
        pieces(tmp_path / "BTCUSDT_5m.csv")


def test_a_table_that_does_not_exist(tmp_path: Path) -> None:
    path = written(tmp_path / "BTCUSDT_5m.csv", csv_text())

    with pytest.raises(Exception, match="table 'fruits'"):
        pieces(path, Hints(table="fruits"))
