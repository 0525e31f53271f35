"""From the lake to a data set: the feature matrix, with what came of each row beside it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl

from alphaloop.core.errors import NoData, SchemaViolation
from alphaloop.core.market import Floats, Instrument, Market
from alphaloop.core.time import Timeframe
from alphaloop.datasets.windows.store import Description, Store, SymbolRows
from alphaloop.hindsight.labels.frame import LabelSpec, label_frame
from alphaloop.hindsight.labels.held import held_returns
from alphaloop.hindsight.labels.volatility import ewm_volatility
from alphaloop.hindsight.labels.windows import windows
from alphaloop.lake.bars import load_market
from alphaloop.lake.table import Lake

MATRIX = "feature_matrix_main"
_LABELS = {"fwd_ret": "fwd_ret", "cost_long": "est_cost_long", "cost_short": "est_cost_short", "utility": "utility"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to build.

    Parameters
    ----------
    instruments : tuple of Instrument
        One per symbol: what entering and leaving costs.
    timeframe : Timeframe
    features : tuple of str
    schema_hash : str
        Of the rows to read.
    labels : LabelSpec
    venue : str, optional
    start, end : int, microseconds UTC, optional
        Bars that open in ``[start, end)``.
    """

    instruments: tuple[Instrument, ...]
    timeframe: Timeframe
    features: tuple[str, ...]
    schema_hash: str
    labels: LabelSpec
    venue: str | None = None
    start: int | None = None
    end: int | None = None


def build(lake: Lake, folder: Path, order: Order, progress: Callable[[str, int], None] | None = None) -> Store:
    """Write each symbol that the folder lacks.

    Parameters
    ----------
    lake : Lake
    folder : Path
    order : Order
    progress : callable, optional
        Told a symbol and its rows when it is written.

    Raises
    ------
    NoData
        If a symbol has no bars, or no features of the schema.
    SchemaViolation
        If the folder holds another data set.
    """
    store = Store(folder)
    store.begin(describe(lake, order))
    for instrument in order.instruments:
        if instrument.symbol in store.symbols:
            continue
        rows = symbol_rows(lake, order, instrument)
        store.add(rows)
        if progress is not None:
            progress(instrument.symbol, len(rows))
    return store


def describe(lake: Lake, order: Order) -> Description:
    """What a data set of this order made from the lake as it is now would be."""
    names = tuple(order.labels.name(horizon, order.timeframe) for horizon in order.labels.horizons)
    return Description(
        timeframe=str(order.timeframe),
        features=order.features,
        schema_hash=order.schema_hash,
        horizons=names,
        versions={name: lake.version(name) for name in (MATRIX, "market_bars", "funding_rates")},
        made_of={
            "labels": asdict(order.labels),
            "costs": [
                [one.symbol, one.taker_fee, one.maker_fee, one.slippage, one.impact] for one in order.instruments
            ],
            "venue": order.venue,
            "start": order.start,
            "end": order.end,
        },
    )


def symbol_rows(lake: Lake, order: Order, instrument: Instrument) -> SymbolRows:
    """One symbol: features known at each close, and labels of the same decision.

    Raises
    ------
    NoData, SchemaViolation
        As :func:`build`.
    """
    features = _features(lake, order, instrument.symbol)
    market = load_market(
        lake, [instrument.symbol], order.timeframe, start=order.start, end=order.end, venue=features["venue"][0]
    )
    labels = label_frame(market, [instrument], order.labels).join(_money(market, order), on="start", how="left")
    joined = features.join(labels, left_on="available_at", right_on="start", how="left", maintain_order="left")
    values = np.empty((len(joined), len(order.features)), dtype=np.float32)
    for column, name in enumerate(order.features):  # one at a time: a second copy of all would double the memory
        values[:, column] = joined[name].fill_null(np.nan).to_numpy()
    names = [order.labels.name(horizon, order.timeframe) for horizon in order.labels.horizons]
    made = {key: _floats(joined, [f"{column}_{name}" for name in names]) for key, column in _LABELS.items()}
    ends = joined.select(pl.col(f"end_{name}").to_physical().fill_null(0) for name in names).to_numpy()
    return SymbolRows(
        instrument.symbol, now=joined["available_at"].to_physical().to_numpy(), values=values, ends=ends,
        derived=joined["is_synthetic"].to_numpy(), held=_floats(joined, ["held"])[:, 0],
        volatility=_floats(joined, ["volatility"])[:, 0], **made,
    )  # fmt: skip


def _features(lake: Lake, order: Order, symbol: str) -> pl.DataFrame:
    rows = lake.scan(MATRIX, symbols=[symbol], timeframe=str(order.timeframe), start=order.start, end=order.end)
    if order.venue is not None:
        rows = rows.filter(pl.col("venue") == order.venue)
    there = set(rows.collect_schema().names())
    lacking = [name for name in order.features if name not in there]
    if lacking:
        found = f"no column {', '.join(lacking[:5])} in {MATRIX}"
        raise NoData(found, f"features of schema {order.schema_hash[:12]}", "run: alphaloop features build")
    kept = ("available_at", "venue", "is_synthetic", *order.features)
    frame = rows.filter(pl.col("schema_hash") == order.schema_hash).select(kept).sort("available_at").collect()
    if frame.is_empty():
        raise NoData(
            f"no features of {symbol} under schema {order.schema_hash[:12]}",
            "rows of it",
            "run: alphaloop features build",
        )
    venues = frame["venue"].unique().to_list()
    if len(venues) > 1:
        raise SchemaViolation(f"{symbol} from {', '.join(sorted(venues))}", "one venue", "name it with --venue")
    return frame


def _money(market: Market, order: Order) -> pl.DataFrame:
    """What a position earns from decision to decision, and how far a bar usually moves."""
    window = windows(market, 0, 1, order.labels.by)
    start = pl.Series("start", window.start).cast(pl.Datetime("us", "UTC"))
    volatility = ewm_volatility(window, order.labels.span)
    return pl.DataFrame({"start": start, "held": held_returns(window), "volatility": volatility})


def _floats(frame: pl.DataFrame, names: Sequence[str]) -> Floats:
    return frame.select(pl.col(name).fill_null(np.nan) for name in names).to_numpy()
