"""The contract: every feature the house knows, declared once, found by name.

A name is a stem and its whole numbers: ``ret_12``, ``vol_48``, ``macd_12_26_9``. Where a
family has customary numbers they may be left out: ``macd``, ``rsi``, ``bb_pct``. What is
made from other lake tables than bars has no numbers: ``funding_rate``. A schema is an
ordered choice of names; its hash changes when any declaration behind it does.

Lookback counts the asset's own bars: an absent bar is skipped, never filled, so that a
feature of one asset does not depend on which others are in the market. After a hole
longer than :data:`~alphaloop.features.windows.LONGEST_HOLE_US` (and 12 bars) memory begins anew.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from hashlib import sha256

from alphaloop.core.errors import InvalidOption, UnknownName
from alphaloop.features.bars import direction, distance, indicators, price, volatility, volume
from alphaloop.features.facts import Declared, SourceFamily
from alphaloop.features.family import Family
from alphaloop.features.sources.derivatives import Derivatives
from alphaloop.features.sources.events import EventFamily
from alphaloop.features.sources.flow import Flow
from alphaloop.features.sources.latent import LatentFamily
from alphaloop.features.sources.onchain import Onchain
from alphaloop.features.sources.regime import Regime
from alphaloop.features.sources.social import SocialFamily
from alphaloop.features.sources.timeframes import LONG_FRAME, SHORT_FRAME
from alphaloop.features.windows import LONGEST_HOLE_BARS, LONGEST_HOLE_US

VERSION = 1  # of the rules common to all features: holes, warm-up, what NaN means
LARGEST_PARAM = 100_000  # a year of 5m bars; more is a slip of the keyboard

FAMILIES: tuple[Family, ...] = (
    *price.FAMILIES,
    *volatility.FAMILIES,
    *volume.FAMILIES,
    *indicators.FAMILIES,
    *direction.FAMILIES,
    *distance.FAMILIES,
)
SOURCES: tuple[SourceFamily, ...] = (
    Flow(),
    Derivatives(),
    Onchain(),
    EventFamily(),
    SocialFamily(),
    LatentFamily(),
    Regime(),
    LONG_FRAME,
    SHORT_FRAME,
)
_STEMS = {column.stem: (family, part) for family in FAMILIES for part, column in enumerate(family.columns)}
_DECLARED = {one.name: (family, part, one) for family in SOURCES for part, one in enumerate(family.declared)}

FULL_BARS: tuple[str, ...] = (
    *(f"ret_{n}" for n in (1, 3, 12, 48, 96, 288)),
    *(f"vol_{n}" for n in (3, 12, 48, 96, 288)),
    *("ret_accel_1_3", "ret_accel_3_12", "ret_accel_12_48"),
    *("vol_term_3_12", "vol_term_12_48", "vol_term_48_288"),
    *("log_volume", "vol_z", "volume_impact"),
    *("rsi_14", "rsi_48", "macd", "macd_signal", "macd_hist", "bb_pct_20", "bb_width_20", "bb_pct_96", "bb_width_96"),
    *("atr_14", "atr_96", "sma_20", "sma_96", "ema_12", "ema_48", "ema_288"),
    *("donchian_high_20", "donchian_low_20", "donchian_high_96", "donchian_low_96"),
    *("adx_14", "adx_48", "plus_di_14", "minus_di_14", "stoch_k", "stoch_d", "stoch_k_96_3_3", "stoch_d_96_3_3"),
    *(f"{stem}_{n}" for stem in ("sma_dist", "ema_dist", "vwap_dist") for n in (12, 48, 288)),
    *("obv_48", "obv_288"),
)
"""Features of bars in the full matrix; the document's own names and numbers come first."""


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
        Bar columns it reads, or ``table.column`` each.
    lookback : int, bars
        Earlier bars of the asset needed before the first value; of a source, those it reads.
    missing : str
        What a missing value means.
    formula : str
    params : tuple of int
    kernel : Family or SourceFamily
        Where it is computed: from bars alone, or from lake tables too.
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
    kernel: Family | SourceFamily = field(repr=False)
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
    if name in _DECLARED:
        return _of_source(*_DECLARED[name])
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


def _of_source(family: SourceFamily, part: int, one: Declared) -> Feature:
    return Feature(
        one.name,
        family.name,
        one.modality,
        one.unit,
        one.inputs,
        family.memory_bars,
        one.missing,
        one.formula,
        (),
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
    near = get_close_matches(stem, [*_STEMS, *_DECLARED], n=3, cutoff=0.5)
    return "one of " + ", ".join(pattern(found) for found in near or sorted([*_STEMS, *_DECLARED]))


def pattern(stem: str) -> str:
    """The stem with its parameters by name, e.g. ``ret_{n}``; of a source, the name itself."""
    if stem in _DECLARED:
        return stem
    family, _ = _STEMS[stem]
    return "_".join([stem, *("{" + param.name + "}" for param in family.params)])


def full() -> "Schema":
    """The schema of the full matrix: features of bars, then every source's, in the order of declaration.

    Examples
    --------
    >>> full().names[:2]
    ('ret_1', 'ret_3')
    """
    return Schema((*FULL_BARS, *_DECLARED))


def described(schema: "Schema") -> list[dict[str, object]]:
    """One row per feature of a schema, for ``alphaloop features list``.

    Examples
    --------
    >>> described(Schema(["ret_12"]))[0]["lookback"]
    12
    """
    names = ("name", "family", "modality", "unit", "inputs", "lookback", "missing", "formula")
    rows = [{name: getattr(feature, name) for name in names} for feature in schema.features]
    return [row | {"inputs": " ".join(row["inputs"])} for row in rows]


def listing() -> list[dict[str, str]]:
    """One row per declared column of a family of bars, with its parameters by name.

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

    @property
    def sources(self) -> tuple[SourceFamily, ...]:
        """The families of the schema that read lake tables, each once."""
        return tuple({one.family: one.kernel for one in self.features if not isinstance(one.kernel, Family)}.values())


def _declaration(features: tuple[Feature, ...]) -> list[object]:
    rules = [VERSION, LONGEST_HOLE_US, LONGEST_HOLE_BARS]
    return [rules, [_one(feature) for feature in features]]


def _one(feature: Feature) -> list[object]:
    family = feature.kernel
    if isinstance(family, Family):
        return [feature.name, family.version, feature.unit, feature.inputs, feature.params, feature.lookback]
    declared = [feature.name, feature.modality, feature.unit, feature.formula, feature.inputs, feature.missing]
    return [family.name, family.memory_us, family.memory_bars, *declared]
