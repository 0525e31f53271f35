"""The matrix: all features of all assets at every bar, in one pass.

Two forms of the same numbers. :func:`compute` takes lake tables by name and gives the
rows of ``feature_matrix_main``, features of every kind. :func:`compute_arrays` takes a
market and gives arrays, features of bars alone, which is what a backtest reads: block by
block, each asset's own bars are laid side by side and run through the kernels, as a live
feed would run them; a finished block is turned into rows. What is not known is NaN (null in
a frame) and its mask false. The value at a bar reads what was available by its end only.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from alphaloop.core.errors import NoData
from alphaloop.core.market import CLOSE, Bools, Floats, Ints, Market
from alphaloop.core.time import Timeframe
from alphaloop.features.bars.plan import Plan, plan
from alphaloop.features.contract import Schema, full
from alphaloop.features.family import compiled, lay_out
from alphaloop.features.frame import rows_of
from alphaloop.features.sources.words.posts import TABLE as POOLED
from alphaloop.features.sources.words.posts import bucket_posts
from alphaloop.features.symbol import columns, gather, tables_of
from alphaloop.features.windows import longest_hole_us

BLOCK = 2024  # rows at a time: 30 columns stay in the second cache, and off each other's cache lines
POSTS = "social_posts"


class Lane(NamedTuple):
    """Rows of one asset that share a memory, and that memory."""

    asset: int
    rows: Ints
    states: Floats


def compute(
    frames: Mapping[str, pl.DataFrame],
    *,
    symbols: Sequence[str],
    timeframe: Timeframe | str,
    schema: Schema | None = None,
    venue: str | None = None,
) -> pl.DataFrame:
    """Rows of ``feature_matrix_main``: one per symbol and bar, features of every kind.

    Parameters
    ----------
    frames : mapping of table name to DataFrame
        Rows as the lake reads them; ``market_bars`` at least. A source whose table is not
        there, or has no row of a symbol, is masked; only ``social_text_latent`` is made
        from ``social_posts`` where posts alone are given.
    symbols : sequence of str
        Each with bars in ``frames``.
    timeframe : Timeframe or str
    schema : Schema, optional
        :func:`alphaloop.features.contract.full` where it is left out.
    venue : str, optional
        Where it is left out, each symbol's preferred one.

    Returns
    -------
    polars.DataFrame
        By symbol as asked, then time: the table's declared columns without
        ``ingested_at``, a Float64 column per feature, a Boolean column ``m_`` plus its name.

    Raises
    ------
    NoData
        If no symbol is asked for, or one has no bars.
    UnsortedData
        If a symbol's bars do not become available in the order they open.

    Examples
    --------
    >>> names = {"venue": "local", "symbol": "X", "timeframe": "1m", "source": "doc"}
    >>> prices = {"open": 1.0, "high": 3.0, "low": 1.0, "close": [2.0, 3.0], "volume": 5.0}
    >>> bars = pl.DataFrame({"event_time": [0, 60_000_000], **prices}).with_columns(
    ...     is_synthetic=False, is_derived=False, **{name: pl.lit(value) for name, value in names.items()},
    ...     available_at=pl.col("event_time") + 60_000_000)
    >>> frame = compute({"market_bars": bars}, symbols=["X"], timeframe="1m", schema=Schema(["ret_1"]))
    >>> frame["ret_1"].to_list(), frame["m_ret_1"].to_list()
    ([None, 0.5], [False, True])
    """
    if not symbols:
        raise NoData("no symbol", "at least one", "pass symbols=['BTCUSDT']")
    step = Timeframe.parse(timeframe) if isinstance(timeframe, str) else timeframe
    schema = schema or full()
    if POSTS in frames and POOLED not in frames and POOLED in tables_of(schema.sources):
        frames = {**frames, POOLED: bucket_posts(frames[POSTS])}
    made = []
    for symbol in dict.fromkeys(symbols):
        own = gather(frames, symbol, step, sources=schema.sources, venue=venue)
        made.append(rows_of(own, schema, *columns(own, schema)))
    return pl.concat(made)


def compute_arrays(market: Market, schema: Schema) -> tuple[Floats, Bools]:
    """Every feature of ``schema`` at every bar of ``market``.

    Parameters
    ----------
    market : Market
    schema : Schema

    Returns
    -------
    values : float array, shape (T, A, F), C order
        Units as declared; NaN where not known.
    mask : bool array, shape (T, A, F)
        True where the value is known.

    Examples
    --------
    >>> from alphaloop.core.time import Timeframe
    >>> bars = np.full((3, 1, 6), 10.0)
    >>> bars[2, 0, :4] = 11.0
    >>> market = Market(np.arange(3) * 60_000_000, ("X",), bars, Timeframe.parse("1m"))
    >>> values, mask = compute_arrays(market, Schema(["ret_1"]))
    >>> values[:, 0, 0].round(3).tolist(), mask[:, 0, 0].tolist()
    ([nan, 0.0, 0.1], [False, True, True])
    """
    shape = (len(market), len(market.symbols), len(schema.names))
    values, mask = np.empty(shape), np.empty(shape, dtype=np.bool_)
    compute_into(market, schema, values, mask)
    return values, mask


def compute_into(market: Market, schema: Schema, values: Floats, mask: Bools) -> None:
    """As :func:`compute_arrays`, into arrays of shape (T, A, F) that the caller owns."""
    order, reach = plan(schema.features), schema.lookback + 1
    block = max(BLOCK, reach)  # so that history laid out again never outweighs what is new
    scratch = np.empty(order.width * block)
    lanes = [lane for asset in range(len(market.symbols)) for lane in _lanes(market, asset, order)]
    present = ~np.isnan(market.values[:, :, CLOSE])
    if not present.all():
        values[~present] = np.nan
        mask[~present] = False
    for opened in range(0, len(market), block):  # time outermost: the rows being written stay near
        for asset, rows, states in lanes:
            first, stop = np.searchsorted(rows, (opened, opened + block)).tolist()
            if first == stop:
                continue
            known = max(0, first - reach)
            bars = lay_out(market.values, asset, rows[known:stop])
            made = scratch[: order.width * (stop - first)].reshape(order.width, stop - first)
            order.run(bars, first - known, states, made)
            _turn(made, order.columns, rows[first:stop], values[:, asset], mask[:, asset])


def _lanes(market: Market, asset: int, order: Plan) -> list[Lane]:
    """The asset's own rows, cut where a hole is longer than memory, each with fresh states."""
    rows = np.flatnonzero(~np.isnan(market.values[:, asset, CLOSE]))
    breaks = np.flatnonzero(np.diff(market.ts[rows]) > longest_hole_us(market.timeframe)) + 1
    return [Lane(asset, one, order.fresh()) for one in np.split(rows, breaks)]


@compiled
def _turn(block: Floats, columns: Ints, rows: Ints, values: Floats, mask: Bools) -> None:
    """Write a block (columns, rows) as rows; what is not finite becomes NaN and false."""
    for k in range(len(rows)):
        for f in range(len(columns)):
            value = block[columns[f], k]
            known = np.isfinite(value)
            values[rows[k], f] = value if known else np.nan
            mask[rows[k], f] = known
