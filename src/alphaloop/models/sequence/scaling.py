"""Means and deviations of the training rows, kept inside the model that was fitted with them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from alphaloop.core.market import Floats
from alphaloop.models.arrays import moments
from alphaloop.models.windows import Array, Batch, Rows, Windows


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Deviations from the training mean, in training deviations; a feature that does not vary becomes 0.

    Parameters
    ----------
    mean, deviation : float array, shape (F,)
    target_mean, target_deviation : float array, shape (H,)
    """

    mean: Array
    deviation: Array
    target_mean: Array
    target_deviation: Array

    @classmethod
    def of(cls, x: Array, y: Array) -> "Scaling":
        """From training rows ``x (..., F)`` and outcomes ``y (N, H)``; NaN is what is unknown.

        Examples
        --------
        >>> Scaling.of(np.array([[1.0], [np.nan], [3.0]]), np.array([[0.0], [2.0], [4.0]])).mean.tolist()
        [2.0]
        """
        mean, deviation = moments(x.reshape(-1, x.shape[-1]))
        target_mean, target_deviation = moments(y)
        return cls(mean, deviation, target_mean, np.where(np.isfinite(target_deviation), target_deviation, 1.0))

    def inputs(self, x: Array) -> Array:
        """Windows or rows ``(..., F)``, float32; NaN stays."""
        return np.asarray((x - self.mean) / self.deviation, dtype=np.float32)

    def outcomes(self, y: Array) -> Array:
        """Outcomes ``(B, H)``, float32; NaN stays."""
        return np.asarray((y - self.target_mean) / self.target_deviation, dtype=np.float32)

    def undo(self, forecast: Array) -> Floats:
        """Forecasts ``(N, H, C)`` in units of the outcomes, float64."""
        raw = np.asarray(forecast, dtype=np.float64)
        return np.asarray(raw * self.target_deviation[:, None] + self.target_mean[:, None])


@dataclass(frozen=True, slots=True)
class Scaled:
    """Windows seen through a scaling, unknown values 0 behind a mask."""

    windows: Windows
    scaling: Scaling

    def __len__(self) -> int:
        return len(self.windows)

    def take(self, rows: Rows) -> Batch:
        """The windows of these rows, scaled."""
        raw = self.windows.take(rows)
        x = self.scaling.inputs(raw.x)
        mask = known(x) if raw.mask is None else raw.mask
        teacher = None if raw.teacher is None else self.scaling.outcomes(raw.teacher)
        return Batch(np.where(mask, x, np.float32(0)), mask, self.scaling.outcomes(raw.y), teacher, raw.weight)


def known(x: Array) -> npt.NDArray[np.bool_]:
    """Where there is a number."""
    return np.isfinite(x)
