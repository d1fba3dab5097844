"""What is made of a language model's words."""
