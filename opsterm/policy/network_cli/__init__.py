"""The command lines of network devices."""
