"""Embedders: cleaned texts in, one vector each out. The hashed one needs nothing and learns nothing.

An embedder's name goes into every row it makes, so vectors of two of them never mix. A
sentence model is optional: it comes from `transformers`, and its wide vectors are brought to
the asked dimension by one fixed random projection. Knows no times, posts or symbols.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import polars as pl

from alphaloop.core.errors import InvalidOption, MissingExtra, SchemaViolation
from alphaloop.core.market import Floats
from alphaloop.features.sources.words.texts import hashed

DIMENSION = 32
_PROJECTION_SEED = 20_240_601


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors; the same text must give the same vector."""

    @property
    def name(self) -> str:
        """What made the vectors, with its version: the column ``model``."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    def embed(self, cleaned: pl.Series) -> Floats:
        """Vectors of shape (n, dimension)."""
        ...


@dataclass(frozen=True, slots=True)
class HashedText:
    """Signed hashed words; see :func:`alphaloop.features.sources.words.texts.hashed`.

    Examples
    --------
    >>> HashedText(16).name, HashedText(16).embed(pl.Series(["btc"])).shape
    ('hash16-v1', (1, 16))
    """

    dimension: int = DIMENSION

    def __post_init__(self) -> None:
        if self.dimension < 1:
            raise InvalidOption(f"a dimension of {self.dimension}", "1 or more", f"use e.g. {DIMENSION}")

    @property
    def name(self) -> str:
        """``hash32-v1``."""
        return f"hash{self.dimension}-v1"

    def embed(self, cleaned: pl.Series) -> Floats:
        """Vectors of length 1 (or 0 without words), shape (n, dimension)."""
        return hashed(cleaned, self.dimension)


@dataclass(frozen=True, slots=True)
class SentenceModel:
    """Sentence embeddings, projected to ``dimension`` and brought to length 1.

    Parameters
    ----------
    source : str
        Name and version of the model.
    encode : callable, list of n texts -> float array (n, any)
    dimension : int
        The projection is Gaussian with a fixed seed: it keeps angles on average.
    """

    source: str
    encode: Callable[[list[str]], Floats]
    dimension: int = DIMENSION

    @property
    def name(self) -> str:
        """The model and the dimension, e.g. ``minilm@1a2b-p32``."""
        return f"{self.source}-p{self.dimension}"

    def embed(self, cleaned: pl.Series) -> Floats:
        """Vectors of length 1 (or 0 without words), shape (n, dimension)."""
        if cleaned.is_empty():
            return np.empty((0, self.dimension))
        wide = np.asarray(self.encode(cleaned.to_list()), dtype=np.float64)
        if wide.ndim != 2 or len(wide) != len(cleaned) or not np.isfinite(wide).all():
            raise SchemaViolation(f"embeddings of shape {wide.shape}", f"({len(cleaned)}, any), finite", "")
        lanes = np.random.default_rng([_PROJECTION_SEED, wide.shape[1]])
        made = wide @ lanes.standard_normal((wide.shape[1], self.dimension))
        length = np.sqrt((made**2).sum(axis=1, keepdims=True))
        return np.asarray(np.divide(made, length, out=np.zeros_like(made), where=length > 0))


def load_sentence_model(where: str, *, dimension: int = DIMENSION, batch: int = 64) -> SentenceModel:
    """A sentence model from a local folder or a model hub, on the CPU.

    A text's vector is the mean over its tokens of the model's last layer, as such models are
    trained to be read.

    Parameters
    ----------
    where : str
        Folder, or name on the hub with its revision after ``@``: ``org/model@1a2b3c``.
    dimension : int
    batch : int
        Texts at a time.

    Returns
    -------
    SentenceModel
        Named by the last part of ``where`` and a hash of the weights.

    Raises
    ------
    MissingExtra
        If the packages of the extra [llm] are not installed.
    """
    try:
        import torch
        from transformers import AutoModel, AutoTokenizer
    except ImportError as error:
        raise MissingExtra(error.name or "transformers", "llm") from error
    place, _, revision = where.partition("@")
    pinned: dict[str, Any] = {"revision": revision} if revision else {}
    tokenizer: Any = AutoTokenizer.from_pretrained(place, **pinned)
    model: Any = AutoModel.from_pretrained(place, **pinned)
    model.eval()

    def encode(texts: list[str]) -> Floats:
        made = []
        for start in range(0, len(texts), batch):
            part = tokenizer(texts[start : start + batch], padding=True, truncation=True, return_tensors="pt")
            with torch.no_grad():
                layer = model(**part).last_hidden_state
            words = part["attention_mask"].unsqueeze(-1)
            made.append(((layer * words).sum(1) / words.sum(1)).numpy())
        return np.concatenate(made)

    return SentenceModel(f"{Path(place).name}@{_fingerprint(model)}", encode, dimension)


def _fingerprint(model: Any) -> str:
    """Eight hex digits of the weights: other weights under one name must not pass for the same model."""
    state = sha256()
    for name, tensor in sorted(model.state_dict().items()):
        state.update(name.encode())
        state.update(tensor.float().numpy().tobytes())
    return state.hexdigest()[:8]
