"""POSIX shell and Bash, read without being run."""
