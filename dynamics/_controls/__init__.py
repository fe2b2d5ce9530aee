"""What else could explain a phase: width, dimension, loss, size, release date."""
