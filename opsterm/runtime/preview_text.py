"""What was looked up of a change, as lines for a face to lay out: equal findings together."""

from __future__ import annotations

from opsterm.inventory.folding import fold
from opsterm.runtime.previews import ChangePreview


def preview_lines(found: ChangePreview) -> list[str]:
    """Return what was found out, by target, then what could not be; a line each, [] for nothing.

    Args:
        found: of one change.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for one in found.targets:
        said = tuple(part.text for part in one.previews) or (f"Nothing could be looked up: {one.why}",)
        groups.setdefault(said, []).append(one.target)
    many = len(found.targets) + found.left_out > 1
    lines: list[str] = []
    for texts, names in groups.items():
        lines += [f"on {fold(names)}:"] * many
        lines += [line for text in texts for line in text.split("\n")]
    if found.left_out and found.targets:
        lines.append(f"{found.left_out} more targets were not looked at (opsterm preview --all).")
    return [*lines, *(f"No preview: {sentence}" for sentence in found.without)]
