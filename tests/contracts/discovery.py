"""Finds every class of the package that stands in for a protocol, so that none goes unchecked."""

import importlib
import inspect
import pkgutil
from functools import cache

import alphaloop


@cache
def classes() -> tuple[type, ...]:
    """All classes defined in the package, abstract ones and protocols left out."""
    found = []
    for module in pkgutil.walk_packages(alphaloop.__path__, "alphaloop."):
        if module.name.endswith("__main__"):
            continue
        for _, one in inspect.getmembers(_imported(module.name), inspect.isclass):
            ours = one.__module__ == module.name
            if ours and not getattr(one, "_is_protocol", False) and not inspect.isabstract(one):
                found.append(one)
    return tuple(found)


def _imported(module: str) -> object:
    """The module, or nothing where it needs torch and torch is not installed."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        return None


def implementations(**methods: tuple[str, ...]) -> list[type]:
    """Classes that have each method with exactly these parameters (after ``self``)."""
    return [one for one in classes() if all(_parameters(one, name) == wanted for name, wanted in methods.items())]


def _parameters(owner: type, name: str) -> tuple[str, ...] | None:
    method = inspect.getattr_static(owner, name, None)
    if not inspect.isfunction(method):
        return None
    return tuple(inspect.signature(method).parameters)[1:]


POLICIES = implementations(reset=("seed",), decide=("observation",))
OBSERVERS = implementations(observe=("now", "account"))
RISK_RULES = implementations(apply=("decision", "account"))
VENUES = implementations(on_bars=("bars",), submit=("orders",), account=())
FORECASTERS = implementations(fit=("X", "y", "mask"), predict=("X", "mask"))


def name(one: type) -> str:
    return one.__name__
