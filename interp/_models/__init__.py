"""Loading open-weight models, and hooks on their parts."""
