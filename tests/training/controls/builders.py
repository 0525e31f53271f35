"""The smallest market and protocol on which a verdict can be given."""

from alphaloop.training.controls.markets import Setting
from alphaloop.training.controls.pipeline import Protocol

SETTING = Setting(days=300, symbols=3, timeframe="4h")
PROTOCOL = Protocol(trials=6, first_days=50, blocks=5)
