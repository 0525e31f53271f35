"""The pipeline under control, from bars to a panel, and the space its search draws from.

The same pieces as for real data: features by :func:`alphaloop.features.matrix.compute`, forward
returns with their intervals, gradient boosting, walk-forward. Small enough for hundreds of
markets; nothing in it knows whether an edge is planted.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from alphaloop.core.errors import UnknownName
from alphaloop.core.market import Floats
from alphaloop.core.time import DAY_US, Timeframe
from alphaloop.features.contract import Schema
from alphaloop.features.matrix import compute
from alphaloop.hindsight.splits import WalkForward
from alphaloop.models.gbm import Boosting, GradientBoosting
from alphaloop.registry.gates import Thresholds
from alphaloop.training.controls.markets import COST_BP
from alphaloop.training.validation.panel import Panel
from alphaloop.training.validation.rule import Rule
from alphaloop.training.validation.search import Config, Draw, Model, draw

BARS = "market_bars"
FLOW_OF = {"5m": "cvd_ratio_5m", "1h": "cvd_ratio_1h", "4h": "cvd_ratio_4h"}
"""The taker flow of one bar, by timeframe."""

MOVES = {"ret_1": 1, "ret_12": 12, "ret_48": 48, "ret_288": 288, "sma_dist_48": 48}
"""Features that are moves over so many bars: shown in units of the volatility over them."""

VOLATILITY = "vol_96"
GROUPS: Mapping[str, tuple[int, ...]] = {
    "flow": (0,),
    "volatility": (0, 2),
    "price": (0, 1),
    "moves": (0, 1, 4, 5, 6),
    "all": tuple(range(8)),
}
"""Which of :func:`names` a configuration is shown: flow alone, with volatility, with returns, with everything."""

MULTIPLES = (0.4, 0.6, 2.0)
"""Expected return, in units of the cost, at which a configuration holds its whole share: from rash to wary."""

LARGEST_LABEL = 4.0  # standard deviations: a fat tail should not pull a tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """How a market is searched and tested.

    Parameters
    ----------
    trials : int
        Configurations drawn.
    first_days : int
        Before the first test block.
    blocks : int
        Test blocks, the first of which only fits the rule.
    horizon : int, bars
        Of the label.
    """

    trials: int = 20
    first_days: int = 30
    blocks: int = 8
    horizon: int = 1

    def splitter(self, days: int, timeframe: Timeframe) -> WalkForward:
        """Walk-forward on a market of so many days, each block trained on all before it."""
        bars = (days - self.first_days) // self.blocks * DAY_US // timeframe.us
        return WalkForward(self.blocks, test_size=bars)


def names(timeframe: str) -> tuple[str, ...]:
    """Features, the quickest first.

    Raises
    ------
    UnknownName
        If there is no flow of that timeframe.
    """
    if timeframe not in FLOW_OF:
        raise UnknownName(f"flow of {timeframe} bars", f"one of {', '.join(FLOW_OF)}", "use 1h")
    return (FLOW_OF[timeframe], "ret_1", VOLATILITY, "vol_12", "ret_12", "ret_48", "ret_288", "sma_dist_48")


def features(bars: pl.DataFrame, symbols: tuple[str, ...], timeframe: str) -> Floats:
    """The features of :func:`names`, shape (T, A, F), NaN where unknown; moves in units of volatility."""
    schema = Schema(list(names(timeframe)))
    frame = compute({BARS: bars}, symbols=symbols, timeframe=timeframe, schema=schema)
    table = frame.select(pl.col(name) for name in schema.names).to_numpy()
    values = np.ascontiguousarray(table.reshape(len(symbols), -1, len(schema.names)).transpose(1, 0, 2))
    swing = values[:, :, schema.names.index(VOLATILITY)].copy()
    swing[~(swing > 0)] = np.nan
    for name, bars_of in MOVES.items():
        values[:, :, schema.names.index(name)] /= swing * np.sqrt(bars_of)
    return values


def panel(bars: pl.DataFrame, symbols: tuple[str, ...], timeframe: str, horizon: int = 1) -> Panel:
    """Features, labels and bars of one market whose symbols have all bars.

    The label is the return of the ``horizon`` bars after the decision in units of its volatility,
    cut at :data:`LARGEST_LABEL`; it ends with the close of the last of them.
    """
    step = Timeframe.parse(timeframe)
    X = features(bars, symbols, timeframe)
    closes = bars["close"].to_numpy().reshape(len(symbols), -1).T
    times = bars["available_at"].to_physical().to_numpy().reshape(len(symbols), -1)[0]
    volatility = X[:, :, names(timeframe).index(VOLATILITY)]
    ahead = np.full(closes.shape, np.nan)
    ahead[:-horizon] = closes[horizon:] / closes[:-horizon] - 1.0
    known = volatility > 0
    y = np.where(known, ahead / np.where(known, volatility, 1.0) / np.sqrt(horizon), np.nan)
    returns = np.full(closes.shape, np.nan)
    returns[:-1] = closes[1:] / closes[:-1] - 1.0
    return Panel(
        symbols=symbols,
        timeframe=step,
        times=times,
        X=X[:, :, None, :],
        y=np.clip(y, -LARGEST_LABEL, LARGEST_LABEL),
        ends=np.broadcast_to((times + horizon * step.us)[:, None], y.shape),
        unit=volatility / np.sqrt(horizon),
        returns=returns,
        volatility=volatility,
    )


def space() -> Draw:
    """What the search draws from: a group of features, how to boost, how much an edge must exceed its cost."""

    def one(random: np.random.Generator) -> Config:
        return {
            "group": str(random.choice(list(GROUPS))),
            "multiple": float(random.choice(MULTIPLES)),
            "leaves": int(random.choice([2, 3, 4])),
            "learning_rate": round(float(np.exp(random.uniform(np.log(0.05), np.log(0.15)))), 4),
            "rounds": int(random.choice([10, 20, 30])),
            "min_rows": int(random.choice([100, 200, 400])),
            "linear_l2": round(float(10 ** random.uniform(-2, 1)), 3),
        }

    return one


def build(config: Mapping[str, Any], seed: int = 0) -> Model:
    """The forecaster of a configuration, and the rule it is traded by."""
    shape = {name: config[name] for name in ("leaves", "learning_rate", "rounds", "min_rows", "linear_l2")}
    plan = Boosting(**shape, linear=True, row_share=0.5, bins=63, held_out=0.0)
    rule = Rule(cost=COST_BP / 1e4, multiples=(config["multiple"],), averaged=2)
    return Model(lambda: GradientBoosting(plan, seed=seed), GROUPS[config["group"]], rule)


def stated() -> dict[str, Any]:
    """What a result depends on besides market and protocol, plain: what is drawn, features, cap of labels, gates."""
    return {
        "groups": {name: list(places) for name, places in GROUPS.items()},
        "multiples": list(MULTIPLES),
        "moves": dict(MOVES),
        "largest_label": LARGEST_LABEL,
        "drawn": [dict(one) for one in draw(space(), 3, 0)],
        "gates": asdict(Thresholds()),
    }
