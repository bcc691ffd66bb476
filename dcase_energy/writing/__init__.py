"""Writing: files that are replaced whole, and one escape function for each kind of output."""
