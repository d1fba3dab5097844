"""The way back on Windows: what a command touches, and the PowerShell that keeps it and puts it back."""
