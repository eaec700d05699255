"""The local stack: an AWS emulator, a PostgreSQL and the real deployment, on one machine."""
