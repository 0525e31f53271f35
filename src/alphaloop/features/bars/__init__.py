"""Features of an asset's own bars: one numba kernel per family."""
