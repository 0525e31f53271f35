"""Families: the form in which a feature is declared, once.

A family is one numba kernel and the columns it writes. A kernel is a recursion over the
bars of one asset, and nothing else:

    kernel(bars, start, params, state, out)

``bars`` is (7, n), made by :func:`lay_out`: the asset's own bars in order, columns as
in :data:`alphaloop.core.market.BAR_COLUMNS`, then the simple return from the bar
before. The kernel writes rows ``start .. start + m`` to ``out`` (columns, m) and leaves in
``state`` (slots,) all it must remember; a fresh state is zeros. Besides its state it may
read ``lookback + 1`` bars before ``start``, so a live feed calls it with one bar at a
time and gets the bits of the batch. NaN is "not known"; a kernel never sees an absent bar.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import numpy as np
from numba import njit
from numba.core.dispatcher import Dispatcher

from alphaloop.core.market import BAR_COLUMNS, CLOSE, Floats, Ints

Kernel = Callable[..., None]

UNTIL_WARM = "NaN until `lookback` earlier bars of the asset are known, and where the asset has no bar"


def sources(function: Callable[..., Any]) -> set[Path]:
    """The files whose rules are compiled into a function: its own, and those its module takes compiled rules from."""
    found, open_ends = {Path(function.__code__.co_filename)}, [function.__globals__]
    while open_ends:
        for value in open_ends.pop().values():
            inner = value.py_func if isinstance(value, Dispatcher) else None
            if inner is not None and Path(inner.__code__.co_filename) not in found:
                found.add(Path(inner.__code__.co_filename))
                open_ends.append(inner.__globals__)
    return found


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a rule to machine code, kept on disk until one of its :func:`sources` changes.

    numba looks at the file of the function alone; a rule compiled in from another would go
    stale, and a stale kernel is a wrong number. Arithmetic is strict: the bits must not
    depend on how rows are cut into calls. Runs without the interpreter's lock, so that two
    symbols are built side by side.
    """
    made: Any = njit(cache=True, nogil=True, error_model="numpy")(function)
    kept = made._cache._cache_file
    kept._source_stamp = (kept._source_stamp, *(_digest(path) for path in sorted(sources(function)) if path.exists()))
    return cast(Callable[..., Any], made)


@cache
def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


RETURN = len(BAR_COLUMNS)  # row of ``bars`` that holds the one-bar return


@compiled
def step_returns(close: Floats, out: Floats) -> None:
    """Simple return of each close from the one before; unknown for the first."""
    out[:1] = np.nan
    new, old, known = close[1:], close[:-1], out[1:]
    for k in range(len(known)):
        known[k] = new[k] / old[k] - 1.0


@compiled
def lay_out(values: Floats, asset: int, rows: Ints) -> Floats:
    """Bars of one asset at ``rows`` of ``values`` (T, A, 6), side by side, with their returns: (7, n)."""
    bars = np.empty((RETURN + 1, len(rows)))
    for k in range(len(rows)):
        for column in range(RETURN):
            bars[column, k] = values[rows[k], asset, column]
    step_returns(bars[CLOSE], bars[RETURN])
    return bars


@dataclass(frozen=True, slots=True)
class Param:
    """A whole number in a feature's name: its smallest sense, and the value when left out."""

    name: str
    least: int = 1
    default: int | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One output of a kernel: ``stem`` begins the feature's name, parameters follow."""

    stem: str
    unit: str
    formula: str


@dataclass(frozen=True, slots=True)
class Family:
    """One kernel, its parameters and its columns.

    Parameters
    ----------
    name : str
        Family name, e.g. ``returns``.
    kernel : callable
        As in the module's text.
    columns : tuple of Column
        In the order of the kernel's ``out``.
    inputs : tuple of str
        Bar columns it reads.
    lookback : callable, parameters -> int
        Earlier bars needed before the first value; 0 is known from the first bar.
    params : tuple of Param
    slots : int
        Length of the state.
    modality : str
        Kind of fact it is made from.
    missing : str
        What a missing value means.
    together : bool
        The kernel takes several sets of parameters at once, one after the other in ``params``;
        the columns of each set follow those of the one before, its state is likewise.
    ascending : int
        How many leading parameters must each be above the one before.
    version : int
        Raised when numbers change.
    """

    name: str
    kernel: Kernel
    columns: tuple[Column, ...]
    inputs: tuple[str, ...]
    lookback: Callable[..., int]
    params: tuple[Param, ...] = field(default=())
    slots: int = 1
    modality: str = "price"
    missing: str = UNTIL_WARM
    together: bool = False
    ascending: int = 0
    version: int = 1
