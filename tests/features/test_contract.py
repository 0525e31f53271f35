"""Names, numbers, hashes."""

import dataclasses

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, UnknownName
from alphaloop.features import contract
from alphaloop.features.contract import FAMILIES, Schema, listing, pattern, resolve
from alphaloop.features.matrix import compute_arrays
from tests.features.builders import ALL, random_market


def test_a_name_is_a_stem_and_its_numbers():
    assert resolve("vol_term_12_96").params == (12, 96)
    assert resolve("vol_12").family == "volatility"
    assert resolve("vol_z_48").family == "volume score"
    assert resolve("macd_signal_5_9_4").part == 1


def test_customary_numbers_may_be_left_out():
    assert [resolve(name).params for name in ("macd", "rsi", "atr", "bb_pct", "vol_z")] == [
        (12, 26, 9),
        (14,),
        (14,),
        (20,),
        (96,),
    ]


def test_an_unknown_name_says_what_is_near():
    with pytest.raises(UnknownName, match=r"donchain_high_20.*donchian_high_\{n\}"):
        resolve("donchain_high_20")


def test_a_name_like_nothing_lists_everything():
    with pytest.raises(UnknownName, match=r"atr_\{n\}.*vol_\{n\}"):
        resolve("zzz")


@pytest.mark.parametrize(
    "name",
    ["ret", "ret_0", "ret_012", "ret_1_2", "vol_1", "rsi_1", "close_3", "ret_100001", "ret_accel_12_3", "macd_26_12_9",
     "vol_term_5_5"],
)  # fmt: skip
def test_numbers_without_sense_are_refused(name):
    with pytest.raises(InvalidOption, match=name):
        resolve(name)


@pytest.mark.parametrize("name", ["", "_", "_12", "ret_", "ret_-1", "RET_1", "ret_1 "])
def test_malformed_names_are_unknown(name):
    with pytest.raises(UnknownName):
        resolve(name)


def test_no_name_twice():
    with pytest.raises(InvalidOption, match="ret_1"):
        Schema(["ret_1", "vol_3", "ret_1"])


def test_the_empty_schema_is_sound():
    assert (Schema([]).names, Schema([]).lookback) == ((), 0)


def test_the_hash_knows_order_numbers_and_rules(monkeypatch):
    first = Schema(["ret_1", "vol_12"]).hash

    assert Schema(("ret_1", "vol_12")).hash == first
    assert len({first, Schema(["vol_12", "ret_1"]).hash, Schema(["ret_1", "vol_48"]).hash, Schema(["ret_1"]).hash}) == 4
    monkeypatch.setattr(contract, "VERSION", contract.VERSION + 1)
    assert Schema(["ret_1", "vol_12"]).hash != first


def test_the_hash_knows_the_version_of_a_family(monkeypatch):
    first = Schema(["ret_1"]).hash
    family, part = contract._STEMS["ret"]
    contract.resolve.cache_clear()
    monkeypatch.setitem(contract._STEMS, "ret", (dataclasses.replace(family, version=family.version + 1), part))

    changed = Schema(["ret_1"]).hash

    contract.resolve.cache_clear()
    assert changed != first


def test_the_hash_is_the_same_on_every_machine():
    assert Schema(["close"]).hash == "2f1f4b94ba75f1c132ffd171fee7bb5d3963f0fd3059eb1d4527fb97138c1bd0"


def test_stems_are_unique_and_all_listed():
    stems = [column.stem for family in FAMILIES for column in family.columns]

    assert len(set(stems)) == len(stems)
    assert [row["name"] for row in listing()] == [pattern(stem) for stem in stems]
    assert all(row[key] for row in listing() for key in ("family", "modality", "unit", "inputs", "formula", "missing"))


def test_defaults_are_listed():
    defaults = {row["default"] for row in listing()}

    assert {"rsi", "macd", "bb_pct", "atr", "vol_z"} <= defaults
    assert all(resolve(name).name == name for name in defaults - {""})


@pytest.mark.parametrize("name", [*ALL, "macd", "rsi_2", "vol_term_3_40"])
def test_the_first_value_comes_after_lookback_bars(name):
    mask = compute_arrays(random_market(3, 120, assets=1), Schema([name]))[1][:, 0, 0]

    assert int(np.argmax(mask)) == resolve(name).lookback
    assert mask[resolve(name).lookback :].all()
