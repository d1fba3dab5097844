"""Arguments of the verbs that bring files from targets and to them."""

from __future__ import annotations

from opsterm.cli.syntax.parser import SOME, Parser, Verbs, add_verb
from opsterm.cli.syntax.rollouts import ABOUT_ROLLOUT, ABOUT_VERIFY, add_rollout, add_verification

_ABOUT_GET = """\
Reads at once, over SFTP; nothing is changed on a target. What the policy takes
for a secret is refused with 4: propose to read it. The file here is readable
by this account only and gets its name when it is whole; one that is there is
kept without --force. A file larger than changes.get_limit_mb is refused before
it comes, and so is one that would leave less than changes.get_reserve_mb free
here. With --on, each target's goes to LOCAL/TARGET/ and a failure of some ends
with 1. With -r symbolic links, devices and what the policy takes for a secret
are left out and told. With --resume the target hashes what is here already;
when that is the same, only the rest is sent."""

_ABOUT_PUT = f"""\
Puts nothing by itself: it keeps the content as it is now and proposes a change.
When that is approved, the very bytes are sent under another name in the same
folder, compared there by size and sha256, given mode and owner, and renamed in
one step. What goes wrong before leaves the file that was there untouched. With
-r the order lists every file of the folder; all have arrived before the first
is renamed, and what else is there stays. Symbolic links and devices in it are
refused. With --resume a put that broke off leaves what came, and the same put,
proposed again, goes on when the target's hash of that is the same.

{ABOUT_ROLLOUT}

{ABOUT_VERIFY}"""


def add_files(verbs: Verbs[Parser], data: Parser) -> None:
    """Add get and put."""
    one = add_verb(verbs, data, "get", "fetch a file from targets", about=_ABOUT_GET)
    one.add_argument("source", metavar="SOURCE", help="as in web-01:/var/log/syslog; with --on only the path")
    one.add_argument("local", nargs="?", default=".", metavar="LOCAL", help="file or folder; left out: this folder")
    one.add_argument("--on", default="", metavar="SELECTOR", help=SOME)
    one.add_argument("--force", action="store_true", help="replace a file that is here already")
    one.add_argument("--limit-mb", type=int, metavar="MB", help="megabytes that a file may have; left out: the setting")
    one.add_argument("-r", "--recursive", action="store_true", help="a folder, with all files below it")
    one.add_argument("--resume", action="store_true", help="keep what came when it breaks off, and go on from there")
    one = add_verb(verbs, data, "put", "propose to put a file or a folder on targets", about=_ABOUT_PUT)
    one.add_argument("local", metavar="LOCAL", help="the file or folder here")
    one.add_argument("--on", required=True, metavar="SELECTOR", help=SOME)
    one.add_argument("--to", required=True, metavar="PATH", help="where it goes: the whole path, with its name")
    one.add_argument("-r", "--recursive", action="store_true", help="a folder, with all files below it")
    one.add_argument(
        "--leave-out", action="append", default=[], metavar="PATTERN", help="with -r: names or paths that stay here"
    )
    one.add_argument("--resume", action="store_true", help="keep what came when it breaks off, and go on from there")
    one.add_argument(
        "--mode", default="", help="in octal; left out: that of the file replaced, or 0644; with -r as here"
    )
    one.add_argument("--owner", default="", help="as in root:adm; left out: that of the file replaced")
    one.add_argument("--reason", default="", help="why; kept in the audit")
    add_rollout(one)
    add_verification(one)
    one.add_argument("--timeout", default="", help="how long it may take on one target, as in 30s, 10m")
