"""Room 9, coordination: what the inbox leads to, and the course of a turn."""
