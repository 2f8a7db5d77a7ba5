"""Processes of this machine: which one is meant, how long one is waited for, how one ends."""
