"""Everything that is run: the command line, Hydra entry points, records, figures, the ledger."""
