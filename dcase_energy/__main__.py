"""`python -m dcase_energy`."""

from dcase_energy.cli.main import main

main()
