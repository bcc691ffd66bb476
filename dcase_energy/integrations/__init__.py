"""Measuring from where trainings are written: Lightning, transformers, accelerate, torch.distributed; and loggers.

Each module needs its library and is imported by name: ``from dcase_energy.integrations.lightning import
EnergyCallback``. A measurement that fails is a warning, and never stops a training.
"""
