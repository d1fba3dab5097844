"""The language of cmd.exe."""
