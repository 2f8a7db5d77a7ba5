"""MLflow: runs, models and registry, a projection of the ledger."""
