"""Faults of a file that an operator wrote: each on a line, then how many there are."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.cli.output import Printer
from opsterm.core.errors import OpstermError


def tell_faults(
    printer: Printer, file: str, faults: Sequence[object], *, kind: type[OpstermError], next_step: str
) -> None:  # fmt: skip
    """Print what is wrong with a file, for a person or as JSON.

    Raises:
        OpstermError: of that kind, if anything is wrong.
    """
    for fault in faults:
        if printer.json:
            printer.record(fault)
        else:
            printer.line(str(fault))
    if faults:
        raise kind(f"{file} has {len(faults)} fault{'s' * (len(faults) != 1)}.", next_step=next_step)
