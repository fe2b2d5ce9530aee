"""Models of one family: a recipe, its training, and its export."""
