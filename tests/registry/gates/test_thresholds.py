from dataclasses import fields
from pathlib import Path

import pytest

from alphaloop.core.errors import InvalidOption, UnknownName, UnreadableFile
from alphaloop.registry.gates.thresholds import FILE, Thresholds, load, parse


def test_without_a_file_the_defaults_stand(tmp_path: Path) -> None:
    assert load(tmp_path) == Thresholds()


def test_a_file_overrides_what_it_names(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('min_trades = 100\nmin_ic = 0\nrequired_backbones = ["ridge", "gbm"]\n')

    expected = Thresholds(min_trades=100, min_ic=0.0, required_backbones=("ridge", "gbm"), origin=FILE)

    assert load(tmp_path) == expected


def test_every_field_has_a_unit_and_a_reason() -> None:
    told = [one for one in fields(Thresholds) if one.name != "origin"]

    assert all(one.metadata["unit"] and len(one.metadata["why"]) > 20 for one in told)


@pytest.mark.parametrize("key", ["min_sharp", "origin", "thresholds"])
def test_unknown_keys_are_refused(key: str) -> None:
    with pytest.raises(UnknownName, match=key):
        parse(f"{key} = 1")


@pytest.mark.parametrize(
    "text",
    [
        "min_trades = 1.5",
        "min_trades = true",
        'min_dsr = "0.9"',
        "min_dsr = 1.5",
        "min_dsr = nan",
        "max_drawdown = inf",
        "min_trades = -1",
        'required_backbones = "ridge"',
        "required_backbones = [1]",
        "track_confidence = 0.4",
    ],
)
def test_values_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(InvalidOption):
        parse(text)


def test_text_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("min_trades: 3")

    with pytest.raises(UnreadableFile, match=FILE):
        load(tmp_path)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe\x00")

    with pytest.raises(UnreadableFile, match=FILE):
        load(tmp_path)
