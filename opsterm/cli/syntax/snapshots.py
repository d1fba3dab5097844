"""Arguments of `opsterm snapshot`."""

from __future__ import annotations

from collections.abc import Callable

from opsterm.changes.recovery.wish import STATES
from opsterm.changes.volumes import VolumeKind
from opsterm.cli.syntax.parser import SOME, Parser, Verbs, add_verb, number
from opsterm.cli.syntax.schedules import add_terms

_POINT = "as in r3"

_ABOUT_TAKE = """\
Looks at targets and copies the state of what is named to this host: files and
trees with owner, mode, times, access lists, attributes, links and holes; with
--unit what a unit of systemd does, with --also other state. Nothing is changed
there. What an earlier point of the same things has is not sent again; equal
contents are kept once, compressed and encrypted. Ends with 1 when it failed on
some targets, with 3 when on all. With --with, file systems take a snapshot of
their own instead, on the same disks: that changes targets, so it is proposed."""

_ABOUT_SCHEDULE = """\
Says when that is and keeps it as a job; `opsterm schedule` lists, pauses and
removes jobs, and `opsterm serve` or an open screen runs them. A point only
reads its target, so no run has to be approved. After each run the points of
that job that no rule keeps are thrown away, and no others."""

_ABOUT_DIFF = """\
Between two points, or one and its target now, with the lines of text files up
to 1 MB that differ, without secrets. Ends with 1 when something differs, as
diff does."""

_ABOUT_RESTORE = """\
Proposes the change that puts everything back as the point holds it, on the
target that it is of; `diff` says beforehand what that would change. It runs
when it is approved, is sent from here, and ends well only when all is proven to
be as it was. What is there now is kept first, so that it can be taken back.
With --only it is a single file, or a folder with everything below it, out of
its trees; a point of that part is made first, of what is kept here already.
c18 stands for the snapshots of file systems that this change took."""

_ABOUT_PRUNE = """\
Keeps the newest points of the same things on one target, and the last of so
many days, weeks and months, as the settings say or the options. Baselines stay,
and copies of what changes touched for recovery.keep_changes_d. Points that are
named go whatever the rules say. --dry-run only says what would go."""

_ABOUT_VOLUMES = """\
`snapshot take --with auto` proposes to take them where a path is held by LVM,
btrfs or ZFS. Each target is asked which of them are still there. Snapshots of
others are not among it. Put back, ZFS and LVM lose what was written since, and
nothing takes that back; LVM does it when the volume is next activated. With
btrfs the subvolume of now is moved aside; one that is mounted cannot be."""

_ABOUT_REMOVED = """\
A safer form of rm moves what it names into a folder .removed-DATE-TIME beside
it. Which there are is known from the changes that ran; each target is asked
which are still there. Folders of such a name that no change made are not found."""

_ABOUT_DISCARD = """\
The change that it proposes runs when it is approved. Nothing is kept of what it
throws away, and what was moved there can no longer be taken back."""

_ABOUT_BASELINE = """\
A baseline says how its target should be. The workers compare it with the target
every recovery.drift_interval_h; what differs becomes an alert, and what puts it
back is proposed like any other change. Another one of the same things takes its
place."""


def add_snapshots(verbs: Verbs[Parser], data: Parser) -> None:
    """Add the verbs of recovery points."""
    snapshot = verbs.add_parser("snapshot", help="recovery points on this host: take, list, show, diff, restore, …")
    actions = snapshot.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)

    def verb(name: str, text: str, about: str = "") -> Parser:
        return add_verb(actions, data, name, text, about=about, below="snapshot")

    one = verb("take", "copy the state of files and more from targets to this host", _ABOUT_TAKE)
    _add_what(one)
    one.add_argument("--become", nargs="?", const="root", default="", metavar="USER", help="by sudo; root if not said")
    one.add_argument("--with", choices=("auto", *VolumeKind), default="", help="propose a snapshot of the file system")
    one = verb("schedule", "take recovery points again and again", _ABOUT_SCHEDULE)
    one.add_argument("phrase", metavar="WHEN", help="as in 'every day at 2'; the paths stand right behind it")
    _add_what(one)
    one.add_argument("--become", default="", metavar="USER", help="by sudo, as in root")
    _add_keep(one)
    add_terms(one)
    one = verb("list", "list recovery points, newest first, and the room that they take")
    one.add_argument("selector", nargs="?", default="", help=f"{SOME}; left out: all")
    one = verb("show", "show one recovery point, and what is below its paths")
    one.add_argument("id", metavar="ID", help=_POINT)
    one.add_argument("--all", action="store_true", help="every file, folder and link")
    one = verb("diff", "say how things differ between two points, or a point and now", _ABOUT_DIFF)
    one.add_argument("id", metavar="ID", help=_POINT)
    one.add_argument("other", nargs="?", default="", metavar="OTHER", help="left out: the target now")
    one.add_argument("--brief", action="store_true", help="not the lines of files that differ")
    one = verb("verify", "read all that points are made of, and hash it again", "Ends with 1 when one is not whole.")
    one.add_argument("ids", nargs="*", metavar="ID", help="left out: all")
    one = verb("prune", "throw away the points that no rule keeps", _ABOUT_PRUNE)
    one.add_argument("ids", nargs="*", metavar="ID", help="left out: by the rules")
    _add_keep(one)
    one.add_argument("--dry-run", action="store_true", help="only say what would go")
    one = verb("restore", "propose to put back what a point holds", _ABOUT_RESTORE)
    one.add_argument("id", metavar="ID", help="as in r3; or c18")
    one.add_argument("--on", default="", metavar="SELECTOR", help="with c18: of its targets; left out: all")
    one.add_argument("--only", action="append", default=[], metavar="PATH", help="of its trees; may be given often")
    one.add_argument("--reason", default="", help="why; kept in the audit")
    _add_on_targets(verb)
    one = verb("baseline", "let a point say how its target should be", _ABOUT_BASELINE)
    one.add_argument("id", metavar="ID", help=_POINT)
    one.add_argument("--off", action="store_true", help="it no longer does")


def _add_on_targets(verb: Callable[..., Parser]) -> None:
    """Add the verbs about what lies on targets."""
    one = verb("removed", "list what changes have moved aside on targets, and its size", _ABOUT_REMOVED)
    one.add_argument("selector", nargs="?", default="", help=f"{SOME}; left out: all")
    one = verb("discard", "propose to throw away what changes have moved aside", _ABOUT_DISCARD)
    one.add_argument("selector", nargs="?", default="", help=f"{SOME}; left out: all")
    one.add_argument("--older", default="0", metavar="TIME", help="only what is older, as in 30d")
    one.add_argument("--reason", default="", help="why; kept in the audit")
    one = verb("volumes", "list snapshots of file systems that changes have taken", _ABOUT_VOLUMES)
    one.add_argument("selector", nargs="?", default="", help=f"{SOME}; left out: all")
    one = verb("drop", "propose to remove the snapshots of file systems that a change took")
    one.add_argument("id", metavar="CHANGE", help="that took them, as in c18")
    one.add_argument("--on", default="", metavar="SELECTOR", help=f"{SOME}; left out: all")
    one.add_argument("--reason", default="", help="why; kept in the audit")


def _add_what(verb: Parser) -> None:
    """Add what a point is of."""
    verb.add_argument("paths", nargs="*", metavar="PATH", help="files or trees, from / on")
    verb.add_argument("--on", required=True, metavar="SELECTOR", help=SOME)
    verb.add_argument("--unit", action="append", default=[], metavar="U", help="a unit of systemd; may be given often")
    verb.add_argument(
        "--also", action="append", default=[], metavar="STATE", help=f"one of {', '.join(STATES)}; as in crontab=ana"
    )
    verb.add_argument("--label", default="", help="your word for it")


def _add_keep(verb: Parser) -> None:
    """Add how many points are kept."""
    for word in ("last", "daily", "weekly", "monthly"):
        lowest = 1 if word == "last" else 0
        verb.add_argument(
            f"--keep-{word}", type=number(lowest, 100_000), metavar="N", help=f"instead of recovery.keep_{word}"
        )
