"""Differential equations of any measured system: series, candidate terms, search, verdict."""
