"""Energy rules of DCASE challenges: calibrate, measure, validate, score and rank."""

__version__ = "0.1.0"
