"""PSDS and F1 of sound event detection, exact and in NumPy.

Times are integer microseconds inside this package, so that a tie is a tie. The field's libraries are oracles in the
tests, never a dependency.
"""
