"""What stands on the approval screen cannot be mistaken for something else."""

from __future__ import annotations

from opsterm.tui.screens.sheet_rows import SheetRow, sheet


def test_a_new_line_of_a_command_is_told_from_one_that_goes_on() -> None:
    goes_on = "# a remark, as long as the screen is wide rm -rf /srv"
    begins = "# a remark, as long as the screen is wide\nrm -rf /srv"
    shown = sheet([SheetRow("what", begins, exact=True)], 52)
    assert shown == "what      # a remark, as long as the screen is wide\n       2  rm -rf /srv"
    assert sheet([SheetRow("what", goes_on, exact=True)], 52).split("\n")[1].startswith(" " * 10)


def test_other_texts_have_no_numbers() -> None:
    assert sheet([SheetRow("why", "one\ntwo")], 40) == "why       one\n          two"
