"""Kinds of answer: what a label says, what a loss is called, what a constant would have cost."""
