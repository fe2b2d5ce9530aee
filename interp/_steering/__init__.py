"""Adding a vector to the residual stream, or taking a direction out of it."""
