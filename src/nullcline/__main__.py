"""`python -m nullcline`: the command line."""

from nullcline.experiments.cli import run_and_exit

run_and_exit()
