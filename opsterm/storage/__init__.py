"""Everything kept on disk: SQLite, the journal, output, the vault."""
