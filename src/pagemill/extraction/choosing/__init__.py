"""Which blocks of a page are its content: blocks, their features, the model, the selection, the pruned tree."""
