"""The command line: one module per command, how it prints, and how it ends."""
