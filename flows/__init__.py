"""What runs, in which order; a flow reads like a table of contents."""
