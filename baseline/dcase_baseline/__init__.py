"""The reference baseline of DCASE task 4, 2022 and 2023, as a participant would read it."""
