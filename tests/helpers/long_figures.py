"""`benchmarks/figures.py`, which is a script and in no package, for tests of the pages."""

from scripts import load_script

figures = load_script("benchmarks/figures.py")
