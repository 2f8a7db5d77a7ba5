"""Features: what models learn from beside the columns of the contract, made by steps inside the fitted Pipeline."""
