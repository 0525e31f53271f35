"""The forecast policy: what models expect, after cost, as a position that moves only when it pays.

    target = the nearest to the last one within  share * wanted +- share * band

The last one is what was asked for, or what is held where that is a whole band away. ``wanted``
is what the open forecasts add up to (:mod:`alphaloop.policies.forecast.book`); nothing wanted
is nothing held. What of a target may stand is for the risk chain to say.
"""

from dataclasses import dataclass, field
from math import inf
from typing import ClassVar

from alphaloop.core.decision import HOLD, Action, Decision, Intent, Vote
from alphaloop.core.errors import InvalidOption
from alphaloop.core.observation import Observation
from alphaloop.policies.forecast.book import Book
from alphaloop.policies.forecast.voices import Ear, Opinion, Voice

_STILL = 1e-12  # change of a target below which nothing is asked, fraction of equity


@dataclass(frozen=True, eq=False, kw_only=True)
class ForecastPolicy:
    """Trades what one or more models forecast.

    A forecast opens a position where it passes the gate of its horizon and its own cost, in
    proportion to its size, for as long as its horizon. An observation of another schema, a
    window too empty, a model that fails: the model abstains, its vote says why, nothing new
    is opened, and what is open still ends with its horizon.

    Parameters
    ----------
    voices : tuple of Voice
    schema_hash : str
        Of the observations it may read: of :attr:`features`, in their order.
    cost : float, fraction of the price
        Of entering and leaving together. A forecast below it is never traded.
    weight : float, optional, fraction of equity
        Largest position of a symbol; 1 / (number of symbols) when left out.
    allow_short : bool
        Where false, a wish to be short means flat.
    band : float, 0 to below 1
        Half-width of the band in which a position is left alone, as a share of the largest one.
    full : float, >= 1
        Expected return at which the largest position is wanted, in units of the least that opens one.
    fade : float, 0 to 1
        Last part of a horizon over which its position falls to nothing; 0: it is closed at once.
    leverage : float, >= 1
        Of each intent.

    Raises
    ------
    InvalidOption
        If there is no voice, two are named alike, or a number is out of range.
    """

    voices: tuple[Voice, ...]
    schema_hash: str
    cost: float = 0.0012
    weight: float | None = None
    allow_short: bool = True
    band: float = 0.2
    full: float = 2.0
    fade: float = 0.0
    leverage: float = 1.0
    name: ClassVar[str] = "forecast"
    features: tuple[str, ...] = field(init=False, repr=False)
    lookback: int = field(init=False, repr=False)
    _ears: tuple[Ear, ...] = field(init=False, repr=False)
    _books: dict[str, Book] = field(init=False, repr=False, default_factory=dict)
    _asked: dict[str, float] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        sources = [voice.source for voice in self.voices]
        if not sources or len(set(sources)) != len(sources):
            raise InvalidOption(f"voices {sources}", "one or more, each named once", "")
        sound = (
            0 <= self.cost < 1
            and (self.weight is None or 0 < self.weight < inf)
            and 0 <= self.band < 1
            and 1 <= self.full < inf
            and 0 <= self.fade <= 1
            and 1 <= self.leverage < inf
        )
        if not sound:
            found = f"cost {self.cost}, weight {self.weight}, band {self.band}, full {self.full}, fade {self.fade}"
            expected = (
                "a cost and band of 0 to below 1, a weight above 0, full and leverage of 1 or more, fade in [0, 1]"
            )
            raise InvalidOption(f"{found}, leverage {self.leverage}", expected, "")
        every = dict.fromkeys(name for voice in self.voices for name in voice.features)
        object.__setattr__(self, "features", tuple(every))
        object.__setattr__(self, "lookback", max(voice.lookback for voice in self.voices))
        object.__setattr__(self, "_ears", tuple(Ear(voice, self.cost, self.full) for voice in self.voices))

    @property
    def learnt_until(self) -> int:
        """The last instant any model has learnt from, microseconds UTC: no test may begin before it."""
        return max(voice.learnt_until for voice in self.voices)

    def reset(self, seed: int) -> None:  # noqa: ARG002 - the protocol's argument
        """Nothing is open, nobody has spoken. The seed is not used."""
        self._books.clear()
        self._asked.clear()
        for ear in self._ears:
            ear.forget()

    def decide(self, observation: Observation) -> Decision:
        """Hear every model on every symbol, and move what has left its band."""
        votes: list[Vote] = []
        intents: dict[str, Intent] = {}
        readable = observation.schema_hash == self.schema_hash
        if not readable:
            votes = [Vote(one.source, {}, f"features of schema {observation.schema_hash[:12]}") for one in self.voices]
        weights = observation.account.weights.tolist()
        for asset, symbol in enumerate(observation.symbols):
            book = self._books.setdefault(symbol, Book())
            if readable:
                book.hear(self._heard(observation, asset, votes), observation.now, allow_short=self.allow_short)
            intent = self._intent(book, observation, asset, weights[asset])
            if intent is not None:
                intents[symbol] = intent
        return Decision(intents, tuple(votes)) if intents or votes else HOLD

    def _heard(self, observation: Observation, asset: int, votes: list[Vote]) -> list[Opinion]:
        """All opinions on one symbol; who abstains is written among the votes."""
        opinions: list[Opinion] = []
        for ear in self._ears:
            said = ear.hear(observation, asset)
            if isinstance(said, str):
                votes.append(Vote(ear.voice.source, {}, said))
            else:
                opinions += said
        return opinions

    def _intent(self, book: Book, observation: Observation, asset: int, held: float) -> Intent | None:
        """The change that is due, if one is."""
        if not book:  # nobody has said anything of it yet
            return None
        share = self.weight if self.weight is not None else 1.0 / len(observation.symbols)
        wanted, width = share * book.wanted(observation.now, self.fade), share * self.band
        asked = self._asked.get(observation.symbols[asset], 0.0)
        # Prices move a position a little every bar: until it is a whole band away, what was asked for still stands.
        stands = asked if abs(held - asked) <= width else held
        target = _nearest(stands, wanted, width)
        self._asked[observation.symbols[asset]] = target
        if abs(target - stands) <= _STILL and (target or not observation.account.quantity[asset]):
            return None
        side = wanted or target
        return Intent(
            Action.BUY if target > 0 else Action.SELL if target < 0 else Action.CLOSE,
            target,
            self.leverage,
            confidence=book.sure(side) if side else 100.0,
            reasoning=f"{book.words()}; wanted {wanted:+.3f} of equity",
            timeframes=book.sides(),
            model_sources=book.sources(),
        )


def _nearest(now: float, wanted: float, width: float) -> float:
    """The nearest to ``now`` within the band of ``wanted``, which never reaches over to the other side.

    Examples
    --------
    >>> _nearest(0.0, 0.5, 0.2), _nearest(0.6, 0.5, 0.2), _nearest(-0.05, 0.1, 0.2), _nearest(0.1, 0.0, 0.2)
    (0.3, 0.6, 0.0, 0.0)
    """
    if not wanted:
        return 0.0
    low, high = wanted - width, wanted + width
    low, high = (max(low, 0.0), high) if wanted > 0 else (low, min(high, 0.0))
    return min(max(now, low), high)
