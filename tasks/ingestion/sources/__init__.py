"""Plugs: where deliveries come from, one module per kind of source."""
