"""Executors: heavy work in portions, by one of four means, with equal bytes.

A piece of work is a pure function of what is shared and of one item, so that who runs it
cannot change what it gives. Results come in the order of the items; only a few are under way
at a time, so that a long list of items needs no long memory.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor as Pool
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any, Protocol, TypeVar

from alphaloop.core.errors import InvalidOption, MissingExtra, UnknownName

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2  # items under way for each worker

_shared: list[Any] = []  # a worker process keeps here what it was started with


class Executor(Protocol):
    """Runs ``work(shared, item)`` for every item; yields results in the order of the items."""

    def run(self, work: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]) -> Iterator[Result]:
        """Results in the order of ``items``."""
        ...


class Serial:
    """One after the other, here.

    Examples
    --------
    >>> list(Serial().run(lambda base, item: base + item, 10, [1, 2]))
    [11, 12]
    """

    def run(self, work: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]) -> Iterator[Result]:
        """As :class:`Executor`."""
        for item in items:
            yield work(shared, item)


class Threads:
    """In threads of this process: for work that lets go of the interpreter, as compiled work does."""

    def __init__(self, workers: int) -> None:
        self.workers = _at_least_one(workers)

    def run(self, work: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]) -> Iterator[Result]:
        """As :class:`Executor`."""
        with ThreadPoolExecutor(self.workers) as pool:
            yield from _in_order(pool, lambda item: work(shared, item), items, self.workers * AHEAD)


class Processes:
    """In processes of this machine; ``work``, ``shared`` and items must pickle. ``shared`` travels once."""

    def __init__(self, workers: int) -> None:
        self.workers = _at_least_one(workers)

    def run(self, work: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]) -> Iterator[Result]:
        """As :class:`Executor`."""
        started = ProcessPoolExecutor(self.workers, get_context("spawn"), _keep, (work, shared))
        with started as pool:
            yield from _in_order(pool, _with_shared, items, self.workers * AHEAD)


class Ray:
    """On a Ray cluster, or a local one where none is named; needs the extra ``[ray]``.

    Raises
    ------
    MissingExtra
        If ray is not installed.
    """

    def __init__(self, workers: int, address: str | None = None) -> None:
        try:
            import ray
        except ImportError as error:
            raise MissingExtra("ray", "ray") from error
        self.workers, self._ray = _at_least_one(workers), ray
        if not ray.is_initialized():
            ray.init(address=address, num_cpus=None if address else workers, logging_level="ERROR")

    def run(self, work: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]) -> Iterator[Result]:
        """As :class:`Executor`."""
        held, remote = self._ray.put(shared), self._ray.remote(work)
        waiting: deque[Any] = deque()
        for item in items:
            waiting.append(remote.remote(held, item))
            if len(waiting) >= self.workers * AHEAD:
                yield self._ray.get(waiting.popleft())
        while waiting:
            yield self._ray.get(waiting.popleft())


def executor(name: str, workers: int | None = None) -> Executor:
    """The executor of a name: ``serial threads process ray``.

    Parameters
    ----------
    name : str
    workers : int, optional
        The machine's cores where left out.

    Raises
    ------
    UnknownName
        If there is none of that name.
    InvalidOption
        If ``workers`` is below one.
    MissingExtra
        If it needs a package that is not installed.

    Examples
    --------
    >>> executor("threads", 2).workers
    2
    """
    count = os.cpu_count() or 1 if workers is None else workers
    kinds: dict[str, Callable[[], Executor]] = {
        "serial": Serial,
        "threads": lambda: Threads(count),
        "process": lambda: Processes(count),
        "ray": lambda: Ray(count),
    }
    if name not in kinds:
        raise UnknownName(f"executor '{name}'", f"one of {', '.join(kinds)}", "")
    return kinds[name]()


def _at_least_one(workers: int) -> int:
    if workers < 1:
        raise InvalidOption(f"{workers} workers", "1 or more", "pass the number of cores")
    return workers


def _keep(work: Any, shared: Any) -> None:
    _shared[:] = [(work, shared)]


def _with_shared(item: Any) -> Any:
    work, shared = _shared[0]
    return work(shared, item)


def _in_order(pool: Pool, work: Callable[[Any], Result], items: Iterable[Any], most: int) -> Iterator[Result]:
    waiting: deque[Future[Result]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) >= most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
