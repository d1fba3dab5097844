"""What we have learned: documents that ship, and how they are found."""
