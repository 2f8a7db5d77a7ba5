"""Prefect: its API, events, notes, login and notifications."""
