"""Rows, bundles and refused bytes, by the digest of their content."""
