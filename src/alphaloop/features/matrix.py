"""The matrix: all features of all assets at every bar, in one pass.

Block by block, each asset's own bars are laid side by side and run through the kernels,
as a live feed would run them; a finished block is turned into rows. ``values`` is NaN wherever
``mask`` is false. Knows a market and a schema; the value at row t reads rows <= t only.
"""

from typing import NamedTuple

import numpy as np

from alphaloop.core.market import CLOSE, Bools, Floats, Ints, Market
from alphaloop.features.contract import Feature, Schema, longest_hole_us
from alphaloop.features.family import Kernel, compiled, lay_out

BLOCK = 2048  # rows a kernel computes at a time: a block of 30 columns stays in the second cache
PADDING = 24  # keeps the columns of a block off each other's cache lines


class Job(NamedTuple):
    """One kernel run: its parameters, state length, and where its columns stand in the block."""

    kernel: Kernel
    params: Ints
    slots: int
    first: int
    stop: int


class Plan(NamedTuple):
    """All runs a schema needs, each once, and which block column each feature takes."""

    jobs: tuple[Job, ...]
    columns: Ints
    width: int


class Lane(NamedTuple):
    """Rows of one asset that share a memory, and that memory."""

    asset: int
    rows: Ints
    states: list[Floats]


def plan(features: tuple[Feature, ...]) -> Plan:
    """Group features that share a kernel and parameters, so that each run happens once."""
    firsts: dict[tuple[str, tuple[int, ...]], int] = {}
    jobs, columns, width = [], [], 0
    for feature in features:
        family, key = feature.kernel, (feature.family, feature.params)
        if key not in firsts:
            firsts[key], stop = width, width + len(family.columns)
            jobs.append(Job(family.kernel, np.array(feature.params, dtype=np.int64), family.slots, width, stop))
            width = stop
        columns.append(firsts[key] + feature.part)
    return Plan(tuple(jobs), np.array(columns, dtype=np.int64), width)


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
    scratch = np.empty((order.width, block + PADDING))
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
            made = scratch[:, : stop - first]
            for job, state in zip(order.jobs, states, strict=True):
                job.kernel(bars, first - known, job.params, state, made[job.first : job.stop])
            _turn(made, order.columns, rows[first:stop], values[:, asset], mask[:, asset])


def _lanes(market: Market, asset: int, order: Plan) -> list[Lane]:
    """The asset's own rows, cut where a hole is longer than memory, each with fresh states."""
    rows = np.flatnonzero(~np.isnan(market.values[:, asset, CLOSE]))
    breaks = np.flatnonzero(np.diff(market.ts[rows]) > longest_hole_us(market.timeframe)) + 1
    return [Lane(asset, one, [np.zeros(job.slots) for job in order.jobs]) for one in np.split(rows, breaks)]


@compiled
def _turn(block: Floats, columns: Ints, rows: Ints, values: Floats, mask: Bools) -> None:
    """Write a block (columns, rows) as rows; what is not finite becomes NaN and false."""
    for k in range(len(rows)):
        for f in range(len(columns)):
            value = block[columns[f], k]
            known = np.isfinite(value)
            values[rows[k], f] = value if known else np.nan
            mask[rows[k], f] = known
