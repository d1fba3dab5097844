"""Print the marks, and the lines of the open part that fail; with a file name, add questions first."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.policy.exam.marks import BARS, NotGraded, mark_all
from tests.policy.exam.questions import add_questions, read_questions


def main(arguments: list[str]) -> int:
    """Print the marks.

    Args:
        arguments: none, or the name of a file of new questions, JSON lines with line, shell, label, lockout and why.

    Returns:
        0, or 1 when the program gives no grades.
    """
    if arguments:
        print(f"{add_questions(Path(arguments[0]).read_text(encoding='utf-8').splitlines())} questions")
        return 0
    try:
        marks = mark_all(read_questions())
    except NotGraded as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{'shell':12} {'part':7} {'what':12} {'right':>5} {'asked':>5} {'share':>7}   bar")
    for mark in marks:
        bar = 1.0 if mark.what == "lockout" else BARS.get(mark.shell, {}).get(mark.what)
        told = "" if bar is None else f"{bar:5.0%} {'' if mark.share >= bar else 'missed'}"
        print(f"{mark.shell:12} {mark.part:7} {mark.what:12} {mark.right:5} {mark.asked:5} {mark.share:7.1%} {told}")
    for mark in marks:
        for question, grade in mark.failed:
            said = f"{grade.level}{', lockout' if grade.lockout else ''}"
            print(f"\n{mark.shell} {mark.what}, graded {said}: {question.why}\n    {question.line!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
