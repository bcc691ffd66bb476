"""One way to measure: a session starts a child process, reads a meter at its marks and keeps a journal.

Baseline and system go through the same session, with the same settings, and end in the same kind of record.
"""
