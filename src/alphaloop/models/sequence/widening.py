"""A perceptron that widens a few figures to many and narrows them again, piece by piece on a processor.

``narrow(dropout(relu(widen(x))))``. In TSMixer there are ``B x L`` rows of a few channels and
hundreds of hidden figures each: written out whole they are read and written a dozen times from memory.
Here they exist for a few hundred rows at a time, and once more going back; what is kept
for the way back is only which of them were dropped. Other devices, other precisions and
compiled code take the plain way; both compute the same function.
"""

from typing import Any

import torch
from torch import Tensor, nn

from alphaloop.models.sequence.dropping import Dropout, kept, plain

_ROWS = 512  # of a piece: its hidden figures stay in the cache


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
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """``(..., inputs)`` to the same shape."""
        out: Tensor = self.dropout(self._undropped(x))
        return out

    def _undropped(self, x: Tensor) -> Tensor:
        if not plain(x):
            return self._whole(x)
        if self.training and self.dropout.share > 0:
            return self._pieces(x)
        if torch.is_grad_enabled():
            return self._whole(x)
        rows = x.reshape(-1, x.shape[-1])
        return torch.cat([self._whole(rows[piece]) for piece in _slices(len(rows))]).view_as(x)

    def _whole(self, x: Tensor) -> Tensor:
        out: Tensor = self.narrow(self.dropout(torch.relu(self.widen(x))))
        return out

    def _pieces(self, x: Tensor) -> Tensor:
        rows = x.reshape(-1, x.shape[-1])
        share = 1.0 - self.dropout.share
        stays = kept((len(rows), self.widen.out_features), share)
        weights = (self.widen.weight, self.widen.bias, self.narrow.weight, self.narrow.bias)
        out: Tensor = _Pieces.apply(rows, *weights, stays, share)  # type: ignore[no-untyped-call]
        return out.view_as(x)


class _Pieces(torch.autograd.Function):
    """The perceptron up to its last dropout, and its derivative, with hidden figures made anew on the way back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, *rest: Any) -> Tensor:
        """``x (N, F)``; then weights and biases of both maps, what stays ``(N, D)`` and its share."""
        widen, bias, narrow, last, stays, share = rest
        ctx.save_for_backward(x, widen, bias, narrow, stays)
        ctx.share = share
        out = x.new_empty(len(x), len(narrow))
        for piece in _slices(len(x)):
            hidden = _hidden(x[piece], widen, bias, stays[piece])
            torch.addmm(last, hidden, narrow.t(), alpha=1 / share, out=out[piece])
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of ``x``, both weights and both biases."""
        x, widen, bias, narrow, stays = ctx.saved_tensors
        (grad,) = grads
        to_x, to_widen, to_narrow = torch.empty_like(x), torch.zeros_like(widen), torch.zeros_like(narrow)
        to_bias = torch.zeros_like(bias)
        for piece in _slices(len(x)):
            hidden, came = _hidden(x[piece], widen, bias, stays[piece]), grad[piece]
            to_narrow.addmm_(came.t(), hidden, alpha=1 / ctx.share)
            back = (came @ narrow).mul_(hidden.sign_()).div_(ctx.share)  # hidden is above 0 where it counts
            to_widen.addmm_(back.t(), x[piece])
            to_bias += back.sum(dim=0)
            torch.mm(back, widen, out=to_x[piece])
        return to_x, to_widen, to_bias, to_narrow, grad.sum(dim=0), None, None


def _hidden(x: Tensor, widen: Tensor, bias: Tensor, stays: Tensor) -> Tensor:
    return torch.addmm(bias, x, widen.t()).relu_().mul_(stays.float())


def _slices(rows: int) -> list[slice]:
    return [slice(start, start + _ROWS) for start in range(0, rows, _ROWS)]
