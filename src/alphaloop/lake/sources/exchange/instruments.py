"""What a venue lets one trade, as `Instrument`: ticks, lots, fees and funding intervals."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from alphaloop.core.market import Instrument
from alphaloop.core.time import HOUR_US
from alphaloop.lake.sources.exchange.client import Client

USUAL_FUNDING_HOURS = 8.0
NO_STEP = Decimal("0.00000001")  # where a venue states digits instead of a step


def instruments(venue: str, *, client: Client | None = None) -> dict[str, Instrument]:
    """All markets of a venue by plain symbol.

    Raises
    ------
    MissingExtra, UnknownName, SourceUnavailable, SourceRejected
        As `Client`.
    """
    client = client or Client(venue)
    hours = funding_hours(client)
    return {symbol: _instrument(symbol, market, client, hours) for symbol, market in sorted(client.markets().items())}


def funding_hours(client: Client) -> dict[str, float]:
    """Hours between settlements for symbols where the venue states them.

    Binance lists only the symbols that differ from eight hours; Bybit states minutes with
    each market.
    """
    if client.rules.spot:
        return {}
    if client.rules.exchange == "binanceusdm":
        return {one["symbol"]: float(one["fundingIntervalHours"]) for one in client.ask("fapiPublicGetFundingInfo")}
    minutes = {name: _info(market).get("fundingInterval") for name, market in client.markets().items()}
    return {name: float(value) / 60.0 for name, value in minutes.items() if value}


def _instrument(symbol: str, market: dict[str, Any], client: Client, hours: Mapping[str, float]) -> Instrument:
    kind: Literal["perp", "spot"] = "spot" if client.rules.spot else "perp"
    steps = market.get("precision") or {}
    limits = market.get("limits") or {}
    usual = Instrument(symbol)
    interval = 0.0 if client.rules.spot else hours.get(symbol, USUAL_FUNDING_HOURS)
    return Instrument(
        symbol,
        kind,
        tick=_step(steps.get("price"), client),
        lot=_step(steps.get("amount"), client),
        contract_size=float(market.get("contractSize") or 1.0),
        taker_fee=_fee(market.get("taker"), usual.taker_fee),
        maker_fee=_fee(market.get("maker"), usual.maker_fee),
        liquidation_fee=_fee(_info(market).get("liquidationFee"), usual.liquidation_fee),
        min_notional=float((limits.get("cost") or {}).get("min") or 0.0),
        max_leverage=1.0 if client.rules.spot else _leverage(limits, usual.max_leverage),
        funding_interval_us=round(interval * HOUR_US),
    )


def _info(market: dict[str, Any]) -> dict[str, Any]:
    return market.get("info") or {}


def _step(stated: Any, client: Client) -> Decimal:
    if stated is None or not client.ticks_are_steps:
        return NO_STEP
    step = Decimal(str(stated))
    return step if step > 0 else NO_STEP


def _fee(stated: Any, otherwise: float) -> float:
    return otherwise if stated is None else float(stated)


def _leverage(limits: dict[str, Any], otherwise: float) -> float:
    return float((limits.get("leverage") or {}).get("max") or otherwise)
