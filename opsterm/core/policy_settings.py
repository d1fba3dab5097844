"""The settings of rules of compliance: which packs are on, whether they refuse, and what a ticket looks like."""

from __future__ import annotations

from dataclasses import dataclass

from opsterm.core.options import option

ALL_PACKS = "pci-dss-4.0.1, nist-800-53r5, cis, hipaa, sox"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """`[policy]`: which controls a command is looked at for. Rules of your own stand in `policies/*.toml` beside it."""

    packs: str = option(
        ALL_PACKS,
        "Packs of rules that are on, with commas between; empty: only your own. `opsterm policy show` lists them.",
    )
    strict: bool = option(
        False,
        "Whether the rules that ship bind: what they deny cannot be approved, and two persons are two. Else they ask "
        "for one, and say what the rule says. Your own always bind.",
    )
    ticket: str = option(
        r"\b[A-Z][A-Z0-9]+-?[0-9]+\b",
        "Regular expression of a ticket in the reason of a change; empty: whether there is one is not known.",
    )
    windows: str = option(
        "",
        "When changes are planned, as in mon-fri 08:00-18:00 Europe/Berlin; several with ; between. Empty: not known, "
        "and rules about it are not evaluated.",
    )
