"""The ground floor: records, protocols, time, money and errors.

Knows numpy and the standard library. Does no I/O, reads no clock, and
imports nothing else of the house.
"""
