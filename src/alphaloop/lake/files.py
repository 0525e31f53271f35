"""Wide rows as files of our own, named in one commit.

Delta's writer copies hundreds of columns to part them by symbol and encodes them one after
the other. polars encodes them side by side at a third of the cost; what is left to Delta is
the commit. One parquet file per partition value, LZ4, with statistics of each column chunk;
the log gets the bounds of the declared names and times, which is what reads skip files by.
Nothing here looks for duplicates or holds a lock.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import polars as pl
from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.transaction import AddAction, create_table_with_add_actions

from alphaloop.lake.columns import TIME, TableSchema

_INSTANT = "%Y-%m-%dT%H:%M:%S%.6fZ"


def fits(held: DeltaTable | None, frame: pl.DataFrame) -> bool:
    """Whether the table needs no new column to take the rows; one that is not there yet takes any."""
    return held is None or {field.name for field in held.schema().fields}.issuperset(frame.columns)


def append(
    path: Path, held: DeltaTable | None, frame: pl.DataFrame, schema: TableSchema, notes: Mapping[str, str]
) -> int:
    """Write the rows and commit their files as the next version, or as the first; returns its number.

    Files of a write that failed belong to no version; the caller removes them.
    """
    path.mkdir(parents=True, exist_ok=True)
    added = list(_written(path, 0 if held is None else held.version() + 1, frame, schema))
    columns = Schema.from_arrow(frame.clear().to_arrow().schema)
    parted = [schema.partition] if schema.partition else []
    said = CommitProperties(custom_metadata=dict(notes))
    if held is None:
        create_table_with_add_actions(str(path), columns, added, partition_by=parted, commit_properties=said)
        return 0
    held.create_write_transaction([*added], "append", columns, parted, commit_properties=said)
    held.update_incremental()
    return held.version()


def _written(path: Path, version: int, frame: pl.DataFrame, schema: TableSchema) -> Iterator[AddAction]:
    """One file per partition value, and what the log says of it."""
    for value, rows in _parted(frame, schema.partition):
        file = _unused(path if value is None else path / f"{schema.partition}={quote(value, safe='')}", version)
        rows.write_parquet(file, compression="lz4", statistics=True)
        name, on_disk = file.relative_to(path).as_posix(), file.stat()
        values = {} if value is None else {schema.partition: value}
        yield AddAction(name, on_disk.st_size, values, int(on_disk.st_mtime * 1e3), True, _bounds(rows, schema))


def _unused(folder: Path, version: int) -> Path:
    """An empty file of a name that nothing has; what a killed writer left behind keeps its own."""
    folder.mkdir(exist_ok=True)
    turn = 0
    while (file := folder / f"part-{version:05}-{turn}.lz4.parquet").exists():
        turn += 1
    file.touch(exist_ok=False)
    return file


def _parted(frame: pl.DataFrame, column: str) -> Iterator[tuple[str | None, pl.DataFrame]]:
    if not column:
        yield None, frame
        return
    values = frame[column].unique(maintain_order=True).to_list()
    for value in values:
        rows = frame if len(values) == 1 else frame.filter(pl.col(column) == value)
        yield value, rows.drop(column)


def _bounds(rows: pl.DataFrame, schema: TableSchema) -> str:
    """Counts and bounds of the declared names and times, as the log has them."""
    names = [one.name for one in schema.columns if one.dtype in (pl.String, TIME) and one.name in rows.columns]
    ends = rows.select(pl.col(name).min() for name in names), rows.select(pl.col(name).max() for name in names)
    least, most = ({name: _said(frame[name]) for name in names} for frame in ends)
    return json.dumps(
        {
            "numRecords": rows.height,
            "minValues": {name: value for name, value in least.items() if value is not None},
            "maxValues": {name: value for name, value in most.items() if value is not None},
            "nullCount": {name: rows[name].null_count() for name in names},
        }
    )


def _said(column: pl.Series) -> str | None:
    """The one value of a column as text; times in UTC to the microsecond."""
    text: str | None = (column.dt.strftime(_INSTANT) if column.dtype == TIME else column).item()
    return text
