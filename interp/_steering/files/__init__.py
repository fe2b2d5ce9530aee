"""Vector files: this project's own exports read back, and what other tools write."""
