"""The built-in feature steps, one file for each kind."""
