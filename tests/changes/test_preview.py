"""What the answers of previews become: text that is shown, and a digest that changes with what matters only."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.changes.preview import Preview, TargetPreview, difference_between, read_previews
from opsterm.policy.preview.command import section_names
from opsterm.policy.preview.plan import plan_previews
from opsterm.policy.understanding import understand


def previewed(command: str, *answers: tuple[str, int]) -> tuple[Preview, ...]:
    """Return what is read when the commands of a plan said this, in order."""
    said = ["@@1-a\n"]
    for at, (text, status) in enumerate(answers):
        output, end = section_names(at)
        said.append(f"@@1-a {output}\n{text}\n@@1-a {end}\n{status}\n")
    return read_previews(plan_previews(understand(command, "sh")).steps, "".join([*said, "@@1-a end\n"]))


LISTED = "d\t4096\t/x\0f\t10\t/x/b\0f\t5\t/x/a\0"
STATE = "Id=nginx.service\nActiveState=active\nRequiredBy=web.target\nBoundBy=\nConsistsOf=app.service\nTriggeredBy="

SHOWN = (
    ("rm -rf /x", [(LISTED, 0)], "It would delete 2 files and 1 folder, 15 B in all.\n/x/\n/x/a\n/x/b"),
    ("rm -rf /x /x/a", [(LISTED + LISTED, 0)], "It would delete 2 files and 1 folder, 15 B in all.\n/x/\n/x/a\n/x/b"),
    ("rm -rf /x", [("find: '/x': No such file\n", 1)], "Nothing is there now"),
    ("rm -rf /x", [("", 127)], "find is not on the target"),
    ("rm -rf /x", [("", 137)], "did not end within 20 s"),
    ("sed -i s/1/2/ /srv/c", [("f\t4\t/srv/c\0", 0), ("/srv/c", 0), ("x=1\n", 0), ("x=2\n", 0)], "-x=1\n+x=2"),
    ("sed -i s/1/2/ /srv/c", [("l\t4\t/srv/c\0", 0), ("/etc/shadow", 0), ("root:$6$x", 0), ("", 0)], "is a link"),
    ("sed -i s/1/2/ /srv/d", [("f\t4\t/srv/d\0", 0), ("/etc/shadow", 0), ("root:$6$x", 0), ("", 0)], "hold secrets"),
    ("echo b >> /srv/c", [("f\t2\t/srv/c\0", 0), ("/srv/c", 0), ("a\n", 0)], " a\n+b"),
    ("echo b > /srv/c", [("", 1), ("", 1), ("head: cannot open", 1)], "would be made anew:\n@@ -0,0 +1 @@\n+b"),
    ("apt-get install x", [("Inst x (1.2 Debian)\nInst y [1] (2 Debian)\nConf x", 0)],
     "It installs 1: x 1.2\nIt upgrades 1: y 2"),
    ("apt-get install x", [("E: Unable to locate package x", 100)], "would refuse it: E: Unable"),
    ("rsync -a --delete /a/ /b/", [("*deleting   old\n>f+++++++++ new", 0)], "delete 1 and write 1:\ndeletes old"),
    ("systemctl stop nginx", [(STATE, 0), ("nginx.service\n  multi-user.target", 0)],
     "With it stops: app.service, web.target.\nWanted by: multi-user.target."),
    ("nft -f /x", [("/x:1:1: Error: syntax error", 1)], "finds a fault:\n/x:1:1"),
    ("nft -f /x", [("", 0)], "finds no fault"),
)  # fmt: skip


@pytest.mark.parametrize(("command", "answers", "text"), SHOWN, ids=[f"{case[0]} {case[2][:12]}" for case in SHOWN])
def test_it_says_what_would_happen(command: str, answers: list[tuple[str, int]], text: str) -> None:
    found = previewed(command, *answers)
    assert text in found[0].text, found[0].text
    assert "$6$" not in found[0].text


def test_a_file_that_grows_is_the_same_and_one_more_is_not() -> None:
    shown, grown, more = (
        TargetPreview(target="web", previews=previewed("rm -rf /x", (listed, 0)))
        for listed in (LISTED, LISTED.replace("\t10\t", "\t99\t"), LISTED + "f\t1\t/x/new\0")
    )
    assert difference_between(shown, grown) == ""
    assert "/x/new" in difference_between(shown, more)
    assert difference_between(shown, TargetPreview(target="web", why="not reached")) == ""
    assert "can no longer be had" in difference_between(shown, TargetPreview(target="web", previews=()))


def test_a_secret_in_a_difference_is_masked() -> None:
    answers = [("f\t4\t/srv/c\0", 0), ("/srv/c", 0), ("password = hunter2222\n", 0), ("password = hunter3333\n", 0)]
    (found,) = previewed("sed -i s/2222/3333/ /srv/c", *answers)
    assert "hunter" not in found.text


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([case[0] for case in SHOWN]), st.text(alphabet="@1-abfd\t\n\0 =:/é\x1b", max_size=200))
def test_whatever_a_target_answers_is_read(command: str, noise: str) -> None:
    for found in previewed(command, *[(noise, 0)] * 4):
        assert "\x1b" not in found.text
    assert read_previews(plan_previews(understand(command, "sh")).steps, noise)
