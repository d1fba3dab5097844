"""What this operator's own outcomes teach about risk: it may raise a grade by one, and nothing else."""
