"""Results files of evaluation harnesses: which there are, what each says, which scores count."""
