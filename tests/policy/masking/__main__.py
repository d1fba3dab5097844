"""Print how many secrets are masked and how many harmless lines stay; with a file name, add lines first."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.policy.masking.lines import add_lines, mark, read_lines


def main(arguments: list[str]) -> int:
    """Print the marks, and what fails of the open part.

    Args:
        arguments: none, or the name of a file of new lines, JSON lines with text and kind.
    """
    if arguments:
        print(f"{add_lines(Path(arguments[0]).read_text(encoding='utf-8').splitlines())} lines")
    lines = read_lines()
    for part in ("open", "sealed"):
        for kind in ("secret", "harmless"):
            result = mark(lines, part, kind)
            print(f"{part:7} {kind:9} {result.right:4} of {result.asked:4} {result.share:7.2%}")
            for text, masked in result.failed:
                print(f"    {text!r}\n -> {masked!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
