"""What destroys, said so that it stays within reach."""
