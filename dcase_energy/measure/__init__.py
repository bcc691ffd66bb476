"""One way to measure: a session reads a meter at marks and in between, and keeps a journal.

Baseline and system go through the same instruments, with the same settings and guards, and end in the same kind of
record. `dcase_energy.EnergyMeter` measures a block of a Python program.
"""
