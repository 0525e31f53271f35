"""A perceptron that widens a few figures to many and narrows them again, piece by piece on a processor.

``narrow(dropout(relu(widen(x))))``. In TSMixer there are ``B x L`` rows of a few channels and
hundreds of hidden figures each: written out whole they are read and written a dozen times from memory.
Here they exist for a few hundred rows at a time, and once more going back; what is kept
for the way back is only which of them were dropped. Other devices, other precisions and
compiled code take the plain way; both compute the same function.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_ROWS = 512  # of a piece: its hidden figures stay in the cache
_LEVELS = 1 << 16  # of a random number that decides whether a figure is dropped


class Widening(nn.Module):
    """Linear, ReLU, dropout, linear, dropout.

    Parameters
    ----------
    inputs, hidden : int
        Figures of a row, before and after, and between.
    dropout : float in [0, 1)
    """

    def __init__(self, inputs: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.widen, self.narrow = nn.Linear(inputs, hidden), nn.Linear(hidden, inputs)
        self.dropout = dropout

    def forward(self, x: Tensor) -> Tensor:
        """``(..., inputs)`` to the same shape."""
        out = self._pieces(x) if self.training and self.dropout > 0 and _plain(x) else self._whole(x)
        return nn.functional.dropout(out, self.dropout, self.training)

    def _whole(self, x: Tensor) -> Tensor:
        wide = nn.functional.dropout(torch.relu(self.widen(x)), self.dropout, self.training)
        out: Tensor = self.narrow(wide)
        return out

    def _pieces(self, x: Tensor) -> Tensor:
        rows = x.reshape(-1, x.shape[-1])
        kept = _kept((len(rows), self.widen.out_features), 1.0 - self.dropout)
        weights = (self.widen.weight, self.widen.bias, self.narrow.weight, self.narrow.bias)
        out: Tensor = _Pieces.apply(rows, *weights, kept, 1.0 - self.dropout)  # type: ignore[no-untyped-call]
        return out.view_as(x)


def _plain(x: Tensor) -> bool:
    """Whether this is a processor working in float32 with nobody compiling."""
    mixed = torch.is_autocast_enabled(x.device.type)
    return x.device.type == "cpu" and x.dtype == torch.float32 and not mixed and not torch.compiler.is_compiling()


def _kept(shape: tuple[int, int], share: float) -> Tensor:
    """True for what stays: drawn by a generator of its own, seeded from torch's, many times as fast as torch's."""
    seed = int(torch.randint(2**62, ()))
    count = shape[0] * shape[1]
    words = np.asarray(np.random.SFC64(seed).random_raw((count + 3) // 4))
    below = words.view(np.uint16)[:count] < round(share * _LEVELS)
    return torch.from_numpy(below.view(np.uint8).reshape(shape))


class _Pieces(torch.autograd.Function):
    """The perceptron up to its last dropout, and its derivative, with hidden figures made anew on the way back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, *rest: Any) -> Tensor:  # type: ignore[override]
        """``x (N, F)``; then weights and biases of both maps, what is kept ``(N, D)`` and its share."""
        widen, bias, narrow, last, kept, share = rest
        ctx.save_for_backward(x, widen, bias, narrow, kept)
        ctx.share = share
        out = x.new_empty(len(x), len(narrow))
        for piece in _slices(len(x)):
            hidden = _hidden(x[piece], widen, bias, kept[piece])
            torch.addmm(last, hidden, narrow.t(), alpha=1 / share, out=out[piece])
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        """Gradients of ``x``, both weights and both biases."""
        x, widen, bias, narrow, kept = ctx.saved_tensors
        (grad,) = grads
        to_x, to_widen, to_narrow = torch.empty_like(x), torch.zeros_like(widen), torch.zeros_like(narrow)
        to_bias = torch.zeros_like(bias)
        for piece in _slices(len(x)):
            hidden, came = _hidden(x[piece], widen, bias, kept[piece]), grad[piece]
            to_narrow.addmm_(came.t(), hidden, alpha=1 / ctx.share)
            back = (came @ narrow).mul_(hidden.sign_()).div_(ctx.share)  # hidden is above 0 where it counts
            to_widen.addmm_(back.t(), x[piece])
            to_bias += back.sum(dim=0)
            torch.mm(back, widen, out=to_x[piece])
        return to_x, to_widen, to_bias, to_narrow, grad.sum(dim=0), None, None


def _hidden(x: Tensor, widen: Tensor, bias: Tensor, kept: Tensor) -> Tensor:
    return torch.addmm(bias, x, widen.t()).relu_().mul_(kept.float())


def _slices(rows: int) -> list[slice]:
    return [slice(start, start + _ROWS) for start in range(0, rows, _ROWS)]
