"""Encoders on disk: whole or not at all, and as they were written."""

import json

import numpy as np
import pytest

from alphaloop.core.errors import NoData, UnreadableFile
from alphaloop.features.sources.encoder import artifact
from alphaloop.features.sources.encoder.artifact import load_encoder, save_encoder
from alphaloop.features.sources.encoder.pca import MarketEncoder
from tests.features.sources.worlds import BASE, FIVE


@pytest.fixture
def encoder():
    rng = np.random.default_rng(0)
    return MarketEncoder(
        FIVE, BASE, BASE + 10**9, ("A", "B"), np.ones(3), rng.standard_normal((4, 3, 2)), np.zeros(2), np.ones(2) / 2
    )


def test_there_and_back(encoder, tmp_path):
    place = save_encoder(encoder, tmp_path / "encoders")

    again = load_encoder(place)

    assert place.name == encoder.model
    assert (again.hash, again.model, again.symbols) == (encoder.hash, encoder.model, encoder.symbols)
    assert again.weights.tobytes() == encoder.weights.tobytes()
    card = json.loads((place / "encoder.json").read_text())
    assert (card["trained_on"][0], card["timeframe"], card["window"]) == ("2024-10-04T00:00:00Z", "5m", 4)


def test_twice_is_once(encoder, tmp_path):
    first = save_encoder(encoder, tmp_path)
    written = (first / "weights.npz").stat().st_mtime_ns

    assert save_encoder(encoder, tmp_path) == first
    assert (first / "weights.npz").stat().st_mtime_ns == written
    assert [one.name for one in tmp_path.iterdir()] == [encoder.model]


def test_a_write_that_fails_leaves_nothing(encoder, tmp_path, monkeypatch):
    def full(*_args, **_named):
        raise OSError("no space left on device")

    monkeypatch.setattr(artifact.np, "savez", full)

    with pytest.raises(OSError, match="no space"):
        save_encoder(encoder, tmp_path)
    assert list(tmp_path.iterdir()) == []


def cut(place):
    file = place / "weights.npz"
    file.write_bytes(file.read_bytes()[:200])


def other_weights(place):
    stored = dict(np.load(place / "weights.npz"))
    np.savez(place / "weights.npz", **{**stored, "bias": stored["bias"] + 1e-12})


def other_end(place):
    card = json.loads((place / "encoder.json").read_text())
    (place / "encoder.json").write_text(json.dumps({**card, "until_us": card["until_us"] - 1}))


@pytest.mark.parametrize(
    "harm",
    [
        cut,
        other_weights,
        other_end,
        lambda place: (place / "weights.npz").unlink(),
        lambda place: (place / "encoder.json").write_text("{"),
        lambda place: (place / "encoder.json").write_text("[]"),
        lambda place: (place / "weights.npz").write_bytes(b""),
    ],
)
def test_harm_is_noticed(encoder, tmp_path, harm):
    place = save_encoder(encoder, tmp_path)
    harm(place)

    with pytest.raises(UnreadableFile, match="encoder"):
        load_encoder(place)


def test_nothing_there(tmp_path):
    with pytest.raises(NoData):
        load_encoder(tmp_path / "none")
