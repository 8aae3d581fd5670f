"""The features of blocks: text statistics, position in the tree, repetition, words of class names."""
