"""How far probabilities are kept from 0 and 1."""

EDGE = 1e-6
"""So that one row cannot make the log loss infinite."""
