"""Lineage: does what is stored agree with what was recorded? Rules for `verify`, over values."""
