"""Orders against a recorded order book, for windows in which queue and depth matter more than bars."""
