"""Dropout, several times as fast as torch's on a processor: its random bits come from a generator made for speed.

Seeded from torch's own generator each time, so one seed of torch decides everything. Other
devices, other precisions and compiled code take torch's dropout.
"""

import numpy as np
import torch
from torch import Tensor, nn

_LEVELS = 1 << 16  # of a random number that decides whether a figure is dropped


class Dropout(nn.Module):
    """As ``torch.nn.Dropout``.

    Parameters
    ----------
    share : float in [0, 1)
        Dropped in training; what stays is scaled up by as much.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same."""
        if not self.training or self.share == 0:
            return x
        if not plain(x):
            return nn.functional.dropout(x, self.share)
        return x * kept(tuple(x.shape), 1.0 - self.share).float().mul_(1.0 / (1.0 - self.share))


def plain(x: Tensor) -> bool:
    """Whether this is a processor working in float32 with nobody compiling."""
    mixed = torch.is_autocast_enabled(x.device.type)
    return x.device.type == "cpu" and x.dtype == torch.float32 and not mixed and not torch.compiler.is_compiling()


def kept(shape: tuple[int, ...], share: float) -> Tensor:
    """1 for what stays, 0 for what is dropped, uint8; a new draw each time, decided by torch's seed."""
    seed, count = int(torch.randint(2**62, ())), int(np.prod(shape))
    words = np.asarray(np.random.SFC64(seed).random_raw((count + 3) // 4))
    below = words.view(np.uint16)[:count] < round(share * _LEVELS)
    return torch.from_numpy(below.view(np.uint8).reshape(shape))
