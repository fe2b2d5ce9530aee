"""What steering does to answers, beside its controls and its cost."""
