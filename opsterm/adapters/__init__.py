"""Everything reached over a line: SSH, this host, PTYs."""
