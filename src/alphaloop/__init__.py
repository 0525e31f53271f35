"""Alphaloop: close the loop of AI trading, honestly.

Facts become observations, observations decisions, decisions fills, fills traces;
hindsight turns traces into training data, and better policies come back. The rooms
and the floors they stand on are drawn in the README; import from the rooms directly.
"""

__version__ = "0.1.0"
