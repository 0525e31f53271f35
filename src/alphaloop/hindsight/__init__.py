"""Hindsight: what can be said of a run once it is over.

The one room that may look past ``now``. It judges facts (fills, equity, marks) and is
imported only from above: nothing that decides may know what it knows.
"""
