"""Every pair of benchmarks of a table at once."""
