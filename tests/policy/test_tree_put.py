"""A folder that is to be put is one text that binds every file of it, and that nothing can lead out of."""

from __future__ import annotations

import posixpath
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.core.approval_settings import LimitSetting
from opsterm.core.errors import BadInput, Refused
from opsterm.policy.file_put import PUT
from opsterm.policy.limits import require_within
from opsterm.policy.put_order import parse_put_order, put_reasons, puts_of
from opsterm.policy.risk import RiskLevel, assess
from opsterm.policy.tree_put import TreeFile, TreeFolder, TreePut, parse_tree, require_short, tree_put
from tests.policy.test_file_put import HERE, SHA
from tests.policy.test_limits import ORDER


def tree(*paths: str, folder: str = "/srv/app", mode: str = "0644", owner: str = "", resume: bool = False) -> TreePut:
    """Return the description of a folder with these files, and the folders that they need."""
    between = {above for path in paths for above in _above(path)}
    return tree_put(
        folder, mode="0755", owner=owner, source="/home/ana/app", resume=resume,
        folders=[TreeFolder(path=path, mode="0755") for path in between],
        files=[TreeFile(path=path, mode=mode, size=12, sha256=SHA) for path in paths],
    )  # fmt: skip


def _above(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: at + 1]) for at in range(len(parts))]


def test_the_text_lists_what_is_bound_a_line_each() -> None:
    made = tree("conf/b.conf", "conf/a.conf", "run", owner="root:adm")
    assert made.text() == "\n".join([
        'put-tree {"folder": "/srv/app", "mode": "0755", "owner": "root:adm", "source": "app", "files": 3, "size": 36}',
        '0755 folder "conf"',
        f'0644 12 {SHA} "conf/a.conf"',
        f'0644 12 {SHA} "conf/b.conf"',
        f'0644 12 {SHA} "run"',
    ])  # fmt: skip
    assert parse_put_order(made.text()) == made
    assert [put.path for put in puts_of(made.text())] == [
        "/srv/app/conf/a.conf",
        "/srv/app/conf/b.conf",
        "/srv/app/run",
    ]
    assert '"resume": true' in tree("a", resume=True).text()


_NAMES = st.text(min_size=1, max_size=8) | st.sampled_from(["-rf", "..", ".", "a\nb", "\u202e", "é", "a b", '"', "\\n"])


@settings(max_examples=300, deadline=None)
@given(paths=st.lists(st.lists(_NAMES, min_size=1, max_size=3).map("/".join), min_size=1, max_size=4, unique=True))
def test_whatever_is_accepted_has_one_text_and_stays_below_the_folder(paths: list[str]) -> None:
    try:
        made = tree(*paths)
    except BadInput:
        return
    text = made.text()
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert parse_tree(text) == made
    for put in puts_of(text):
        assert posixpath.normpath(put.path) == put.path
        assert put.path.startswith("/srv/app/")


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../x", "/etc/passwd", "a//b", "./a", "a/", "", "a\nb", "a\x00b", "a\x1b[2J", "x" * 256, "\ud800"],
)
def test_a_path_that_leads_elsewhere_or_is_no_name_is_refused(path: str) -> None:
    with pytest.raises(BadInput):
        tree(path)


@pytest.mark.parametrize("folder", ["srv", "/", "/srv/../etc", "/srv/a\nb", ""])
def test_a_folder_is_named_from_the_root_on(folder: str) -> None:
    with pytest.raises(BadInput):
        tree("a", folder=folder)


def test_what_is_no_tree_is_refused() -> None:
    one = TreeFile(path="a", mode="0644", size=1, sha256=SHA)
    for folders, files in (
        ((), ()), ((), (one, one)), ((TreeFolder(path="a", mode="0755"),), (one,)),
        ((), (replace(one, path="b/a"),)), ((), (one, replace(one, path="a/b"))),
        ((TreeFolder(path="b", mode="0555"),), (one,)), ((TreeFolder(path="b", mode="keep"),), (one,)),
        ((), (replace(one, mode="9"),)), ((), (replace(one, size=-1),)), ((), (replace(one, sha256="x"),)),
    ):  # fmt: skip
        with pytest.raises(BadInput):
            tree_put("/srv/app", mode="0755", folders=folders, files=files)


def test_the_same_thing_said_in_other_bytes_is_refused_and_graded_high() -> None:
    text = tree("conf/a", "b").text()
    first, folder, one, two = text.split("\n")
    for other in (
        text + "\n", text + "\n\n", "\n".join([first, folder, two, one]), "\n".join([first, one, two]),
        "\n".join([first, folder, one]), text.replace('"files": 2', '"files": 3'), text.replace("12", "012", 1),
        text.replace('"b"', '"\\u0062"'), text.replace('"b"', '"../b"'), text.replace("put-tree", "put"),
        text.replace('"size": 24', '"size": 24, "resume": false'), "put-tree {}", "put-tree null", "put-tree",
        "put-tree []\n", first,
    ):  # fmt: skip
        with pytest.raises(BadInput):
            parse_put_order(other)
        assert assess(other, PUT, HERE, [""]).level is RiskLevel.HIGH


def test_every_reason_names_its_files_and_the_whole_is_high() -> None:
    text = tree("cron.d/x", "sudoers.d/ana", "sudoers.d/b", "motd", folder="/etc", mode="0755").text()
    risk = assess(text, PUT, HERE, ["prod"])
    assert risk.level is RiskLevel.HIGH
    assert risk.reasons[:2] == (
        "/etc/sudoers.d/ana, /etc/sudoers.d/b: It decides who may do what as root (sudo).",
        "/etc/cron.d/x: It is run by cron, by itself and later.",
    )
    assert "It replaces 4 files in /etc, or makes them." in risk.reasons
    many = put_reasons(tree(*(f"sudoers.d/{n}" for n in range(9)), folder="/etc").text())
    assert many[0].startswith("/etc/sudoers.d/0, /etc/sudoers.d/1, /etc/sudoers.d/2 and 6 more: ")


def test_a_forbidden_path_is_found_among_all_files() -> None:
    barred = LimitSetting(environment="*", forbidden_paths="/etc/shadow")
    order = replace(ORDER, command=tree("motd", "shadow", folder="/etc").text(), shell=PUT)
    with pytest.raises(Refused, match="/etc/shadow"):
        require_within(order, [barred])
    require_within(replace(order, command=tree("motd", folder="/etc").text()), [barred])


def test_a_folder_is_as_large_as_an_approval_shows() -> None:
    require_short(tree(*(f"file-{n}" for n in range(800))))
    with pytest.raises(BadInput, match=r"1,200 files"):
        require_short(tree(*(f"file-{n}" for n in range(1200))))
