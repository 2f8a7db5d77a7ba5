"""Fitted Pipelines as something quicker that answers the same; what cannot be made so answers as it was fitted."""
