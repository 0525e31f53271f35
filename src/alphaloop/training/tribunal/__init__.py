"""The leak tribunal: proves of a computation that it used nothing from after its own ``now``.

Not by reading code: by rewriting the future and looking whether the past moves. It judges
whatever turns lake tables into rows that say when they are known, and it is judged itself
by a catalogue of planted leaks, each beside an honest twin.
"""
