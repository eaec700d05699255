"""The commands, one module per noun. Each exports functions that `main` gives their names."""
