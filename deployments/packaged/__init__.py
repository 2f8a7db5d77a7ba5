"""What runs in a package: one version answers over HTTP, in a folder that needs nothing of the house."""
