"""Manifests: which windows one vouches for."""

import pytest

from alphaloop.app.manifest import Manifest


def manifest(start=None, end=None):
    return Manifest("X", "5m", "v", "h", ["a"], "0", 1, start, end, {"market_bars": 3}, {"market_bars": [1, 2]})


@pytest.mark.parametrize(
    ("built", "asked", "covers", "reaches"),
    [
        ((None, None), (None, None), True, True),
        ((None, None), (10, 20), True, True),
        ((10, 20), (10, 20), True, True),
        ((10, 20), (12, 18), True, True),
        ((10, 20), (None, 20), False, False),
        ((10, 20), (9, 20), False, False),
        ((10, 20), (10, 21), False, True),
        ((10, 20), (20, None), False, True),
        ((10, 20), (21, None), False, False),
        ((None, 20), (None, None), False, True),
        ((10, None), (15, None), True, True),
    ],
)
def test_windows(built, asked, covers, reaches):
    one = manifest(*built)

    assert (one.covers(*asked), one.reaches(asked[0])) == (covers, reaches)


def test_a_file_comes_back_and_a_broken_one_is_none(tmp_path):
    path = tmp_path / "deep" / "X.json"
    manifest(10, 20).write(path)

    assert Manifest.read(path) == manifest(10, 20)
    path.write_text("{")
    assert Manifest.read(path) is None
    assert Manifest.read(tmp_path / "none.json") is None
