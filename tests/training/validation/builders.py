"""A small panel whose next return is told by its first feature, or by nothing."""

import numpy as np

from alphaloop.core.time import HOUR_US, Timeframe
from alphaloop.training.validation.panel import Panel

SYMBOLS = ("AAA", "BBB")
SIZE = 0.01  # of a bar's return


def made(seed=0, bars=600, edge=0.5, symbols=SYMBOLS, features=2):
    """``edge`` is the correlation of the first feature with the return of the next bar."""
    random = np.random.default_rng(seed)
    shape = (bars, len(symbols))
    X = random.normal(size=(*shape, 1, features))
    returns = SIZE * (edge * X[:, :, 0, 0] + np.sqrt(1 - edge**2) * random.normal(size=shape))
    times = (np.arange(bars) + 1) * HOUR_US
    y = returns / SIZE
    y[-1] = np.nan
    returns[-1] = np.nan
    return Panel(
        symbols=symbols,
        timeframe=Timeframe(HOUR_US),
        times=times,
        X=X,
        y=y,
        ends=np.broadcast_to((times + HOUR_US)[:, None], shape),
        unit=np.full(shape, SIZE),
        returns=returns,
        volatility=np.full(shape, SIZE),
    )
