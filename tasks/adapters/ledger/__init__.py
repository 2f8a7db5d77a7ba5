"""The ledger: the one source of truth about what happened and what was decided."""
