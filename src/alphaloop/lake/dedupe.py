"""Which rows of a batch are new, which are known already, and which contradict.

Two rows are the same fact when keys and values agree; who said it and when we learnt it do
not count. What is null on one side is unknown, not a contradiction: a row that knows less
than the stored one is a duplicate, a row that knows more is set aside for an upsert.
Work is proportional to the batch: of the store only the batch's keys' ranges are read.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from alphaloop.lake.columns import TableSchema
from alphaloop.lake.quality import REASON

UNCOMPARED = ("ingested_at", "source", "available_at")
STORED_TIME = "_stored_time"
_TIME = "_key_time"


@dataclass(frozen=True, slots=True)
class Split:
    """A batch parted: rows to write, how many were known, and rows that contradict, with a reason."""

    fresh: pl.DataFrame
    duplicate: int
    conflicts: pl.DataFrame


def split(batch: pl.DataFrame, stored: pl.LazyFrame | None, schema: TableSchema) -> Split:
    """Part a batch against itself (the first row of a key stays) and against the stored rows.

    Examples
    --------
    >>> from alphaloop.lake.schema import TABLES
    >>> row = {"entity_id": "a", "name": "A", "kind": "coin"}
    >>> batch = pl.DataFrame([row, row, row | {"name": "B"}]).select(
    ...     "entity_id", "name", "kind", source=pl.lit("doc"), ingested_at=0, available_at=0)
    >>> parts = split(batch, None, TABLES["entities"])
    >>> parts.fresh.height, parts.duplicate, parts.conflicts["reason"].to_list()
    (1, 1, ['conflict with doc on name'])
    """
    batch = _with_key_time(batch, schema)
    key = varying_key(batch, schema)
    is_first = batch.select(_distinct(key)).to_series()
    first = batch.filter(is_first)
    parts = [Split(first, 0, first.clear().with_columns(pl.lit(None, pl.String).alias(REASON)))]
    if first.height < batch.height:
        parts.append(_against(batch.filter(~is_first), first, key, schema))
    known = None if stored is None else _known(first, stored, schema, key)
    if known is not None:
        parts[0] = _against(first, known, key, schema)
    conflicts = pl.concat([part.conflicts for part in parts]).drop(_TIME, strict=False)
    return Split(parts[0].fresh.drop(_TIME, strict=False), sum(part.duplicate for part in parts), conflicts)


def unseen(batch: pl.DataFrame, stored: pl.LazyFrame | None, schema: TableSchema) -> pl.DataFrame:
    """The first row of each key that the store lacks; values are not looked at."""
    key = varying_key(batch, schema)
    first = batch.filter(_distinct(key))
    if stored is None:
        return first
    known = stored.filter(*within(first, schema)).select(schema.key).collect()
    return first.join(known, on=key, how="anti", maintain_order="left")


def _distinct(key: list[str]) -> pl.Expr:
    """Whether a row is the first of its key."""
    return _whole(key).is_first_distinct()


def _whole(key: list[str]) -> pl.Expr:
    """The columns of a key as one; a single column needs no struct, and is faster."""
    return pl.struct(key) if len(key) > 1 else pl.col(key[0])


def varying_key(batch: pl.DataFrame, schema: TableSchema) -> list[str]:
    """The key columns that are not constant in the batch; at least one."""
    names = [_TIME if name == "event_time" and schema.grain_us > 1 else name for name in schema.key]
    return [name for name in names if batch[name].n_unique() > 1] or names[-1:]


def within(batch: pl.DataFrame, schema: TableSchema) -> Iterator[pl.Expr]:
    """Filters that keep every stored row whose key could be in the batch, and few others."""
    for name in schema.key:
        if name == schema.partition:
            yield pl.col(name).is_in(batch[name].unique().to_list())
        elif batch[name].dtype.is_temporal() and schema.grain_us > 1:
            grain = pl.duration(microseconds=schema.grain_us)
            yield pl.col(name).is_between(pl.lit(batch[name].min()) - grain, pl.lit(batch[name].max()) + grain)
        else:
            yield pl.col(name).is_between(pl.lit(batch[name].min()), pl.lit(batch[name].max()))


@dataclass(frozen=True, slots=True)
class Merge:
    """Rows to write, and whether any of them replaces a stored one: if none does, a plain append will do.

    The extra column ``STORED_TIME`` is the event time of the row to be replaced.
    """

    rows: pl.DataFrame
    replaces: bool


def to_merge(batch: pl.DataFrame, stored: pl.LazyFrame | None, schema: TableSchema) -> Merge:
    """Rows of the batch that the store lacks or holds otherwise, the last of each key."""
    if batch.is_empty():
        return Merge(batch.with_columns(pl.col("event_time").alias(STORED_TIME)), replaces=False)
    batch = _with_key_time(batch, schema)
    key = varying_key(batch, schema)
    is_last = batch.select(_whole(key).is_last_distinct()).to_series()
    last = batch if is_last.all() else batch.filter(is_last)
    known = None if stored is None else _known(last, stored, schema, key)
    if known is None:
        rows = last.with_columns(pl.col("event_time").alias(STORED_TIME)).drop(_TIME, strict=False)
        return Merge(rows, replaces=False)
    values = [name for name in schema.names if name not in (*key, "ingested_at")]
    joined = last.join(known.select(*key, *_named(values)), on=key, how="left", maintain_order="left")
    new = pl.col("source_stored").is_null()
    changed = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_stored")) for name in values)
    at = pl.coalesce("event_time_stored", "event_time") if "event_time" in values else pl.col("event_time")
    judged = joined.select(*schema.names, at.alias(STORED_TIME), changed=changed, new=new)
    rows = judged.filter(pl.col("new") | pl.col("changed"))
    return Merge(rows.drop("changed", "new"), replaces=not rows["new"].all())


def changes(left: str, right: str) -> pl.Expr:
    """Whether two columns differ where both are known."""
    return (pl.col(left) != pl.col(right)).fill_null(False)


def _with_key_time(frame: pl.DataFrame, schema: TableSchema) -> pl.DataFrame:
    if schema.grain_us == 1:
        return frame
    us = pl.col("event_time").to_physical()
    return frame.with_columns((us - us % schema.grain_us).alias(_TIME))


def _known(batch: pl.DataFrame, stored: pl.LazyFrame, schema: TableSchema, key: list[str]) -> pl.DataFrame | None:
    """Stored rows whose key is in the batch: keys are read first, values only if any match."""
    near = stored.filter(*within(batch, schema))
    keys = near.select(schema.key).collect()
    if keys.is_empty() or _with_key_time(keys, schema).join(batch, on=key, how="semi").is_empty():
        return None
    return _with_key_time(near.collect(), schema).join(batch, on=key, how="semi")


def _against(rows: pl.DataFrame, reference: pl.DataFrame, key: list[str], schema: TableSchema) -> Split:
    values = [name for name in rows.columns if name not in (*schema.key, *UNCOMPARED, _TIME)]
    joined = rows.join(reference.select(*key, *_named(values)), on=key, how="inner", maintain_order="left")
    differs = [pl.when(changes(name, f"{name}_stored")).then(pl.lit(name)) for name in values]
    added = pl.lit("more: ")
    adds = [
        pl.when(pl.col(name).is_not_null() & pl.col(f"{name}_stored").is_null()).then(added + pl.lit(name))
        for name in values
    ]
    where = pl.concat_str(differs + adds, separator=", ", ignore_nulls=True)
    why = pl.lit("conflict with ") + pl.col("source_stored") + " on " + where
    judged = joined.with_columns(pl.when(where != "").then(why).alias(REASON)).select(*rows.columns, REASON)
    fresh = rows.join(reference, on=key, how="anti", maintain_order="left")
    conflicts = judged.filter(pl.col(REASON).is_not_null())
    return Split(fresh, judged.height - conflicts.height, conflicts)


def _named(values: list[str]) -> list[pl.Expr]:
    return [pl.col(name).alias(f"{name}_stored") for name in dict.fromkeys([*values, "source"])]
