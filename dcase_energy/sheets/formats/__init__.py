"""One module per format, with a function ``write(report)`` that returns the files of a `Report` by name."""
