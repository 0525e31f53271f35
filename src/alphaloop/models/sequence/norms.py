"""Batch normalisation over the whole batch, also where several processes share it.

Each process holds a part of every batch. Normalised by its own part alone, a network would be
another one for every number of processes; so means and deviations are those of all parts
together, and gradients flow through them. With one process it is torch's own, as fast.
"""

from typing import Any

import torch
from torch import Tensor, nn


class WholeBatchNorm(nn.BatchNorm1d):
    """``torch.nn.BatchNorm1d`` whose batch is that of all processes; for ``(B, C)`` and ``(B, C, L)``.

    Examples
    --------
    >>> norm = WholeBatchNorm(1)
    >>> norm(torch.tensor([[1.0], [3.0]])).detach().round(decimals=2).flatten().tolist()
    [-1.0, 1.0]
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - torch's own name
        """Normalise; while training, by all parts of the batch."""
        if not self.training or not _several():
            return super().forward(input)
        over = (0,) if input.dim() == 2 else (0, 2)
        shape = (1, -1) if input.dim() == 2 else (1, -1, 1)
        rows = torch.tensor(float(input.numel() // input.shape[1]), device=input.device)
        torch.distributed.all_reduce(rows)
        mean = _of_all(input.sum(dim=over)) / rows
        away = input - mean.view(shape)
        variance = _of_all((away * away).sum(dim=over)) / rows
        self._remember(mean.detach(), variance.detach() * rows / (rows - 1))
        normal = away * torch.rsqrt(variance + self.eps).view(shape)
        scaled: Tensor = normal * self.weight.view(shape) + self.bias.view(shape)
        return scaled

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        """Move what is used in prediction towards this batch, as torch does."""
        share = self.momentum if self.momentum is not None else 0.0
        with torch.no_grad():
            self.running_mean.lerp_(mean, share)  # type: ignore[union-attr]
            self.running_var.lerp_(variance, share)  # type: ignore[union-attr]
            self.num_batches_tracked.add_(1)  # type: ignore[union-attr]


class _Sum(torch.autograd.Function):
    """The sum over processes; what depends on it anywhere flows back to every part."""

    @staticmethod
    def forward(_context: Any, part: Tensor) -> Tensor:
        whole = part.clone()
        torch.distributed.all_reduce(whole)
        return whole

    @staticmethod
    def backward(_context: Any, slope: Tensor) -> Tensor:
        whole = slope.contiguous().clone()
        torch.distributed.all_reduce(whole)
        return whole


def _of_all(part: Tensor) -> Tensor:
    whole: Tensor = _Sum.apply(part)  # type: ignore[no-untyped-call]
    return whole


def _several() -> bool:
    there = torch.distributed.is_available() and torch.distributed.is_initialized()
    return there and torch.distributed.get_world_size() > 1
