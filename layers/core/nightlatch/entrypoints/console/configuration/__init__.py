"""What administrators choose: access flows, connected systems, destinations, settings, and who is known."""
