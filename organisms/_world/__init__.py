"""The synthetic world: its facts, its texts, its questions."""
