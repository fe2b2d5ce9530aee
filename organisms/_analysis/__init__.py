"""What the trained families show: curves, turns, contrasts of experiments, probes."""
