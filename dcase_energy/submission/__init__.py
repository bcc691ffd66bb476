"""What a team hands in: reading it into one canonical form, and the checks on it."""
