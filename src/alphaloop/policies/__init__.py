"""The decision itself: policies that turn an observation into intents.

Knows observations and decisions only; prices it was not shown do not exist for it.
"""
