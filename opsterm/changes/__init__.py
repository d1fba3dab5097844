"""What exactly would be done: a change as a record, its steps and its outcomes."""
