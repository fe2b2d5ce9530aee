"""Couplings and critical points: where a family is, and where it turns."""
