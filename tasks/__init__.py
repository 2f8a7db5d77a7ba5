"""Doors (one module per room), the core (values in, values out) and the adapters (the hands)."""
