"""What a command would do, found out on the target by commands that only read."""
