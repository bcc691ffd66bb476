"""What the commands do, as functions with objects in place of text; the command line only parses and renders.

Nothing is printed and nothing ends the program: what is wrong with a file is a finding in the result, what cannot be
used at all raises `dcase_energy.errors.InputError`, and messages about progress go to callbacks.
"""
