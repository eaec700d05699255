"""What can be done: the use cases. Each needs only the ports it names in its constructor."""
