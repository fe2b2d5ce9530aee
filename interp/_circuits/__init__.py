"""Models whose circuit is known, because their weights were written by hand."""
