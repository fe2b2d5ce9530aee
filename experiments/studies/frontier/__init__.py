"""Studies of the newest models."""
