"""The contract: every feature the house knows, declared once, found by name.

A name is a stem and its whole numbers: ``ret_12``, ``vol_48``, ``macd_12_26_9``. Where a
family has customary numbers they may be left out: ``macd``, ``rsi``, ``bb_pct``. A schema
is an ordered choice of names; its hash changes when any declaration behind it does.

Lookback counts the asset's own bars: an absent bar is skipped, never filled, so that a
feature of one asset does not depend on which others are in the market. After a hole
longer than :data:`LONGEST_HOLE_US` (and 12 bars) memory begins anew.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from hashlib import sha256

from alphaloop.core.errors import InvalidOption, UnknownName
from alphaloop.core.time import DAY_US, Timeframe
from alphaloop.features.bars import indicators, price, volatility, volume
from alphaloop.features.family import Family

VERSION = 1  # of the rules common to all features: holes, warm-up, what NaN means
LONGEST_HOLE_US = 7 * DAY_US  # longer than any exchange holiday
LONGEST_HOLE_BARS = 12
LARGEST_PARAM = 100_000  # a year of 5m bars; more is a slip of the keyboard

FAMILIES: tuple[Family, ...] = (*price.FAMILIES, *volatility.FAMILIES, *volume.FAMILIES, *indicators.FAMILIES)
_STEMS = {column.stem: (family, part) for family in FAMILIES for part, column in enumerate(family.columns)}


@dataclass(frozen=True, slots=True)
class Feature:
    """One column, resolved from its name.

    Parameters
    ----------
    name : str
    family : str
    modality : str
        Kind of fact it is made from.
    unit : str
    inputs : tuple of str
        Bar columns it reads.
    lookback : int, bars
        Earlier bars of the asset needed before the first value.
    missing : str
        What a missing value means.
    formula : str
    params : tuple of int
    kernel : Family
        Where it is computed.
    part : int
        Its column in that family.
    """

    name: str
    family: str
    modality: str
    unit: str
    inputs: tuple[str, ...]
    lookback: int
    missing: str
    formula: str
    params: tuple[int, ...]
    kernel: Family = field(repr=False)
    part: int = 0


@lru_cache(maxsize=4096)
def resolve(name: str) -> Feature:
    """The feature called ``name``.

    Raises
    ------
    UnknownName
        If no family has that name; the message holds the nearest ones.
    InvalidOption
        If the family exists and its numbers make no sense.

    Examples
    --------
    >>> feature = resolve("ret_12")
    >>> feature.family, feature.unit, feature.lookback
    ('returns', 'fraction', 12)
    >>> resolve("macd").params
    (12, 26, 9)
    """
    match = re.fullmatch(r"(.+?)((?:_\d+)*)", name)
    if match is None or match[1] not in _STEMS:
        raise UnknownName(f"feature '{name}'", _nearest(name), "see: alphaloop features list")
    family, part = _STEMS[match[1]]
    params = _params(name, match[2], family)
    column = family.columns[part]
    return Feature(
        name,
        family.name,
        family.modality,
        column.unit,
        family.inputs,
        family.lookback(*params),
        family.missing,
        column.formula,
        params,
        family,
        part,
    )


def _params(name: str, text: str, family: Family) -> tuple[int, ...]:
    given = text.split("_")[1:]
    defaults = tuple(param.default for param in family.params if param.default is not None)
    if not given and len(defaults) == len(family.params):
        return defaults
    wanted = " ".join(f"{param.name} >= {param.least}" for param in family.params)
    if len(given) != len(family.params) or any(number.startswith("0") for number in given):
        expected = f"whole numbers for: {wanted}" if wanted else "no numbers"
        raise InvalidOption(f"feature '{name}'", expected, "see: alphaloop features list")
    params = tuple(int(number) for number in given)
    sound = all(param.least <= n <= LARGEST_PARAM for param, n in zip(family.params, params, strict=True))
    rising = params[: family.ascending]
    if not sound or list(rising) != sorted(set(rising)):
        order = f", the first {family.ascending} ascending" if family.ascending else ""
        raise InvalidOption(f"feature '{name}'", f"{wanted}, at most {LARGEST_PARAM}{order}", "correct the numbers")
    return params


def _nearest(name: str) -> str:
    stem = re.sub(r"(_\d+)+$", "", name)
    near = get_close_matches(stem, _STEMS, n=3, cutoff=0.5)
    return "one of " + ", ".join(pattern(found) for found in near or sorted(_STEMS))


def pattern(stem: str) -> str:
    """The stem with its parameters by name, e.g. ``ret_{n}``."""
    family, _ = _STEMS[stem]
    return "_".join([stem, *("{" + param.name + "}" for param in family.params)])


def listing() -> list[dict[str, str]]:
    """One row per declared column, for ``alphaloop features list``.

    Examples
    --------
    >>> listing()[1]["name"], listing()[1]["formula"]
    ('ret_{n}', 'close / close[-n] - 1')
    """
    return [
        {
            "name": pattern(stem),
            "default": stem if family.params and all(param.default for param in family.params) else "",
            "family": family.name,
            "modality": family.modality,
            "unit": family.columns[part].unit,
            "inputs": " ".join(family.inputs),
            "formula": family.columns[part].formula,
            "missing": family.missing,
        }
        for stem, (family, part) in _STEMS.items()
    ]


@dataclass(frozen=True, slots=True)
class Schema:
    """An ordered choice of features.

    Parameters
    ----------
    names : iterable of str
        Without repetition; may be empty.

    Raises
    ------
    UnknownName
        If a feature is unknown.
    InvalidOption
        If a name appears twice.

    Examples
    --------
    >>> schema = Schema(("ret_1", "vol_12"))
    >>> len(schema.hash), schema.lookback
    (64, 12)
    >>> schema.hash == Schema(("vol_12", "ret_1")).hash
    False
    """

    names: tuple[str, ...]
    features: tuple[Feature, ...] = field(init=False, repr=False, compare=False)
    hash: str = field(init=False, compare=False)

    def __init__(self, names: Iterable[str]) -> None:
        chosen = tuple(names)
        if len(set(chosen)) != len(chosen):
            twice = sorted({name for name in chosen if chosen.count(name) > 1})
            raise InvalidOption(f"features {twice} more than once", "each name once", "remove the repetition")
        features = tuple(resolve(name) for name in chosen)
        object.__setattr__(self, "names", chosen)
        object.__setattr__(self, "features", features)
        object.__setattr__(self, "hash", sha256(json.dumps(_declaration(features)).encode()).hexdigest())

    @property
    def lookback(self) -> int:
        """Earlier bars needed until every column has its first value."""
        return max((feature.lookback for feature in self.features), default=0)


def _declaration(features: tuple[Feature, ...]) -> list[object]:
    rules = [VERSION, LONGEST_HOLE_US, LONGEST_HOLE_BARS]
    rows = [[one.name, one.kernel.version, one.unit, one.inputs, one.params, one.lookback] for one in features]
    return [rules, rows]


def longest_hole_us(timeframe: Timeframe) -> int:
    """The longest time between two opens of an asset that its memory bridges, microseconds.

    Examples
    --------
    >>> longest_hole_us(Timeframe.parse("5m")) // DAY_US, longest_hole_us(Timeframe.parse("1w")) // DAY_US
    (7, 84)
    """
    return max(LONGEST_HOLE_US, LONGEST_HOLE_BARS * timeframe.us)
