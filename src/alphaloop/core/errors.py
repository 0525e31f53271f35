"""Every error Alphaloop raises on purpose.

    AlphaloopError                  found / expected / what to do
    ├── UsageError                  the caller asked for something that cannot be
    │   ├── UnknownName             a policy, table, symbol or feature nobody has heard of
    │   ├── InvalidOption           a value outside its range
    │   ├── MissingExtra            an optional dependency is not installed
    │   └── NotFitted               a model was asked before it had learnt anything
    ├── DataError                   the facts themselves are wrong
    │   ├── UnreadableFile          truncated, empty, or not what its name says
    │   ├── UnknownLayout           readable, but no table of ours recognises the columns
    │   ├── SchemaViolation         a column is missing, extra or of the wrong type
    │   ├── AmbiguousTime           units or time zone cannot be told apart
    │   ├── UnsortedData            rows out of order where order carries meaning
    │   ├── NoData                  the question is sound but no row answers it
    │   ├── DegenerateData          numbers that cannot answer: constant, or not finite where they must be
    │   └── LookaheadError          a reader reached past its `now`
    ├── LakeError                   the store cannot do what was asked
    │   ├── LakeConflict            another writer holds the table
    │   ├── StorageFull             the disk took only part of the bytes; nothing was committed
    │   └── UnknownVersion          time travel to a version that does not exist
    ├── LedgerError                 the ledger of models, orders and trials refuses
    │   ├── LedgerBusy              another writer holds it for longer than we wait
    │   ├── LedgerTampered          what stands there is not what was written
    │   ├── IllegalMove             a stage that cannot follow the present one
    │   ├── NotPassed               no verdict allows the move
    │   └── PromotionConflict       the model in charge is not the one the candidate was judged against
    ├── SourceError                 an outside service failed
    │   ├── SourceUnavailable       down, unreachable, or past its deadline
    │   └── SourceRejected          it answered, and the answer is no
    ├── DeviceLost                  an accelerator failed in the middle of a computation
    └── OrderError
        ├── InvalidOrder            an order no venue could accept
        └── ImpossibleTransition    reports of one order that cannot all be true

Facts raise one of these and stop the run. Opinions (a model that fails or talks
nonsense) never do: they are recorded on the decision as an abstention.
"""


class AlphaloopError(Exception):
    """Base of the tree. Says what was found, what was expected, and what to do.

    Parameters
    ----------
    found : str
        What the program met, with the offending value.
    expected : str
        What would have been right.
    fix : str
        The next thing a user can try.

    Examples
    --------
    >>> raise InvalidOption("--fee-bps -3", "a fee of zero or more", "pass --fee-bps 5")
    Traceback (most recent call last):
    ...
    alphaloop.core.errors.InvalidOption: found --fee-bps -3; expected a fee of zero or more; pass --fee-bps 5
    """

    def __init__(self, found: str, expected: str = "", fix: str = "") -> None:
        self.found = found
        self.expected = expected
        self.fix = fix
        parts = [f"found {found}", f"expected {expected}" if expected else "", fix]
        super().__init__("; ".join(part for part in parts if part))

    def as_dict(self) -> dict[str, str]:
        """The error as plain text fields, for ``--json`` output."""
        return {"error": type(self).__name__, "found": self.found, "expected": self.expected, "fix": self.fix}


class UsageError(AlphaloopError):
    """The caller asked for something that cannot be."""


class UnknownName(UsageError):
    """A policy, table, symbol or feature nobody has heard of."""


class InvalidOption(UsageError):
    """A value outside its range."""


class MissingExtra(UsageError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"no package '{package}'",
            f"the extra [{extra}]",
            f"install it with: pip install 'alphaloop[{extra}]'",
        )


class NotFitted(UsageError):
    """A model was asked before it had learnt anything."""

    def __init__(self, model: str) -> None:
        super().__init__(
            f"a {model} that was never fitted", "fit before predict", "call fit(X, y), or load a saved one"
        )


class DataError(AlphaloopError):
    """The facts themselves are wrong."""


class UnreadableFile(DataError):
    """Truncated, empty, or not what its name says."""


class UnknownLayout(DataError):
    """Readable, but no table of ours recognises the columns."""


class SchemaViolation(DataError):
    """A column is missing, extra or of the wrong type."""


class AmbiguousTime(DataError):
    """Units or time zone cannot be told apart."""


class UnsortedData(DataError):
    """Rows out of order where order carries meaning."""


class NoData(DataError):
    """The question is sound but no row answers it."""


class DegenerateData(DataError):
    """Numbers that cannot answer: constant, or not finite where they must be."""


class LookaheadError(DataError):
    """A reader reached past its ``now``."""


class LakeError(AlphaloopError):
    """The store cannot do what was asked."""


class LakeConflict(LakeError):
    """Another writer holds the table."""


class StorageFull(LakeError):
    """The disk took only part of the bytes; nothing was committed."""


class UnknownVersion(LakeError):
    """Time travel to a version that does not exist."""


class LedgerError(AlphaloopError):
    """The ledger of models, orders and trials refuses."""


class LedgerBusy(LedgerError):
    """Another writer holds the ledger for longer than we wait."""


class LedgerTampered(LedgerError):
    """What stands in the ledger, or in a file it names, is not what was written."""


class IllegalMove(LedgerError):
    """A stage that cannot follow the present one."""


class NotPassed(LedgerError):
    """No verdict allows the move."""


class PromotionConflict(LedgerError):
    """The model in charge is not the one the candidate was judged against."""


class SourceError(AlphaloopError):
    """An outside service failed."""


class SourceUnavailable(SourceError):
    """Down, unreachable, or past its deadline."""


class SourceRejected(SourceError):
    """It answered, and the answer is no."""


class DeviceLost(AlphaloopError):
    """An accelerator failed in the middle of a computation: it is gone, or its memory is full."""


class OrderError(AlphaloopError):
    """Something is wrong with an order."""


class InvalidOrder(OrderError):
    """An order no venue could accept."""


class ImpossibleTransition(OrderError):
    """Reports of one order that cannot all be true."""
