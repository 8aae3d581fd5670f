"""Selects the main content of a page: blocks, their features, the model, the selection, the pruned tree."""
