"""A policy that bets on return: buys what fell too fast, sells what rose too fast."""

from dataclasses import dataclass, field
from typing import ClassVar

from alphaloop.core.decision import HOLD, Decision, Intent
from alphaloop.core.errors import InvalidOption
from alphaloop.core.observation import Observation
from alphaloop.policies.sizing import Columns, EqualWeight, side_of


@dataclass(frozen=True)
class RsiReversal(EqualWeight):
    """Long when the RSI falls through ``low``, short when it rises through ``high``, out at ``mid``.

    Entries are events: the RSI stood on the other side of the level on the last known
    bar. So after a stop-out it enters again only when the RSI has left the zone and come
    back, and the first reading after ``reset`` enters nothing. The exit is a state: a
    long is closed on every bar with RSI >= mid until it is gone, a short with RSI <= mid.
    Where shorts are not allowed, a rise through ``high`` means flat.

    Parameters
    ----------
    period : int, bars
    low, mid, high : float, 0 to 100

    Raises
    ------
    InvalidOption
        If the levels do not ascend within 0 to 100, or the period is below 2.

    Examples
    --------
    >>> RsiReversal(period=7).features
    ('rsi_7', 'close')
    """

    period: int = 14
    low: float = 30.0
    mid: float = 50.0
    high: float = 70.0
    name: ClassVar[str] = "rsi-reversal"
    features: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _columns: Columns = field(init=False, repr=False, compare=False)
    _last: dict[str, float] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.low < self.mid < self.high < 100:
            levels = f"levels {self.low}, {self.mid}, {self.high}"
            raise InvalidOption(levels, "0 < low < mid < high < 100", "use 30, 50, 70")
        if self.period < 2:
            raise InvalidOption(f"an RSI of {self.period} bars", "2 or more", "use 14")
        object.__setattr__(self, "features", (f"rsi_{self.period}", "close"))
        object.__setattr__(self, "_columns", Columns(self.features))

    def reset(self, seed: int) -> None:  # noqa: ARG002 - the protocol's argument
        """Forget the last readings. The seed is not used."""
        self._last.clear()

    def decide(self, observation: Observation) -> Decision:
        """Enter where a level was crossed, leave what has come back to the middle."""
        intents: dict[str, Intent] = {}
        symbols, last, quantity = observation.symbols, self._last, observation.account.quantity.tolist()
        for asset, row in enumerate(self._columns.rows(observation)):
            if row is None:
                continue
            symbol, strength = symbols[asset], row[0]
            before = last.get(symbol, strength)
            last[symbol] = strength
            held = side_of(quantity[asset])
            side = self._side(strength, before, held)
            if side != held:
                intents[symbol] = self.intent(side, len(symbols), row[1])
        return Decision(intents) if intents else HOLD

    def _side(self, strength: float, before: float, held: int) -> int:
        if strength < self.low <= before:
            return 1
        if strength > self.high >= before:
            return self.allowed(-1)
        if (held > 0 and strength >= self.mid) or (held < 0 and strength <= self.mid):
            return 0
        return held
