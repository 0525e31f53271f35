"""The encoder layer that PatchTST and iTransformer share: attention, then a perceptron, each with its residual."""

from typing import Literal

import torch
from torch import Tensor, nn

from alphaloop.models.sequence.dropping import Dropout
from alphaloop.models.sequence.norms import WholeBatchNorm

Norm = Literal["layer", "batch"]


class TokenNorm(nn.Module):
    """Normalise tokens ``(N, S, D)``: each by itself, or each figure over the batch (PatchTST)."""

    def __init__(self, width: int, kind: Norm) -> None:
        super().__init__()
        self.norm: nn.Module = nn.LayerNorm(width) if kind == "layer" else WholeBatchNorm(width)
        self.batch = kind == "batch"

    def forward(self, tokens: Tensor) -> Tensor:
        """``(N, S, D)`` to the same shape."""
        if not self.batch:
            normal: Tensor = self.norm(tokens)
            return normal
        normal = self.norm(tokens.transpose(1, 2))
        return normal.transpose(1, 2)


class EncoderLayer(nn.Module):
    """Post-norm transformer layer (Vaswani et al. 2017, section 3.1), GELU in the perceptron.

    Parameters
    ----------
    width, heads, hidden : int
    dropout : float
        Of what attention and perceptron add.
    overlook : float
        Share of attention weights dropped in training.
    norm : {"layer", "batch"}
    """

    def __init__(
        self, width: int, heads: int, hidden: int, *, dropout: float, overlook: float = 0.0, norm: Norm = "layer"
    ) -> None:
        super().__init__()
        self.heads, self.overlook = heads, overlook
        self.project = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), Dropout(dropout), nn.Linear(hidden, width))
        self.first, self.second = TokenNorm(width, norm), TokenNorm(width, norm)
        self.dropout = Dropout(dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """``(N, S, D)`` to the same shape; every token sees every other."""
        tokens = self.first(tokens + self.dropout(self._attend(tokens)))
        mixed: Tensor = self.second(tokens + self.dropout(self.mlp(tokens)))
        return mixed

    def _attend(self, tokens: Tensor) -> Tensor:
        batch, length, width = tokens.shape
        parts = self.project(tokens).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = (part.transpose(1, 2) for part in parts.unbind(2))
        overlook = self.overlook if self.training else 0.0
        seen = nn.functional.scaled_dot_product_attention(query, key, value, dropout_p=overlook)
        joined: Tensor = self.join(seen.transpose(1, 2).reshape(batch, length, width))
        return joined


def uniform_positions(count: int, width: int) -> nn.Parameter:
    """Learned positions, started uniformly in [-0.02, 0.02] as PatchTST's code does."""
    return nn.Parameter(torch.empty(count, width).uniform_(-0.02, 0.02))
