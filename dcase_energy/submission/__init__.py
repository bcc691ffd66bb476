"""What a team submits: reading it into one canonical form, and the checks on it."""
