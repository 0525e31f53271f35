"""The house itself: floors, sizes, names, and what may be called where."""
