"""Which way through a model an answer takes: edges between its parts."""
