"""Every means of running heavy work gives the same results in the same order."""

import importlib.util

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, MissingExtra, UnknownName
from alphaloop.engine.executor import Processes, Serial, Threads, executor


def scaled(base: np.ndarray, item: int) -> np.ndarray:
    return base * item


def test_threads_and_processes_equal_serial():
    base = np.arange(5.0)
    expected = [one.tobytes() for one in Serial().run(scaled, base, range(9))]

    assert [one.tobytes() for one in Threads(3).run(scaled, base, range(9))] == expected
    assert [one.tobytes() for one in Processes(2).run(scaled, base, range(9))] == expected


def test_few_items_are_under_way():
    taken = []

    def items():
        for k in range(100):
            taken.append(k)
            yield k

    results = Threads(2).run(lambda shared, item: item, None, items())

    assert next(results) == 0
    assert len(taken) <= 4
    results.close()


def test_a_failure_of_the_work_is_the_caller_s():
    with pytest.raises(ZeroDivisionError):
        list(Threads(2).run(lambda shared, item: 1 // item, None, [1, 0]))


def test_names():
    assert isinstance(executor("serial"), Serial)
    with pytest.raises(UnknownName):
        executor("threadz")
    with pytest.raises(InvalidOption):
        executor("threads", 0)


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="ray is installed")
def test_ray_says_how_to_get_it():
    with pytest.raises(MissingExtra):
        executor("ray", 1)


@pytest.mark.slow
def test_ray_equals_serial():
    pytest.importorskip("ray", reason="the extra [ray] is not installed")
    base = np.arange(5.0)

    found = [one.tobytes() for one in executor("ray", 2).run(scaled, base, range(9))]

    assert found == [one.tobytes() for one in Serial().run(scaled, base, range(9))]
