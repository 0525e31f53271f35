"""Planted leaks, each beside its honest twin: what the tribunal itself is judged by.

Both halves of a pair do what people do in earnest; they differ in the one mistake. A court
that misses a leak is useless, one that accuses a twin will be switched off.
"""
