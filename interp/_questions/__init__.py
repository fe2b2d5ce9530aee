"""Questions, pairs and statements, and what a model answers."""
