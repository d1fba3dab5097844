"""SQL understood: which statements only read, and what the others do to rows, tables, accounts and files."""

from __future__ import annotations

from opsterm.policy.sql.statements import sql_effects

__all__ = ["sql_effects"]
