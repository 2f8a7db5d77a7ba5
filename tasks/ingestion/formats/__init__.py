"""Plugs: from bytes to values and back, one module per format of a file."""
