"""Plugs: families of models, as unfitted scikit-learn Pipelines."""
