"""Calibration: the reference baseline under a measuring session, and the record computed from its journal."""
