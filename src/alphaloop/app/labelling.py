"""Candidate files: outcomes of the rows of a table, from file to file, without holding it whole."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from alphaloop.core.errors import InvalidOption, NoData, SchemaViolation, UnknownLayout
from alphaloop.core.market import CLOSE, FUNDING, HIGH, LOW, OPEN, VOLUME, Market
from alphaloop.core.time import Timeframe
from alphaloop.engine.executor import Executor
from alphaloop.execution.simulator.rules import FillRules
from alphaloop.hindsight.batches import BATCH_ROWS, label_batches
from alphaloop.hindsight.outcomes import Costs, Tape, prepare
from alphaloop.lake.bars import load_market
from alphaloop.lake.marks import load_marks
from alphaloop.lake.table import Lake

READERS: dict[str, Callable[[Path], pl.LazyFrame]] = {
    ".csv": pl.scan_csv,
    ".parquet": pl.scan_parquet,
    ".jsonl": pl.scan_ndjson,
}
WRITERS = (".csv", ".parquet")


@dataclass(frozen=True, slots=True)
class Labelling:
    """What a file of candidates is asked against. ``start`` and ``end`` are microseconds UTC."""

    symbol: str
    timeframe: str
    start: int | None
    end: int | None
    venue: str | None
    horizon: int
    costs: Costs
    rules: FillRules


def label_file(
    lake: Lake, source: Path, out: Path, asked: Labelling, executor: Executor, progress: Callable[[int], None]
) -> dict[str, Any]:
    """Outcome of every row of ``source``, written to ``out`` beside the row's own columns.

    A row names its decision bar by ``ts``, the bar's open time (microseconds UTC or a datetime),
    or by ``bar``, its number within the window. The other columns are those of
    :func:`alphaloop.hindsight.outcomes.label_candidates`.

    Returns
    -------
    dict
        Rows, counts of each reason, the mean net return, and by which price a trade is liquidated: what a
        program reads.

    Raises
    ------
    UnknownLayout
        If a file is neither csv, parquet nor (to read) jsonl.
    NoData
        If a row's ``ts`` is no bar of the window.
    SchemaViolation, InvalidOption
        If columns or values cannot be.
    """
    _kinds(source, out)
    market = load_market(
        lake, [asked.symbol], Timeframe.parse(asked.timeframe), start=asked.start, end=asked.end, venue=asked.venue
    )
    marks = load_marks(lake, market)
    if marks.timeframes:
        market = replace(market, mark=marks.values)
    frame = READERS[source.suffix](source)
    counts: dict[str, int] = {}
    total, rows = 0.0, 0
    with TemporaryDirectory(dir=out.parent) as folder:
        parts = Path(folder)
        batches = (_with_bar(part, market) for part in _slices(frame))
        answers = label_batches(
            tape_of(market), batches, costs=asked.costs, horizon=asked.horizon, rules=asked.rules, executor=executor
        )
        for number, (part, outcomes) in enumerate(zip(_slices(frame), answers, strict=True)):
            made = outcomes.frame()
            part.hstack(made).write_parquet(parts / f"{number:06d}.parquet")
            for name, count in made["reason"].cast(pl.String).value_counts().iter_rows():
                counts[name] = counts.get(name, 0) + count
            total, rows = total + float(outcomes.net_return.sum()), rows + len(outcomes)
            progress(rows)
        if rows == 0:
            raise NoData(f"no row in {source.name}", "at least one candidate", "check the file")
        _join(parts, out)
    return {
        "candidates": rows,
        "reasons": dict(sorted(counts.items())),
        "mean_net_return": total / rows,
        "bars": len(market),
        "liquidation": marks.words(asked.symbol),
        "out": str(out),
        "rules": asked.rules.hash,
    }


def tape_of(market: Market) -> Tape:
    """The bars of a market of one symbol, its missing bars left out; with its marks, if it has some.

    Of a bar without a mark traded prices stand for it, as in the simulator.
    """
    there = ~np.isnan(market.values[:, 0, CLOSE])
    values = market.values[there, 0]
    table = {name: values[:, OPEN + k] for k, name in enumerate(("open", "high", "low", "close"))}
    table["volume"], table["funding_rate"] = values[:, VOLUME], np.nan_to_num(values[:, FUNDING])
    if market.mark is not None:
        marks = np.where(np.isnan(market.mark[there, 0]), values[:, [LOW, HIGH]], market.mark[there, 0])
        table["mark_low"], table["mark_high"] = marks[:, 0], marks[:, 1]
    return prepare(table | {"ts": market.ts[there]})


def _kinds(source: Path, out: Path) -> None:
    if source.suffix not in READERS:
        raise UnknownLayout(f"candidates in {source.name}", f"one of {', '.join(READERS)}", "convert the file")
    if not source.exists():
        raise NoData(f"no file {source}", "a file of candidates", "check --candidates")
    if out.suffix not in WRITERS:
        raise UnknownLayout(f"--out {out.name}", f"one of {', '.join(WRITERS)}", "name such a file")
    if source.resolve() == out.resolve():
        raise InvalidOption(f"--out {out.name}", "another file than --candidates", "choose another name")


def _slices(frame: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    start = 0
    while True:
        part = frame.slice(start, BATCH_ROWS).collect()
        if len(part) == 0:
            return
        yield part
        start += BATCH_ROWS


def _with_bar(part: pl.DataFrame, market: Market) -> dict[str, Any]:
    columns = ("side", "stop", "target", "leverage", "limit", "notional")
    found: dict[str, Any] = {name: part[name].cast(pl.Float64).fill_null(np.nan) for name in columns if name in part}
    if "side" in found:
        found["side"] = found["side"].to_numpy()
    if "bar" in part.columns:
        return found | {"bar": part["bar"]}
    if "ts" not in part.columns:
        raise SchemaViolation("neither 'ts' nor 'bar'", "the decision bar by its open time or its number", "add one")
    ts = part["ts"]
    if isinstance(ts.dtype, pl.Datetime):
        ts = ts.dt.cast_time_unit("us")
    at = ts.cast(pl.Int64).to_numpy()
    there = market.ts[~np.isnan(market.values[:, 0, CLOSE])]
    bar = np.minimum(np.searchsorted(there, at), len(there) - 1)
    wrong = there[bar] != at
    if bool(wrong.any()):
        raise NoData(f"ts {at[int(np.argmax(wrong))]}", "the open time of a bar of the window", "check ts and --start")
    return found | {"bar": bar}


def _join(parts: Path, out: Path) -> None:
    whole = pl.scan_parquet(sorted(parts.iterdir()))
    if out.suffix == ".csv":
        whole.sink_csv(out)
    else:
        whole.sink_parquet(out)
