"""A challenge edition is data: fields and their spellings, constants, severities. No rule of a year is code."""
