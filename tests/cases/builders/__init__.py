"""Builders of the cases, one file a family."""
