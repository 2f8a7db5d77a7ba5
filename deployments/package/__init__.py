"""A version as a folder that answers without the house, and is the context of a container image."""
