"""What a language model is asked and says, as values, and what is made of it; nothing here reaches one."""
