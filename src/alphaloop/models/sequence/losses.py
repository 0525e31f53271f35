"""The loss of a forecast, and of a student that also listens to a teacher.

``sum_h w_h [(1 - a) Huber(y_h - s_h) + a (z_h - s_h)^2] + r (1 - corr(s, y)) + c pinball``:
``y`` outcomes, ``z`` the teacher's out-of-fold predictions, ``s`` the student's mean.
Outcomes are scaled to unit deviation before, so Huber's bend is in deviations. A missing
outcome (NaN) pulls nowhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from alphaloop.core.errors import InvalidOption


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Weights of the parts.

    Parameters
    ----------
    huber : float, > 0, deviations
        Where the square turns into a line; infinity is the mean squared error.
    distil : float in [0, 1]
        ``a``: share of the teacher. Rows without a teacher (NaN) count their outcome only.
    rank : float, >= 0
        ``r``: of one less the correlation within the batch.
    calibration : float, >= 0
        ``c``: of the pinball loss of the quantiles.
    quantiles : sequence of float in (0, 1), ascending
    horizons : sequence of float, optional
        ``w``: weights of the horizons; all alike when left out.
    """

    huber: float = 1.0
    distil: float = 0.0
    rank: float = 0.0
    calibration: float = 0.5
    quantiles: Sequence[float] = ()
    horizons: Sequence[float] | None = None

    def __post_init__(self) -> None:
        legal = 0 <= self.distil <= 1 and self.huber > 0 and self.rank >= 0 and self.calibration >= 0
        if not legal:
            found = f"huber {self.huber}, distil {self.distil}, rank {self.rank}, calibration {self.calibration}"
            raise InvalidOption(found, "huber above 0, distil in [0, 1], the others 0 or more", "correct them")

    def __call__(self, out: Tensor, y: Tensor, teacher: Tensor | None, weight: Tensor | None) -> Tensor:
        """Forecasts ``(B, H, 1 + Q)`` or ``(B, H, F)`` against outcomes; a scalar."""
        if out.shape == y.shape:  # every channel: no quantiles, no teacher
            return self._fit(out, y).mean()
        mean = out[..., 0]
        labelled = torch.isfinite(y)
        y = torch.where(labelled, y, mean.detach())  # a missing label pulls nowhere
        per_row = self._fit(mean, y)
        if teacher is not None and self.distil > 0:
            known = torch.isfinite(teacher)
            imitated = (torch.where(known, teacher, mean) - mean) ** 2
            per_row = torch.where(known, (1 - self.distil) * per_row + self.distil * imitated, per_row)
        total = _weighted(per_row * labelled, weight, self._horizon_weights(y))
        if self.rank > 0:
            total = total + self.rank * (1 - _correlation(mean, y))
        if self.quantiles and self.calibration > 0:
            total = total + self.calibration * _weighted(self._pinball(out[..., 1:], y) * labelled, weight, None)
        return total

    def _fit(self, mean: Tensor, y: Tensor) -> Tensor:
        if self.huber == float("inf"):
            return (y - mean) ** 2
        return nn.functional.huber_loss(mean, y, reduction="none", delta=self.huber)

    def _horizon_weights(self, y: Tensor) -> Tensor | None:
        return None if self.horizons is None else y.new_tensor(list(self.horizons))

    def _pinball(self, quantiles: Tensor, y: Tensor) -> Tensor:
        level = quantiles.new_tensor(list(self.quantiles))
        miss = y.unsqueeze(-1) - quantiles
        return torch.maximum(level * miss, (level - 1) * miss).mean(dim=-1)


def _weighted(per_row: Tensor, weight: Tensor | None, horizons: Tensor | None) -> Tensor:
    if horizons is not None:
        per_row = per_row * (horizons / horizons.mean())
    if weight is None:
        return per_row.mean()
    return (per_row.mean(dim=1) * weight).sum() / weight.sum().clamp_min(1e-12)


def _correlation(s: Tensor, y: Tensor) -> Tensor:
    """Mean over horizons of the correlation within the batch; 0 where either is constant."""
    s, y = s - s.mean(dim=0), y - y.mean(dim=0)
    scale = torch.sqrt((s**2).sum(dim=0) * (y**2).sum(dim=0)).clamp_min(1e-12)
    return ((s * y).sum(dim=0) / scale).mean()
