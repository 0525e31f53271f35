"""Small files for the import's tests: bars that are right unless told otherwise."""

import gzip
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from alphaloop.core.time import MINUTE_US
from alphaloop.lake.sources.columns import NO_HINTS
from alphaloop.lake.sources.files import Piece, read_file
from alphaloop.lake.sources.names import Hints

START_US = 1_735_689_600_000_000  # 2025-01-01T00:00Z
START = datetime(2025, 1, 1, tzinfo=UTC)
FIVE_US = 5 * MINUTE_US


def raw_bars(count: int = 6, step: timedelta = timedelta(minutes=5), **changes: object) -> pl.DataFrame:
    """``count`` bars from 2025 on, close = 101, 102, ..."""
    rows = [
        {
            "ts": START + index * step,
            "open": 100.0 + index,
            "high": 102.0 + index,
            "low": 99.0 + index,
            "close": 101.0 + index,
            "volume": 7.0,
        }
        for index in range(count)
    ]
    return pl.DataFrame(rows).with_columns(pl.col("ts").cast(pl.Datetime("ms", "UTC"))).with_columns(**changes)


def klines(count: int = 3, unit: int = 1_000, header: bool = False) -> str:
    """Rows of a Binance archive of 5m klines; ``unit`` microseconds to a tick of its clock."""
    lines = [
        f"{(START_US + i * FIVE_US) // unit},{100 + i},{102 + i},{99 + i},{101 + i},7,"
        f"{(START_US + (i + 1) * FIVE_US) // unit - 1},700,12,3,300,0"
        for i in range(count)
    ]
    names = (
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
        "taker_buy_volume,taker_buy_quote_volume,ignore"
    )
    return "\n".join([names, *lines] if header else lines) + "\n"


def zipped(path: Path, **members: str) -> Path:
    """A zip at ``path`` whose members are ``name=text``, with ``.csv`` put behind each name."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(f"{name}.csv", text)
    return path


def gzipped(path: Path, text: str) -> Path:
    """A gzip of the text."""
    path.write_bytes(gzip.compress(text.encode()))
    return path


def written(path: Path, text: str) -> Path:
    """A text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def pieces(path: Path, hints: Hints = NO_HINTS, chunk_rows: int = 1_000_000) -> list[Piece]:
    """All pieces of a file."""
    scratch = path.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    return list(read_file(path, scratch, hints, chunk_rows=chunk_rows))


def table(path: Path, name: str, hints: Hints = NO_HINTS) -> pl.DataFrame:
    """The rows a file holds for one table."""
    return pl.concat(piece.tables[name] for piece in pieces(path, hints))
