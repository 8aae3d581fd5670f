"""What the model knows of a block: text statistics, position in the tree, repetition, words of class names."""
