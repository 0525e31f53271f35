"""Policies that follow a move: moving-average cross and Donchian breakout.

Both act on events (a cross, a breakout), not on states: a position that a stop took
away comes back only with the next event. Where a value is unknown they hold, and the
event is looked for between the last two bars on which all values were known.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from alphaloop.core.decision import HOLD, Decision, Intent
from alphaloop.core.errors import InvalidOption
from alphaloop.core.observation import Observation
from alphaloop.policies.sizing import Columns, EqualWeight, side_of


@dataclass(frozen=True)
class MaCross(EqualWeight):
    """Long when the fast average crosses above the slow one, short when below (flat, where shorts are not allowed).

    The first reading after ``reset`` is no cross, whichever average is higher, and
    equal averages keep the side they had. An intent is emitted on the bar of a cross
    only, and only if that side is not held already. After a stop-out nothing is held
    until the NEXT cross.

    Parameters
    ----------
    fast, slow : int, bars
    exponential : bool
        Exponential averages in place of plain ones.

    Raises
    ------
    InvalidOption
        If ``fast`` is not below ``slow``.

    Examples
    --------
    >>> MaCross(10, 30).features
    ('sma_10', 'sma_30', 'close')
    """

    fast: int = 50
    slow: int = 200
    exponential: bool = False
    name: ClassVar[str] = "ma-cross"
    features: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _columns: Columns = field(init=False, repr=False, compare=False)
    _above: dict[str, bool] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.fast < self.slow:
            raise InvalidOption(f"averages of {self.fast} and {self.slow} bars", "1 <= fast < slow", "swap them")
        kind = "ema" if self.exponential else "sma"
        object.__setattr__(self, "features", (f"{kind}_{self.fast}", f"{kind}_{self.slow}", "close"))
        object.__setattr__(self, "_columns", Columns(self.features))

    def reset(self, seed: int) -> None:  # noqa: ARG002 - the protocol's argument
        """Forget the last readings. The seed is not used."""
        self._above.clear()

    def decide(self, observation: Observation) -> Decision:
        """Act where the averages have crossed since the last known bar."""
        intents: dict[str, Intent] = {}
        above, symbols = self._above, observation.symbols
        for asset, row in enumerate(self._columns.rows(observation)):
            if row is None or row[0] == row[1]:
                continue
            symbol, now = symbols[asset], row[0] > row[1]
            before = above.get(symbol)
            if before is now:
                continue
            above[symbol] = now
            if before is None:
                continue
            side = self.allowed(1 if now else -1)
            if side != side_of(observation.account.quantity.item(asset)):
                intents[symbol] = self.intent(side, len(symbols), row[2])
        return Decision(intents) if intents else HOLD


@dataclass(frozen=True)
class Donchian(EqualWeight):
    """Long when the close breaks the highest high of the ``entry`` bars before, short when the lowest low.

    A long is left when the close falls below the lowest low of the ``exit`` bars before,
    a short when it rises above their highest high. Every bar may be a new breakout, so
    after a stop-out the next close beyond the channel enters again. Where shorts are not
    allowed, a breakout below means flat.

    Parameters
    ----------
    entry, exit : int, bars
        The channel's length on the way in and on the way out.

    Raises
    ------
    InvalidOption
        If a length is below 1, or ``exit`` is above ``entry``.
    """

    entry: int = 55
    exit: int = 20
    name: ClassVar[str] = "donchian"
    features: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _columns: Columns = field(init=False, repr=False, compare=False)
    _channels: dict[str, tuple[float, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.exit <= self.entry:
            raise InvalidOption(f"channels of {self.entry} and {self.exit} bars", "1 <= exit <= entry", "use 55 and 20")
        channel = dict.fromkeys(f"donchian_{edge}_{n}" for n in (self.entry, self.exit) for edge in ("high", "low"))
        object.__setattr__(self, "features", ("close", *channel))
        object.__setattr__(self, "_columns", Columns(self.features))

    def reset(self, seed: int) -> None:  # noqa: ARG002 - the protocol's argument
        """Forget the channels. The seed is not used."""
        self._channels.clear()

    def decide(self, observation: Observation) -> Decision:
        """Compare each close with the channel as it stood one known bar before."""
        intents: dict[str, Intent] = {}
        symbols, channels, quantity = observation.symbols, self._channels, observation.account.quantity.tolist()
        for asset, row in enumerate(self._columns.rows(observation)):
            if row is None:
                continue
            symbol = symbols[asset]
            before = channels.get(symbol)
            channels[symbol] = row[1:]
            if before is None:
                continue
            held = side_of(quantity[asset])
            side = self._side(row[0], before, held)
            if side != held:
                intents[symbol] = self.intent(side, len(symbols), row[0])
        return Decision(intents) if intents else HOLD

    def _side(self, close: float, channel: tuple[float, ...], held: int) -> int:
        """The side wanted at ``close``; the channel is (high, low) in, then out where it differs."""
        high, low, exit_high, exit_low = *channel[:2], *channel[-2:]
        if close > high:
            return 1
        if close < low:
            return self.allowed(-1)
        if (held > 0 and close < exit_low) or (held < 0 and close > exit_high):
            return 0
        return held
