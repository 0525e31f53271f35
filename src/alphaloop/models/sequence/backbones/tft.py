"""Temporal fusion transformer: choose variables, remember with an LSTM, attend to the past, gate everything.

Source: Lim et al. 2021, "Temporal Fusion Transformers for Interpretable Multi-horizon
Time Series Forecasting", section 4. There are no static inputs and no inputs known in
advance here, so static enrichment is a plain gated network, and the decoder reads a
learned vector per step instead of future covariates.
"""

import torch
from torch import Tensor, nn

from alphaloop.models.sequence.dropping import Dropout


class Gate(nn.Module):
    """Gated skip: normalise(skip + GLU(x)), eq. 5."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.dropout = Dropout(dropout)
        self.open = nn.Linear(width, 2 * width)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Both ``(..., D)``."""
        gated: Tensor = self.norm(skip + nn.functional.glu(self.open(self.dropout(x)), dim=-1))
        return gated


class GatedResidual(nn.Module):
    """Gated residual network, eq. 2-4, from ``inputs`` to ``width`` figures."""

    def __init__(self, inputs: int, width: int, dropout: float) -> None:
        super().__init__()
        self.skip = nn.Identity() if inputs == width else nn.Linear(inputs, width)
        self.bend = nn.Sequential(nn.Linear(inputs, width), nn.ELU(), nn.Linear(width, width))
        self.gate = Gate(width, dropout)

    def forward(self, x: Tensor) -> Tensor:
        """``(..., inputs)`` to ``(..., D)``."""
        gated: Tensor = self.gate(self.bend(x), self.skip(x))
        return gated


class VariableSelection(nn.Module):
    """Weigh the channels of each bar, eq. 6-8; every channel has a linear map of its own."""

    def __init__(self, channels: int, width: int, dropout: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.randn(channels, width) / width**0.5)
        self.shift = nn.Parameter(torch.zeros(channels, width))
        self.weigh = GatedResidual(channels, width, dropout)
        self.choose = nn.Linear(width, channels)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, L, F)`` to ``(B, L, D)``."""
        weights = torch.softmax(self.choose(self.weigh(x)), dim=-1)
        curved = nn.functional.elu(x.unsqueeze(-1) * self.scale + self.shift)
        return torch.einsum("blf,blfd->bld", weights, curved)


class SharedValueAttention(nn.Module):
    """Interpretable multi-head attention, eq. 13-16: heads differ in what they look at, not in what they read."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.query, self.key = nn.Linear(width, width), nn.Linear(width, width)
        self.value = nn.Linear(width, self.size)
        self.join = nn.Linear(self.size, width)

    def forward(self, query: Tensor, memory: Tensor, allowed: Tensor) -> Tensor:
        """Queries ``(B, S, D)`` over memory ``(B, M, D)``; ``allowed (S, M)`` is true where looking is legal."""
        batch = query.shape[0]
        asked = self.query(query).view(batch, -1, self.heads, self.size).transpose(1, 2)
        keys = self.key(memory).view(batch, -1, self.heads, self.size).transpose(1, 2)
        scores = (asked @ keys.transpose(-2, -1) / self.size**0.5).masked_fill(~allowed, float("-inf"))
        weights = torch.softmax(scores, dim=-1).mean(dim=1)
        joined: Tensor = self.join(weights @ self.value(memory))
        return joined


class TFT(nn.Module):
    """One state per forecast step, ``(B, S, D)``; a linear head reads it."""

    linear = False

    def __init__(
        self, lookback: int, channels: int, steps: int, *, width: int = 32, heads: int = 4, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.width = width
        self.select = VariableSelection(channels, width, dropout)
        self.ahead = nn.Parameter(torch.randn(steps, width) * 0.02)
        self.encoder = nn.LSTM(width, width, batch_first=True)
        self.decoder = nn.LSTM(width, width, batch_first=True)
        self.after_memory = Gate(width, dropout)
        self.enrich = GatedResidual(width, width, dropout)
        self.attention = SharedValueAttention(width, heads)
        self.after_attention = Gate(width, dropout)
        self.refine = GatedResidual(width, width, dropout)
        self.out = Gate(width, dropout)
        allowed = torch.ones(steps, lookback + steps, dtype=torch.bool).tril(diagonal=lookback)
        self.register_buffer("allowed", allowed, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, L, F)`` to ``(B, S, D)``."""
        chosen = self.select(x)
        ahead = self.ahead.expand(x.shape[0], -1, -1)
        past, state = self.encoder(chosen)
        future, _ = self.decoder(ahead, state)
        memory = self.after_memory(torch.cat((past, future), dim=1), torch.cat((chosen, ahead), dim=1))
        enriched = self.enrich(memory)
        steps = self.ahead.shape[0]
        now, remembered = enriched[:, -steps:], memory[:, -steps:]
        attended = self.after_attention(self.attention(now, enriched, self.allowed), now)
        states: Tensor = self.out(self.refine(attended), remembered)
        return states
