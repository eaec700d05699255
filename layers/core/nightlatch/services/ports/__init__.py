"""What the services need from the world. Each port has one contract suite that its adapter and its fake both pass."""
