"""A panel: windows and labels of several symbols to learn from, and the bars that pay for positions.

Labels and bars are kept apart on purpose: a model learns from labels, which may overlap; money is
counted bar by bar, which never does. Knows neither models nor folds.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from alphaloop.core.errors import DegenerateData, NoData, SchemaViolation, UnsortedData
from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.core.time import Timeframe


class Rows(NamedTuple):
    """The rows of a panel that have a label, by time, then symbol. R rows.

    Parameters
    ----------
    instant, asset : int array, shape (R,)
        Where each stands in the panel.
    times, ends : int array, shape (R,), microseconds UTC
        When it was decided, and the last instant its label reads.
    """

    instant: Ints
    asset: Ints
    times: Ints
    ends: Ints


@dataclass(frozen=True, eq=False, kw_only=True)
class Panel:
    """T decisions on A symbols, each from L rows of F features.

    Parameters
    ----------
    symbols : tuple of str, length A
    timeframe : Timeframe
    times : int array, shape (T,), microseconds UTC, ascending
        When each decision is taken: the close of its bar.
    X : float array, shape (T, A, L, F)
        NaN where unknown.
    y : float array, shape (T, A)
        The label; NaN where there is none.
    ends : int array, shape (T, A), microseconds UTC
        The last instant each label reads; after ``times`` wherever there is a label.
    unit : float array, shape (T, A), fraction
        What a label of one means as a return of the next bar: the volatility by which returns
        were divided, or ones.
    returns : float array, shape (T, A), fraction
        Of the bar after each decision; NaN where there is none.
    volatility : float array, shape (T, A), fraction
        Standard deviation of one bar's return, as known at the decision.

    Raises
    ------
    SchemaViolation
        If shapes do not belong together, or a label has no interval.
    UnsortedData
        If times do not ascend.
    NoData
        If there is no label.
    DegenerateData
        If a label is infinite.
    """

    symbols: tuple[str, ...]
    timeframe: Timeframe
    times: Ints
    X: Floats
    y: Floats
    ends: Ints
    unit: Floats
    returns: Floats
    volatility: Floats

    def __post_init__(self) -> None:
        shape = (len(self.times), len(self.symbols))
        for name in ("y", "ends", "unit", "returns", "volatility"):
            found = getattr(self, name).shape
            if found != shape:
                raise SchemaViolation(
                    f"{name} of shape {found}", f"(T, A) = {shape}", "one row a time, one column each"
                )
        if self.X.ndim != 4 or self.X.shape[:2] != shape:
            raise SchemaViolation(f"windows of shape {self.X.shape}", f"{shape} and two more: (T, A, L, F)", "")
        if bool((np.diff(self.times) <= 0).any()):
            raise UnsortedData("times that do not ascend", "each instant once, in order", "sort by time")
        if bool(np.isinf(self.y).any()):
            raise DegenerateData("an infinite label", "finite ones, NaN where there is none", "")
        if not bool(self.labelled.any()):
            raise NoData("a panel without a label", "one at least", "")
        late = self.labelled & (self.ends <= self.times[:, None])
        if bool(late.any()):
            raise SchemaViolation(
                f"{int(late.sum())} labels without an interval", "the instant each label ends, after its decision", ""
            )

    @property
    def labelled(self) -> Bools:
        """Whether a row has a label, shape (T, A)."""
        return np.asarray(~np.isnan(self.y))

    @cached_property
    def rows(self) -> Rows:
        """All rows with a label."""
        instant, asset = np.nonzero(self.labelled)
        return Rows(instant, asset, self.times[instant], self.ends[instant, asset])
