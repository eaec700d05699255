"""What is sent: one model for each body. An unknown field is an error, never ignored."""
