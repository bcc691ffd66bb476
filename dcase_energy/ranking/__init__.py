"""Normalising energies, ordering systems, writing sheets."""
