"""Embedders: the hashed one, and the optional sentence model by a tiny stand-in."""

import builtins
import sys
from hashlib import sha256
from types import ModuleType, SimpleNamespace

import numpy as np
import polars as pl
import pytest

from alphaloop.core.errors import InvalidOption, MissingExtra, SchemaViolation
from alphaloop.features.sources.words.embedding import Embedder, HashedText, SentenceModel, load_sentence_model
from alphaloop.features.sources.words.posts import bucket_posts
from tests.features.sources.worlds import post, table

TEXTS = pl.Series(["ab", "bba", ""])


def letters(texts):
    return np.array([[text.count("a"), text.count("b"), len(text)] for text in texts], dtype=float)


def test_both_are_embedders():
    assert isinstance(HashedText(), Embedder)
    assert isinstance(SentenceModel("m", letters), Embedder)
    assert HashedText().name == "hash32-v1"


def test_a_dimension_of_nothing_is_refused():
    with pytest.raises(InvalidOption):
        HashedText(0)


def test_a_sentence_model_projects_to_length_one():
    model = SentenceModel("tiny@1", letters, dimension=5)

    made = model.embed(TEXTS)

    assert (model.name, made.shape) == ("tiny@1-p5", (3, 5))
    np.testing.assert_allclose((made**2).sum(axis=1), [1, 1, 0])
    assert np.array_equal(made, SentenceModel("tiny@1", letters, dimension=5).embed(TEXTS))
    assert model.embed(pl.Series([], dtype=pl.String)).shape == (0, 5)


def test_angles_are_kept_on_average():
    wide = np.random.default_rng(0).standard_normal((60, 300))
    made = SentenceModel("m", lambda texts: wide[: len(texts)], dimension=128).embed(pl.Series(["x"] * 60))

    length = np.linalg.norm(wide, axis=1)
    error = made @ made.T - wide @ wide.T / np.outer(length, length)
    assert np.abs(error).mean() < 2 / 128**0.5


@pytest.mark.parametrize(
    "broken", [lambda texts: np.ones(3), lambda texts: np.ones((2, 3)), lambda texts: np.full((3, 2), np.nan)]
)
def test_nonsense_of_a_model_is_a_typed_error(broken):
    with pytest.raises(SchemaViolation):
        SentenceModel("m", broken).embed(TEXTS)


def test_its_rows_carry_its_name():
    made = bucket_posts(table("social_posts", [post(1, 1, "ab")]), embedder=SentenceModel("tiny@1", letters, 3))

    assert made["model"].to_list() == ["tiny@1-p3"]
    assert len(made["latent"][0]) == 3


def test_without_the_extra_it_says_how_to_get_it(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **named):
        if name.split(".")[0] in ("torch", "transformers"):
            raise ImportError(f"No module named {name!r}", name=name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(MissingExtra, match=r"alphaloop\[llm\]"):
        load_sentence_model("org/model")


class Tensor(np.ndarray):
    """What the loader asks of a torch tensor."""

    def unsqueeze(self, _axis):
        return self[..., None]

    def numpy(self):
        return np.asarray(self)

    def float(self):
        return self.astype(np.float32)


def test_a_text_is_the_mean_over_its_tokens(monkeypatch):
    """Stand-ins for torch and transformers: letters are tokens, a layer is the code and 1; padding is left out."""
    asked = []

    def tokenizer(texts, *, padding, truncation, return_tensors):
        assert (padding, truncation, return_tensors) == (True, True, "pt")
        asked.append(len(texts))
        ids = np.zeros((len(texts), max(len(text) for text in texts) + 1))
        for row, text in zip(ids, texts, strict=True):
            row[: len(text)] = [ord(letter) - 96 for letter in text]
        mask = (np.arange(ids.shape[1]) <= [[len(text)] for text in texts]).astype(float)
        return {"input_ids": ids.view(Tensor), "attention_mask": mask.view(Tensor)}

    class Model:
        def eval(self):
            return self

        def state_dict(self):
            return {"w": np.ones(2, dtype=np.float32).view(Tensor)}

        def __call__(self, input_ids, attention_mask):
            noise = 1000 * (1 - attention_mask)  # what stands in the padding must not count
            return SimpleNamespace(last_hidden_state=np.stack([input_ids + noise, 1 + noise], axis=-1).view(Tensor))

    class NoGrad:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return False

    loaded = []
    source = lambda made: SimpleNamespace(from_pretrained=lambda place, **rest: (loaded.append((place, rest)), made)[1])  # noqa: E731
    torch, transformers = ModuleType("torch"), ModuleType("transformers")
    torch.no_grad = NoGrad
    transformers.AutoTokenizer, transformers.AutoModel = source(tokenizer), source(Model())
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "transformers", transformers)

    model = load_sentence_model("org/tiny@1a2b", dimension=4, batch=2)
    wide = model.encode(["ab", "bba", ""])

    assert loaded == [("org/tiny", {"revision": "1a2b"})] * 2
    assert asked == [2, 1]
    assert model.name == f"tiny@{sha256(b'w' + np.ones(2, dtype=np.float32).tobytes()).hexdigest()[:8]}-p4"
    np.testing.assert_allclose(wide, [[3 / 3, 1], [5 / 4, 1], [0, 1]])
    assert model.embed(TEXTS).shape == (3, 4)
