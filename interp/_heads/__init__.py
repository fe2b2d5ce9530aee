"""Which heads push to the true answer."""
