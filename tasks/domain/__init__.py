"""The nouns that all rooms share: records, turns, pools, results of runs, and how numbers are written."""
