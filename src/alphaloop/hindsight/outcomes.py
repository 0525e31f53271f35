"""Outcomes: what each candidate trade would have made, net of everything. The reward oracle.

One question, asked a million times: had we, on this bar, gone long with this stop, this target
and this leverage, what would be left? Labels, preference pairs, rollout scores and verdicts of
experts all come from here. The rules are the simulator's own (``docs/outcomes.md``); this file
only checks, sorts, calls and names.
"""

import _thread
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats, Ints
from alphaloop.execution.simulator.candidates.columns import Table
from alphaloop.execution.simulator.candidates.costs import Costs
from alphaloop.execution.simulator.candidates.records import FIGURES, REASONS, Bytes
from alphaloop.execution.simulator.candidates.run import DEFAULT, columns_of, empty_results, refuse, runner
from alphaloop.execution.simulator.candidates.tape import Tape, prepare
from alphaloop.execution.simulator.rules import FillRules

__all__ = ["REASONS", "Costs", "Outcomes", "Tape", "label_candidates", "prepare"]

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

Progress = Callable[[int], None]
PORTION = 1 << 20  # candidates between two calls of ``progress``


@dataclass(frozen=True)
class Outcomes:
    """What K candidates would have made, in the order they were given.

    Returns, drawdown, fees and funding are fractions of the committed margin
    (notional / leverage). Where ``reason`` is ``not_filled`` all numbers are zero.

    Parameters
    ----------
    net_return : float array, shape (K,), >= -1
        After slippage, fees and funding.
    gross_return : float array, shape (K,)
        Of the prices before slippage, without costs.
    max_drawdown : float array, shape (K,), >= 0
        Largest fall from entry or an earlier close to the worst price of a later bar.
    exit_bar : int array, shape (K,)
    exit_price, entry_price : float array, shape (K,), quote currency
        As filled, slippage included.
    fees, funding : float array, shape (K,)
        Paid; funding is negative where it was received.
    codes : int8 array, shape (K,)
        Index into ``REASONS``; ``reason`` spells it out.
    rules : str
        Hash of the fill rules they were made under.
    """

    net_return: Floats
    gross_return: Floats
    max_drawdown: Floats
    exit_bar: Ints
    exit_price: Floats
    entry_price: Floats
    fees: Floats
    funding: Floats
    codes: Bytes
    rules: str

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def reason(self) -> "NDArray[np.str_]":
        """``horizon stop target liquidation end_of_data not_filled``, shape (K,), 44 bytes each."""
        return np.array(REASONS)[self.codes]

    def frame(self) -> "pl.DataFrame":
        """One row per candidate; ``reason`` is a polars ``Enum``."""
        import polars as pl

        names = (*FIGURES[:3], "exit_bar", *FIGURES[3:])
        reason = pl.Series(self.codes.view(np.uint8)).cat.to(pl.Enum(REASONS))
        return pl.DataFrame({name: getattr(self, name) for name in names} | {"reason": reason})


def label_candidates(
    bars: Table | Tape,
    candidates: Table,
    *,
    costs: Costs,
    horizon: int,
    rules: FillRules = DEFAULT,
    threads: int = 1,
    progress: Progress | None = None,
) -> Outcomes:
    """Outcome of every candidate trade on one symbol's bars.

    A candidate decided on bar ``i`` enters at the open of bar ``i + 1`` (or rests there with
    its limit), and leaves at its stop, liquidation price or target, or at the close of bar
    ``i + horizon``. Each stands alone: no account, no other trade.

    Parameters
    ----------
    bars : mapping of arrays, polars frame, or Tape
        As :func:`alphaloop.execution.simulator.candidates.tape.prepare` takes them; who asks
        often prepares once and passes the tape.
    candidates : mapping of arrays or polars frame
        ``bar`` (K,) decision bar; ``side`` (K,) +1 or -1; ``stop``, ``target`` (K,) fractions of
        the entry price, NaN for none; ``leverage`` (K,). Optional ``limit`` (K,) price, NaN for
        market; ``notional`` (K,), quote currency, for margin tiers. Any order.
    costs : Costs
    horizon : int, bars, >= 1
    rules : FillRules
    threads : int
        Equal results for any number.
    progress : callable, optional
        Called with the number of candidates done.

    Returns
    -------
    Outcomes, in the order of ``candidates``

    Raises
    ------
    SchemaViolation, UnsortedData
        If bars or candidates are malformed.
    InvalidOption
        If a candidate is off the tape, or has another side than +1 and -1, a leverage that is not
        above zero, or a level on the wrong side of the entry.

    Examples
    --------
    Long from 100 with a stop at 2 % and a target at 5 %; the second bar reaches 105.

    >>> bars = {"open": [99.0, 100.0, 101.0], "high": [100.0, 101.0, 106.0],
    ...         "low": [98.0, 99.0, 100.0], "close": [99.0, 101.0, 104.0]}
    >>> tried = {"bar": [0], "side": [1], "stop": [0.02], "target": [0.05], "leverage": [3.0]}
    >>> found = label_candidates(bars, tried, costs=Costs(0.0, 0.0, 0.0), horizon=2)
    >>> str(found.reason[0]), int(found.exit_bar[0]), round(float(found.net_return[0]), 6)
    ('target', 2, 0.15)
    """
    if horizon < 1:
        raise InvalidOption(f"horizon {horizon}", "1 bar or more", "pass e.g. 48")
    if threads < 1:
        raise InvalidOption(f"threads {threads}", "1 or more", "pass the number of cores")
    tape = bars if isinstance(bars, Tape) else prepare(bars)
    batch = columns_of(candidates, tape, costs)
    results = empty_results(len(batch.bar))
    run = runner(tape, batch, costs, horizon, rules)

    def work(first: int, last: int) -> None:
        if not run(results, (first, last)):
            wrong.append(first)

    wrong: list[int] = []
    spread(work, len(batch.bar), threads, progress)
    if wrong:
        refuse(batch, tape)
    named = dict(zip(FIGURES, results.figures, strict=True))
    for name in ("entry_price", "exit_price"):
        named[name] = tape.prices(named[name])
    return Outcomes(**named, exit_bar=results.exit_bar, codes=results.reason, rules=rules.hash)


def spread(work: Callable[[int, int], None], count: int, threads: int, progress: Progress | None) -> None:
    """Do ``work(first, last)`` over ``count`` rows, a portion at a time, in equal shares by ``threads``."""
    for start in range(0, count, PORTION):
        stop = min(count, start + PORTION)
        edges = [start + (stop - start) * share // threads for share in range(threads + 1)]
        helpers = [Share(work, *pair) for pair in itertools.pairwise(edges[1:])]
        work(edges[0], edges[1])
        for one in helpers:
            one.wait()
        if progress is not None:
            progress(stop)


class Share:
    """``work(first, last)`` by a thread of its own, begun at once; its error is raised where it is waited for.

    A :class:`threading.Thread` makes its starter wait until it runs, which is a twentieth of what labelling takes.
    """

    def __init__(self, work: Callable[[int, int], None], first: int, last: int) -> None:
        self._error: Exception | None = None
        self._done = _thread.allocate_lock()
        self._done.acquire()
        _thread.start_new_thread(self._do, (work, first, last))

    def _do(self, work: Callable[[int, int], None], first: int, last: int) -> None:
        try:
            work(first, last)
        except Exception as error:  # noqa: BLE001 - whoever waits for it raises it
            self._error = error
        finally:
            self._done.release()

    def wait(self) -> None:
        """Until it is done."""
        self._done.acquire()
        if self._error is not None:
            raise self._error
