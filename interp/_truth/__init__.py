"""Truth directions: finding them, choosing one by what it does, keeping and exporting it."""
