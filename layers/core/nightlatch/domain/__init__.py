"""What is true: pure rules. Time, ids and randomness come in as arguments; nothing here performs I/O."""
