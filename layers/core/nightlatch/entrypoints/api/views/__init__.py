"""What is answered: one model for each shape, made from the domain's objects."""
