"""Small builders for tests of models."""

import numpy as np


def windows(rows=400, features=3, length=1, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, length, features))


def noisy(X, seed=1, noise=0.1):
    """A target that the newest value of the first feature tells, but for noise."""
    return X[:, -1, :1] + noise * np.random.default_rng(seed).normal(size=(len(X), 1))
