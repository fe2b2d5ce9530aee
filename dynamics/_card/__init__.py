"""One model among the families of a table."""
