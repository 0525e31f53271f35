"""How much of its own a label tells: the average uniqueness of overlapping labels.

Source: Lopez de Prado 2018, "Advances in Financial Machine Learning", section 4.4. Labels
that share bars share outcomes; a row counts by the mean, over the bars its label reads,
of one over the number of labels that read the bar.
"""

import numpy as np

from alphaloop.core.errors import SchemaViolation
from alphaloop.core.market import Floats, Ints


def uniqueness(start: Ints, end: Ints) -> Floats:
    """Average uniqueness of each label of one symbol.

    Parameters
    ----------
    start, end : int array, shape (N,)
        Interval ``[start, end)`` that each label reads; any unit, ``start`` ascending.

    Returns
    -------
    float array, shape (N,), in (0, 1]

    Raises
    ------
    SchemaViolation
        If an interval is empty, or starts do not ascend.

    Examples
    --------
    Two labels share the second of three instants: each is alone for half of its time.

    >>> uniqueness(np.array([0, 1]), np.array([2, 3])).tolist()
    [0.75, 0.75]
    """
    if bool((end <= start).any()) or bool((np.diff(start) < 0).any()):
        raise SchemaViolation("intervals that are empty or out of order", "start ascending, each before its end", "")
    edges = np.unique(np.concatenate((start, end)))
    first, last = np.searchsorted(edges, start), np.searchsorted(edges, end)
    change = np.zeros(len(edges) + 1, dtype=np.int64)
    np.add.at(change, first, 1)
    np.add.at(change, last, -1)
    sharing = np.maximum(np.cumsum(change)[: len(edges) - 1], 1)
    shares = np.concatenate(([0.0], np.cumsum(np.diff(edges) / sharing)))
    return np.asarray((shares[last] - shares[first]) / (end - start))
