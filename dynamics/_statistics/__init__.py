"""Resampling and correlation, for any numbers."""
