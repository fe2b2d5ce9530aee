"""`python -m benchmarks`: every comparison with a peer on one page. Light: peers import it too."""
