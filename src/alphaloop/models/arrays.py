"""Arrays on their way into a model: shapes checked, what is unknown made NaN.

Every forecaster of plain arrays takes the same windows and refuses the same mistakes in the
same words. Knows no model.
"""

from typing import Literal, NamedTuple, get_args

import numpy as np

from alphaloop.core.errors import DegenerateData, NoData, SchemaViolation
from alphaloop.core.market import Bools, Floats

Rows = Literal["last", "all", "doubling"]
"""Which rows of a window a model of tables reads: the newest, all, or the newest and those 1, 2, 4, 8 ... before it."""

ROWS: tuple[Rows, ...] = get_args(Rows)


_FLAT = 1e-12  # deviation below which a column does not vary, relative to its size


class Samples(NamedTuple):
    """Windows and targets fit to learn from.

    Parameters
    ----------
    X : float array, shape (N, L, F)
        NaN where a value is unknown.
    y : float array, shape (N, H)
        NaN where a label is missing.
    """

    X: Floats
    y: Floats


def samples(X: Floats, y: Floats, mask: Bools | None, fewest: int) -> Samples:
    """What a model may learn from.

    Parameters
    ----------
    X : float array, shape (N, L, F)
    y : float array, shape (N, H)
    mask : bool array, shape (N, L, F), optional
        True where known; where it is left out, what is not NaN is known.
    fewest : int
        Labels each horizon must have.

    Raises
    ------
    SchemaViolation
        If the shapes do not belong together.
    DegenerateData
        If a known value is infinite, or a target does not vary.
    NoData
        If a horizon has fewer labels than ``fewest``.

    Examples
    --------
    >>> found = samples(np.ones((3, 1, 1)), np.array([[1.0], [2.0], [np.nan]]), None, fewest=2)
    >>> found.X.shape, found.y.shape
    ((3, 1, 1), (3, 1))
    """
    inputs = known(X, mask)
    if y.ndim != 2 or y.shape[1] == 0:
        raise SchemaViolation(f"targets of shape {y.shape}", "(N, H), at least one horizon", "use y[:, None] for one")
    if len(inputs) != len(y):
        raise SchemaViolation(f"{len(inputs)} windows and {len(y)} targets", "as many of both", "align them by row")
    if bool(np.isinf(y).any()):
        raise DegenerateData(
            f"{int(np.isinf(y).sum())} infinite targets", "finite ones, NaN where missing", "drop them"
        )
    for horizon in range(y.shape[1]):
        _check_target(y[:, horizon], horizon, fewest)
    return Samples(inputs, np.asarray(y, dtype=np.float64))


def known(X: Floats, mask: Bools | None) -> Floats:
    """Windows with NaN wherever the mask is false.

    Raises
    ------
    SchemaViolation
        If the shape is not (N, L, F), or not that of the mask.
    DegenerateData
        If a known value is infinite.

    Examples
    --------
    >>> known(np.array([[[1.0, 2.0]]]), np.array([[[True, False]]]))
    array([[[ 1., nan]]])
    """
    if X.ndim != 3:
        raise SchemaViolation(f"windows of shape {X.shape}", "(N, L, F)", "use X[:, None, :] for one row each")
    if mask is not None and mask.shape != X.shape:
        raise SchemaViolation(f"a mask of shape {mask.shape}", f"that of the windows, {X.shape}", "pass both alike")
    values = np.asarray(X, dtype=np.float64) if mask is None else np.where(mask, X, np.nan)
    if bool(np.isinf(values).any()):
        raise DegenerateData(f"{int(np.isinf(values).sum())} infinite inputs", "finite ones, NaN where unknown", "")
    return values


def moments(rows: Floats) -> tuple[Floats, Floats]:
    """Mean and deviation of each column of ``rows`` (N, F), NaN left out; infinite where a column does not vary.

    Divided by, such a deviation makes a column zero: it says nothing.

    Examples
    --------
    >>> moments(np.array([[1.0, 5.0], [np.nan, 5.0], [3.0, 5.0]]))
    (array([2., 5.]), array([ 1., inf]))
    """
    there = ~np.isnan(rows)
    counts = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, rows, 0.0).sum(axis=0, dtype=np.float64) / counts
    spread = np.sqrt(np.where(there, (rows - mean) ** 2, 0.0).sum(axis=0, dtype=np.float64) / counts)
    return mean, np.where(spread > _FLAT * np.maximum(1.0, np.abs(mean)), spread, np.inf)


def as_table(X: Floats, rows: Rows, columns: int | None = None) -> Floats:
    """The rows of each window that are read, side by side; ``columns`` is what a fitted model expects.

    Raises
    ------
    SchemaViolation
        If there are more or fewer columns than that.

    Examples
    --------
    >>> as_table(np.arange(5.0).reshape(1, 5, 1), "doubling")
    array([[0., 2., 3., 4.]])
    """
    table = np.ascontiguousarray(X[:, places(X.shape[1], rows)]).reshape(len(X), -1)
    if columns is not None and table.shape[1] != columns:
        found = f"windows of {X.shape[1]} rows and {X.shape[2]} features"
        raise SchemaViolation(found, f"the {columns} columns the model was fitted on", "build them alike")
    return table


def places(lookback: int, rows: Rows) -> list[int]:
    """Which rows of a window of ``lookback`` rows are read, oldest first.

    Examples
    --------
    >>> places(5, "last"), places(3, "all"), places(10, "doubling")
    ([4], [0, 1, 2], [1, 5, 7, 8, 9])
    """
    if rows == "last":
        return [lookback - 1]
    if rows == "all":
        return list(range(lookback))
    back = [0, *(2**power for power in range(lookback.bit_length()) if 2**power < lookback)]
    return [lookback - 1 - one for one in reversed(back)]


def _check_target(target: Floats, horizon: int, fewest: int) -> None:
    there = target[~np.isnan(target)]
    if len(there) < fewest:
        found = f"{len(there)} labels of horizon {horizon}"
        raise NoData(found, f"at least {fewest}", "take a longer window, or a smaller model")
    if float(there.min()) == float(there.max()):
        raise DegenerateData(f"a target that is {there[0]:g} throughout (horizon {horizon})", "one that varies", "")
