"""Plots of a ranking: what is in them (`charts`), as SVG in a page (`svg`), as files (`files`)."""
