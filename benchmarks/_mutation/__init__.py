"""The parts of `mutation.py`."""
