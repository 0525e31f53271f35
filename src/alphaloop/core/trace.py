"""Traces: what happened, all that learning may use. Facts only; rewards never.

Every step leaves one row of bytes, which is also what is hashed: its observation's digest,
the positions, the time and the money. Only steps where something was decided, cut, ordered
or filled carry those records as well.
"""

import json
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from struct import Struct
from typing import NamedTuple

import numpy as np

from alphaloop.core.account import AccountView
from alphaloop.core.decision import Decision
from alphaloop.core.market import Floats, Ints
from alphaloop.core.observation import Observation
from alphaloop.core.orders import PLAIN, Fill, Order

_THREE = Struct("3d").pack


class Step(NamedTuple):
    """One turn of the loop. ``fills`` answer orders of earlier steps."""

    now: int
    observation: Observation
    proposed: Decision
    allowed: Decision
    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    account: AccountView


class Event(NamedTuple):
    """The records of a step in which something happened; ``step`` is its row."""

    step: int
    proposed: Decision
    allowed: Decision
    orders: tuple[Order, ...]
    fills: tuple[Fill, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """What must be known to run the same session again."""

    policy: str
    symbols: tuple[str, ...]
    timeframe: str
    seed: int
    schema_hash: str
    rules_hash: str
    market_digest: str
    code_version: str
    table_versions: tuple[tuple[str, int], ...] = ()
    start_cash: float = 0.0
    options: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Trace:
    """A growing record of one session.

    Examples
    --------
    >>> header = Header("flat", ("X",), "5m", 0, "", "", "", "0")
    >>> len(Trace(header).equity)
    0
    """

    header: Header
    events: list[Event] = field(default_factory=list)
    _rows: list[bytes] = field(default_factory=list)  # not tuples: the garbage collector would walk them

    def record(self, step: Step) -> None:
        """Append one step."""
        now, observation, proposed, allowed, orders, fills, account = step
        if fills or orders or proposed.intents or allowed.cuts:
            self.events.append(Event(len(self._rows), proposed, allowed, orders, fills))
        self._rows.append(observation.digest() + account.quantity.tobytes() + _THREE(now, account.equity, account.cash))

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def now(self) -> Ints:
        """Decision times, shape (T,), microseconds UTC."""
        return self._table()[:, -3].astype(np.int64)

    @property
    def equity(self) -> Floats:
        """Equity at each step, shape (T,), quote currency."""
        return self._table()[:, -2].copy()

    @property
    def cash(self) -> Floats:
        """Cash at each step, shape (T,), quote currency."""
        return self._table()[:, -1].copy()

    @property
    def quantity(self) -> Floats:
        """Positions at each step, shape (T, A), base units."""
        return self._table()[:, 2:-3].copy()

    def _table(self) -> Floats:
        """The rows as numbers, shape (T, 2 + A + 3): digest, positions, time (exact below 2**53), equity, cash."""
        return np.frombuffer(b"".join(self._rows)).reshape(len(self._rows), len(self.header.symbols) + 5)

    @property
    def fills(self) -> list[Fill]:
        """All fills and funding payments, oldest first."""
        return [fill for event in self.events for fill in event.fills]

    def digest(self) -> str:
        """SHA-256 over header and steps: same seed and same data, same digest."""
        state = sha256(json.dumps(asdict(self.header), sort_keys=True).encode())
        for row in self._rows:
            state.update(row)
        for event in self.events:
            state.update(repr((event.step, event.orders, event.fills)).encode())
            for decision in (event.proposed, event.allowed):
                intents = sorted((symbol, _plain(intent)) for symbol, intent in decision.intents.items())
                state.update(repr((intents, decision.cuts)).encode())
        return state.hexdigest()


def _plain(intent: object) -> str:
    """An intent as text that does not depend on how its mapping was made; plain terms go without saying."""
    fields = {name: getattr(intent, name) for name in intent.__slots__}  # type: ignore[attr-defined]
    if fields["terms"] == PLAIN:
        del fields["terms"]
    return repr({name: dict(value) if name == "timeframes" else value for name, value in fields.items()})
