"""The market encoder: recent bars as a short vector, fitted on a training window and on nothing else.

Of each bar three figures: return ``ln(close / close[-1])``, range ``ln(high / low)`` and
activity ``ln(1 + volume)`` less its mean in the window. L bars of them, each figure divided
by its deviation in training, are projected on the first k principal components of training
and divided by their deviation there. Windows with a hole or an unknown volume have no vector.

An encoder is named by when its training ended and by a hash of its weights. It encodes what
lies after that end; rows up to it are refused, or made with ``in_sample=True`` and then
marked in their model's name, which the features pass over.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256

import numpy as np
import polars as pl

from alphaloop.core.errors import InvalidOption, NoData
from alphaloop.core.market import Floats, Ints
from alphaloop.core.time import Timeframe, iso
from alphaloop.features.family import compiled
from alphaloop.lake.schema import TABLES

TABLE = "market_latent"
IN_SAMPLE = "+in-sample"
FORM = 1  # of the figures and the name; raised when numbers change
FIGURES = 3
MOST_WINDOWS = 100_000  # used in a fit; more tell nothing new and cost memory
_ENDED = re.compile(r"-(\d{8}T\d{6}Z)-")


@dataclass(frozen=True)
class MarketEncoder:
    """A fitted encoder. L bars a window, k dimensions.

    Parameters
    ----------
    timeframe : Timeframe
    start, until : int, microseconds UTC
        Bars available in ``(start, until]`` were used in the fit.
    symbols : tuple of str
        Whose bars.
    scale : float array, shape (3,)
        Deviation of each figure in training.
    weights : float array, shape (L, 3, k)
    bias : float array, shape (k,)
    explained : float array, shape (k,), fraction
        Share of the variance of training windows that each component holds.
    """

    timeframe: Timeframe
    start: int
    until: int
    symbols: tuple[str, ...]
    scale: Floats
    weights: Floats
    bias: Floats
    explained: Floats

    @property
    def window(self) -> int:
        """Bars in a window, L."""
        return int(self.weights.shape[0])

    @property
    def dimension(self) -> int:
        """Length of a vector, k."""
        return int(self.weights.shape[2])

    @cached_property
    def hash(self) -> str:
        """SHA-256 of everything above: equal encoders, equal hashes."""
        facts = [FORM, self.timeframe.us, self.start, self.until, list(self.symbols), list(self.weights.shape)]
        state = sha256(json.dumps(facts).encode())
        for part in (self.scale, self.weights, self.bias):
            state.update(np.ascontiguousarray(part, dtype="<f8").tobytes())
        return state.hexdigest()

    @cached_property
    def model(self) -> str:
        """Its name in the column ``model``: ``pca8-20250301T000000Z-1a2b3c4d5e6f``; later fits sort later."""
        ended = re.sub(r"[-:]", "", iso(-(-self.until // 1_000_000) * 1_000_000))
        return f"pca{self.dimension}-{ended}-{self.hash[:12]}"

    def encode(self, bars: Floats, opens: Ints) -> Floats:
        """Vectors of one symbol's bars, each from the L bars up to its own.

        Parameters
        ----------
        bars : float array, shape (4, n)
            ``high low close volume``.
        opens : int array, shape (n,), microseconds UTC, ascending
            Open times; a window must be L bars without a hole, and one bar before it.

        Returns
        -------
        float array, shape (n, k)
            NaN where there is no window.
        """
        made = np.full((len(opens), self.dimension), np.nan)
        _project(_figures(bars), opens, self.timeframe.us, self.weights / self.scale[:, None], self.bias, made)
        return made


def fit_encoder(bars: pl.DataFrame, *, until: int, window: int = 48, dimension: int = 8) -> MarketEncoder:
    """Fit on the bars available at or before ``until``; later ones are not looked at.

    Parameters
    ----------
    bars : polars.DataFrame
        Rows of ``market_bars`` of one timeframe; each venue and symbol is a series of its own.
    until : int, microseconds UTC
        End of the training window.
    window : int, bars
    dimension : int
        Components kept, at most three per bar of the window.

    Raises
    ------
    InvalidOption
        If the window is below 2 bars, the dimension impossible, or bars are of several timeframes.
    NoData
        If there are no bars, or fewer whole windows than figures in one.
    """
    size = window * FIGURES
    if window < 2 or not 1 <= dimension <= size:
        expected = f"a window of 2 or more, a dimension from 1 to {size}"
        raise InvalidOption(f"window {window}, dimension {dimension}", expected, "use e.g. 48 and 8")
    known = bars.filter(pl.col("available_at").to_physical() <= until)
    series = list(_series(known))
    step = Timeframe.parse(_timeframe(bars)).us
    sound = [_whole(_figures(values), opens, step, window) for _, values, opens in series]
    count = sum(len(ends) for _, ends in sound)
    if count < size:
        raise NoData(f"{count} whole windows until {iso(until)}", f"at least {size}", "give a longer training window")
    stride = -(-count // MOST_WINDOWS)
    windows = np.concatenate([_windows(figures, ends[::stride], window) for figures, ends in sound])
    scale = windows.reshape(-1, FIGURES).std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    flat = (windows / scale).reshape(len(windows), size)
    components, values, explained = _principal(flat, dimension)
    weights = components / np.sqrt(values)
    instants = known["available_at"].to_physical()
    return MarketEncoder(
        Timeframe(step),
        int(instants.min()) - step,  # type: ignore[arg-type]
        until,
        tuple(sorted(known["symbol"].unique())),
        scale,
        weights.reshape(window, FIGURES, dimension),
        flat.mean(axis=0) @ weights,
        explained,
    )


def _principal(flat: Floats, dimension: int) -> tuple[Floats, Floats, Floats]:
    """First components (size, k), their variances and shares; the largest weight of each is positive."""
    centred = flat - flat.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(flat))
    values, vectors = values[::-1], vectors[:, ::-1]
    floor = values[0] * 1e-12 if values[0] > 0 else 1.0  # a dimension without variance stays near zero
    kept, chosen = vectors[:, :dimension], np.maximum(values[:dimension], floor)
    largest = kept[np.abs(kept).argmax(axis=0), np.arange(dimension)]
    total = values.sum() if values[0] > 0 else 1.0
    return kept * np.where(largest < 0, -1.0, 1.0), chosen, np.maximum(values[:dimension], 0.0) / total


def encode_bars(
    encoder: MarketEncoder,
    bars: pl.DataFrame,
    *,
    after: int | None = None,
    in_sample: bool = False,
    source: str = "alphaloop",
) -> pl.DataFrame:
    """Rows of ``market_latent`` from rows of ``market_bars``.

    Parameters
    ----------
    encoder : MarketEncoder
    bars : polars.DataFrame
        Of the encoder's timeframe. To continue, hand over also the L bars before the first new one.
    after : int, microseconds UTC, optional
        Only rows available later than this are made.
    in_sample : bool
        Make the rows of the training window too, their model marked with :data:`IN_SAMPLE`.
        They are for looking at: features pass over them.
    source : str
        Who computed the rows.

    Returns
    -------
    polars.DataFrame
        The table's declared columns without ``ingested_at``, by venue, symbol and time.

    Raises
    ------
    InvalidOption
        If the bars are of another timeframe.
    """
    table = TABLES[TABLE]
    names = [name for name in table.names if name != "ingested_at"]
    if bars.is_empty():
        return table.empty(names)
    if _timeframe(bars) != str(encoder.timeframe):
        raise InvalidOption(f"bars of {_timeframe(bars)}", f"bars of {encoder.timeframe}", "fit an encoder on these")
    parts = []
    for frame, values, opens in _series(bars):
        latent = encoder.encode(values, opens).astype(np.float32)
        rows = frame.with_columns(latent=pl.Series(latent.ravel()).reshape(latent.shape).arr.to_list())
        parts.append(rows.filter(pl.Series(np.isfinite(latent).all(axis=1))))
    known = pl.col("available_at").to_physical()
    inside = known <= encoder.until
    rows = pl.concat(parts).filter(~inside | pl.lit(in_sample), known > (after if after is not None else -(2**62)))
    model = pl.when(inside).then(pl.lit(encoder.model + IN_SAMPLE)).otherwise(pl.lit(encoder.model))
    rows = rows.with_columns(model=model, source=pl.lit(source), is_derived=pl.lit(True))
    return rows.select(pl.col(name).cast(table.dtypes[name]) for name in names)


def training_end(model: str) -> int | None:
    """When the training of a model ended, microseconds UTC, read from its name; none if it does not say.

    Examples
    --------
    >>> training_end("pca8-19700101T000001Z-1a2b3c4d5e6f"), training_end("other")
    (1000000, None)
    """
    found = _ENDED.search(model)
    if found is None:
        return None
    try:
        ended = datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(ended.timestamp()) * 1_000_000


def _timeframe(bars: pl.DataFrame) -> str:
    frames = bars["timeframe"].unique().to_list()
    if not frames:
        raise NoData("no bars", "rows of market_bars", "give bars to fit on")
    if len(frames) != 1:
        raise InvalidOption(f"bars of timeframes {sorted(frames)}", "one timeframe", "filter the bars")
    return str(frames[0])


def _series(bars: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, Floats, Ints]]:
    """Each venue and symbol: its rows, figures (4, n) and open times, oldest first."""
    ordered = bars.sort("venue", "symbol", "event_time")
    for frame in ordered.partition_by("venue", "symbol", maintain_order=True):
        values = frame.select(pl.col("high", "low", "close", "volume").cast(pl.Float64).fill_null(np.nan)).to_numpy()
        yield frame, np.ascontiguousarray(values.T), frame["event_time"].to_physical().to_numpy()


@compiled
def _figures(bars: Floats) -> Floats:
    """Return, range and activity of each bar, shape (n, 3)."""
    made = np.empty((bars.shape[1], 3))
    for i in range(bars.shape[1]):
        made[i, 0] = np.log(bars[2, i] / bars[2, i - 1]) if i > 0 else np.nan
        made[i, 1] = np.log(bars[0, i] / bars[1, i])
        made[i, 2] = np.log(1.0 + bars[3, i])
    return made


@compiled
def _runs(figures: Floats, opens: Ints, step: int) -> Ints:
    """How many bars up to each are known and follow one another, the first of a run not counted."""
    made, run = np.zeros(len(opens), dtype=np.int64), 0
    for i in range(len(opens)):
        whole = i > 0 and opens[i] - opens[i - 1] == step and np.isfinite(figures[i].sum())
        run = run + 1 if whole else 0
        made[i] = run
    return made


def _whole(figures: Floats, opens: Ints, step: int, window: int) -> tuple[Floats, Ints]:
    """The figures, and the rows at which a whole window ends."""
    return figures, np.flatnonzero(_runs(figures, opens, step) >= window)


@compiled
def _windows(figures: Floats, ends: Ints, window: int) -> Floats:
    """Windows that end at ``ends``, shape (m, L, 3), activity less its mean."""
    made = np.empty((len(ends), window, 3))
    for k in range(len(ends)):
        mean = _activity(figures, ends[k], window)
        for j in range(window):
            row = ends[k] - window + 1 + j
            made[k, j, 0], made[k, j, 1], made[k, j, 2] = figures[row, 0], figures[row, 1], figures[row, 2] - mean
    return made


@compiled
def _activity(figures: Floats, end: int, window: int) -> float:
    mean = 0.0
    for row in range(end - window + 1, end + 1):
        mean += figures[row, 2]
    return mean / window


@compiled
def _project(figures: Floats, opens: Ints, step: int, weights: Floats, bias: Floats, out: Floats) -> None:
    """Vectors of all whole windows; each from its own bars in order, so a live feed has the same bits."""
    window, dimension = weights.shape[0], weights.shape[2]
    runs, made = _runs(figures, opens, step), np.empty(dimension)
    for i in range(len(opens)):
        if runs[i] < window:
            continue
        mean = _activity(figures, i, window)
        made[:] = -bias
        for j in range(window):
            row = i - window + 1 + j
            moved, spread, active = figures[row, 0], figures[row, 1], figures[row, 2] - mean
            for d in range(dimension):
                made[d] += moved * weights[j, 0, d] + spread * weights[j, 1, d] + active * weights[j, 2, d]
        out[i] = made
