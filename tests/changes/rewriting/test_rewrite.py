"""A command that destroys gets a form that does not, and what that form does is tried on real files."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsterm.changes.rewriting.rewrite import rewrite_of, stamp_of
from opsterm.changes.way_back.prepared import way_back_to
from opsterm.policy.understanding import understand
from opsterm.policy.way_back import Coverage

pytestmark = pytest.mark.blocking

STAMP = "20260102-030405"
ASIDE = f".removed-{STAMP}"
MAKE = f"mkdir -m 700 -- /srv/{ASIDE} && "

CASES = (
    ("rm /srv/a", f"{MAKE}mv -- /srv/a /srv/{ASIDE}/"),
    ("rm -v -- '/srv/a b' /srv/c", f"{MAKE}mv -v -- '/srv/a b' /srv/c /srv/{ASIDE}/"),
    ("rm -rf /srv/a", f"{MAKE}{{ [ ! -e /srv/a ] && [ ! -L /srv/a ] || mv -- /srv/a /srv/{ASIDE}/; }}"),
    ("rm -f /srv/*.gz", f"{MAKE}mv -- /srv/*.gz /srv/{ASIDE}/"),
    ("rm /srv/a; echo x", f"{{ {MAKE}mv -- /srv/a /srv/{ASIDE}/; }}; echo x"),
    ("rm /srv/a; rm /srv/b", (f"{{ {MAKE}mv -- /srv/a /srv/{ASIDE}/; }}; "
     f"{{ mkdir -m 700 -- /srv/{ASIDE}-2 && mv -- /srv/b /srv/{ASIDE}-2/; }}")),
    ("sudo -n rm /srv/a", f"sudo -n sh -c '{MAKE}mv -- /srv/a /srv/{ASIDE}/'"),
    ("cd /srv && rm a", f"cd /srv && {{ mkdir -m 700 -- {ASIDE} && mv -- a {ASIDE}/; }}"),
    ("rm /srv/a /opt/b",
     f"{MAKE}mv -- /srv/a /srv/{ASIDE}/ && mkdir -m 700 -- /opt/{ASIDE} && mv -- /opt/b /opt/{ASIDE}/"),
    ("rsync -a --delete /a/ /srv/b/", f"rsync --backup --backup-dir=/srv/.b-before-{STAMP} -a --delete /a/ /srv/b/"),
    ("git -C /srv/r reset --hard HEAD~1",
     f"git -C /srv/r stash push --message before-{STAMP} && git -C /srv/r reset --hard HEAD~1"),
    ("sqlite3 /srv/x.db 'DELETE FROM t WHERE a = 1;'",
     ("sqlite3 /srv/x.db 'BEGIN IMMEDIATE; CREATE TEMP TABLE meant (rows CHECK (rows = 3)); DELETE FROM t WHERE a = 1; "
     "INSERT INTO meant VALUES (changes()); SELECT rows FROM meant; COMMIT'")),
    ("sudo -u postgres psql -d x -c 'UPDATE t SET a = 2'",
     ("sudo -u postgres psql -d x -c 'WITH changed AS (UPDATE t SET a = 2 RETURNING 1) "
     "SELECT count(*) / (count(*) = 3)::int AS rows FROM changed'")),
    ("mysql x -e 'delete from t'",
     ("mysql x -e 'START TRANSACTION; delete from t; SET @rows = ROW_COUNT(); "
     "SELECT IF(@rows = 3, @rows, (SELECT 1 UNION SELECT 2)) AS changed; COMMIT'")),
)  # fmt: skip

LEFT_ALONE = (
    "uptime", "rm -rf /", "rm -rf .", "rm -rf ..", "rm -ri /srv/a", "rm \"$X\"", "for f in a b; do rm /srv/$f; done",
    "bash -c 'rm /srv/a'", "xargs rm", "ssh web-2 rm /srv/a", "docker exec app rm /srv/a", "rm", "rm /a", "rm '/srv/*'",
    "rm /proc/1/x", "rsync -a /a/ /srv/b/", "rsync -a --delete /a/ web-2:/srv/b/", "rsync -an --delete /a/ /srv/b/",
    "rsync -a --delete --backup-dir=/x -b /a/ /srv/b/", "git reset HEAD", "sed -i s/a/b/ /etc/x", "crontab -r",
    "sqlite3 /srv/x.db 'SELECT 1'", "sqlite3 /srv/x.db 'DELETE FROM t; DELETE FROM u'", "sqlite3 /srv/x.db .dump",
    "sqlite3 /srv/x.db 'DELETE FROM t RETURNING a'", "sqlite3 /srv/x.db 'DELETE FROM t -- all'", "psql -f x.sql",
    "psql -c 'DELETE FROM t' -c 'DELETE FROM u'", "psql -c 'DELETE FROM t USING u'", "mysql -f -e 'delete from t'",
    "sqlite3 /srv/x.db 'DROP TABLE t'",
)  # fmt: skip


@pytest.mark.parametrize(("command", "wanted"), CASES, ids=[case[0] for case in CASES])
def test_what_destroys_is_said_another_way(command: str, wanted: str) -> None:
    found = rewrite_of(command, "bash", stamp=STAMP, rows=3)
    assert found is not None
    assert found.command == wanted
    assert not understand(wanted, "bash").opaque, "what is proposed instead is understood as well"
    assert found.says
    if command.startswith(("rm", "sudo -n rm", "cd")):
        assert way_back_to(wanted, "bash").coverage is Coverage.INVERSE
    again = rewrite_of(found.command, "bash", stamp=STAMP, rows=3)
    assert again is None or command.startswith("git")


@pytest.mark.parametrize("command", LEFT_ALONE)
def test_what_is_not_understood_or_harms_nothing_is_left_alone(command: str) -> None:
    assert rewrite_of(command, "bash", stamp=STAMP) is None


@pytest.mark.parametrize(
    ("command", "wanted"),
    [("sed -i s/a/b/ /etc/x", f"sed -i.{STAMP} s/a/b/ /etc/x"),
     ("crontab -u ana -r", f"crontab -u ana -l > ./crontab-{STAMP} && crontab -u ana -r")],
)  # fmt: skip
def test_a_copy_is_made_where_nothing_else_is_kept(command: str, wanted: str) -> None:
    found = rewrite_of(command, "sh", stamp=STAMP, kept=False)
    assert found is not None
    assert found.command == wanted


@pytest.mark.parametrize("shell", ["powershell", "cmd", "sql", "network-cli", "put", "restore", ""])
def test_other_languages_are_left_alone(shell: str) -> None:
    assert rewrite_of("rm /srv/a", shell, stamp=STAMP) is None


@settings(max_examples=12)
@given(
    st.lists(st.sampled_from(["a", "b c", "-d", "link", "e"]), min_size=1, unique=True), st.sampled_from(["", "-f "])
)
def test_what_is_removed_is_gone_and_within_reach(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], force: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    for name in ("a", "b c", "-d"):
        (folder / name).write_text(name)
    (folder / "link").symlink_to("nowhere")
    (folder / "e").mkdir()
    there = [name for name in names if not (force and name == "a")]
    if force:
        (folder / "a").unlink()
    words = " ".join(f"'{folder}/{name}'" for name in names)
    found = rewrite_of(f"rm -r {force}{words}", "sh", stamp=STAMP)
    assert found is not None
    subprocess.run(["sh", "-c", found.command], check=True)
    assert {path.name for path in (folder / ASIDE).iterdir()} == set(there)
    assert {path.name for path in folder.iterdir()} & set(names) == set()


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="NOT TESTED on a real database: there is no sqlite3 here")
@pytest.mark.parametrize(
    "statement", ["DELETE FROM t WHERE a = 1", "UPDATE t SET a = 9 WHERE a IN (SELECT a FROM t WHERE a = 1)"]
)
@pytest.mark.parametrize(("rows", "status", "left"), [(2, 0, 1), (3, 1, 3), (0, 1, 3)])
def test_a_statement_is_committed_only_when_it_hits_the_rows_that_were_counted(
    tmp_path: Path, statement: str, rows: int, status: int, left: int
) -> None:
    place = tmp_path / "x.db"
    with sqlite3.connect(place) as made:
        made.executescript("CREATE TABLE t (a INT); INSERT INTO t VALUES (1), (1), (2);")
    found = rewrite_of(f'sqlite3 {place} "{statement}"', "sh", stamp=STAMP, rows=rows)
    assert found is not None
    counted = subprocess.run(["sh", "-c", found.count], capture_output=True, text=True, check=True)
    assert counted.stdout == "2\n"
    ended = subprocess.run(["sh", "-c", found.command], capture_output=True, check=False)
    assert min(ended.returncode, 1) == status
    with sqlite3.connect(place) as seen:
        assert seen.execute("SELECT count(*) FROM t WHERE a = 1").fetchone()[0] == left - 1


def test_the_stamp_is_the_moment_of_the_proposal() -> None:
    assert stamp_of(1_767_323_045.9) == STAMP
