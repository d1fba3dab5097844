"""The one table of commands: it feeds keys, footer, palette, help, the documentation and the parity test."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing that an operator can do.

    Attributes:
        id: unique name; in `[keys]` it re-maps the command, and the screen's action has the same name.
        keys: keys as Textual writes them, the first one is shown; empty: only in the palette.
        pane: where the keys count: "everywhere", a pane's name, or that of a screen above: "approval", "target",
            "connection", "credentials", "services", "files", "points", "jobs".
        title: two or three words for footer and palette.
        text: one sentence for help and documentation.
        verb: the verb of the command line that does the same.
        no_verb: why there is none, when there is none.
    """

    id: str
    keys: tuple[str, ...] = ()
    pane: str = "everywhere"
    title: str
    text: str
    verb: str = ""
    no_verb: str = ""


PLACES = ("inventory", "chart", "alerts", "chat", "terminal", "approvals")
"""The panes, in the order of their numbers."""

_SCREEN_ONLY = "It is about the screen."
_LISTS = "inventory, alerts, approvals"

COMMANDS: tuple[Command, ...] = (
    Command(id="open_help", keys=("question_mark", "f1"), title="help", text="Explains the place you are in and its keys.",
            verb="keys"),
    Command(id="open_palette", keys=("colon", "ctrl+p"), title="commands", text="Finds any command by name.",
            no_verb=_SCREEN_ONLY),
    Command(id="show_sent", keys=("at",), title="what was sent", text="Lists what was really sent to targets, and the audit.",
            verb="audit list"),
    Command(id="pane_1", keys=("1",), title="inventory", text="Goes to the inventory.", no_verb=_SCREEN_ONLY),
    Command(id="pane_2", keys=("2",), title="chart", text="Goes to the chart.", no_verb=_SCREEN_ONLY),
    Command(id="pane_3", keys=("3",), title="alerts", text="Goes to the alerts.", no_verb=_SCREEN_ONLY),
    Command(id="pane_4", keys=("4",), title="chat", text="Goes to the chat.", no_verb=_SCREEN_ONLY),
    Command(id="pane_5", keys=("5",), title="terminal", text="Goes to the terminal.", no_verb=_SCREEN_ONLY),
    Command(id="pane_6", keys=("6",), title="approvals", text="Goes to the changes that wait for approval.",
            verb="changes"),
    Command(id="next_pane", keys=("tab",), title="next pane", text="Goes to the next pane.", no_verb=_SCREEN_ONLY),
    Command(id="previous_pane", keys=("shift+tab",), title="previous pane", text="Goes to the previous pane.",
            no_verb=_SCREEN_ONLY),
    Command(id="zoom", keys=("z",), title="zoom", text="Gives the pane the whole screen, and back.", no_verb=_SCREEN_ONLY),
    Command(id="back", keys=("escape",), title="back", text="Goes one step back; never quits, never loses text.",
            no_verb=_SCREEN_ONLY),
    Command(id="say_quit", keys=("ctrl+c",), title="how to quit", text="Ends nothing: says which key leaves opsterm.",
            no_verb=_SCREEN_ONLY),
    Command(id="cursor_down", keys=("j", "down"), pane="lists", title="down", text="Moves to the next line.", no_verb=_SCREEN_ONLY),
    Command(id="cursor_up", keys=("k", "up"), pane="lists", title="up", text="Moves to the previous line.", no_verb=_SCREEN_ONLY),
    Command(id="first", keys=("g", "home"), pane="lists", title="first", text="Moves to the first line.", no_verb=_SCREEN_ONLY),
    Command(id="last", keys=("G", "end"), pane="lists", title="last", text="Moves to the last line.", no_verb=_SCREEN_ONLY),
    Command(id="page_down", keys=("pagedown", "ctrl+d"), pane="lists", title="page down", text="Moves one page on.", no_verb=_SCREEN_ONLY),
    Command(id="page_up", keys=("pageup", "ctrl+u"), pane="lists", title="page up", text="Moves one page back.", no_verb=_SCREEN_ONLY),
    Command(id="toggle_mark", keys=("space",), pane="lists", title="mark", text="Marks the line, or takes the mark away.", no_verb=_SCREEN_ONLY),
    Command(id="filter", keys=("slash",), pane="inventory", title="filter",
            text="Filters the list with a selector, as in tag:web and status=offline.", verb="targets list"),
    Command(id="open_target", keys=("enter",), pane="inventory", title="open", text="Opens the target's page: profile, measurements, alerts, changes.",
            verb="targets show"),
    Command(id="open_terminal", keys=("t",), pane="inventory, target", title="terminal", text="Opens a shell on the target; asks before a running one ends.",
            no_verb="Your own ssh does the same."),
    Command(id="check_target", keys=("r",), pane="inventory, target", title="check", text="Sees whether the marked targets answer.",
            verb="targets check"),
    Command(id="test_target", keys=("R",), pane="inventory, target, connection, approval", title="test",
            text="Connects and logs in phase by phase, says where it fails, and takes in an unknown host key after asking.",
            verb="targets test"),
    Command(id="trust_key", keys=("T",), pane="connection", title="trust",
            text="Takes the unknown host key that the test met into known_hosts; asks first.", verb="targets trust"),
    Command(id="look_again", keys=("L",), pane="target", title="look again",
            text="Logs in and looks what the target is, with a fixed script that changes nothing.", verb="targets profile"),
    Command(id="propose", keys=("p",), title="propose", text="Proposes a command for the marked targets.",
            verb="propose"),
    Command(id="trust_engine", keys=("T",), pane="target", title="trust the engine",
            text="Takes the other SNMP engine that sends the target's traps for its own; asks first.", verb="snmp trust"),
    Command(id="query", keys=("x",), pane="inventory, target", title="look", text="Runs a command that only reads on the marked targets at once; any other is proposed.",
            verb="query"),
    Command(id="add_target", keys=("plus",), pane="inventory", title="add target", text="Adds a target.",
            verb="targets add"),
    Command(id="edit_target", keys=("e",), pane="inventory, target", title="edit", text="Changes the target's fields.",
            verb="targets edit"),
    Command(id="remove_target", keys=("D",), pane="inventory", title="remove",
            text="Takes the target out of the inventory; asks first.", verb="targets remove"),
    Command(id="chart_target", keys=("c",), pane="inventory, target", title="chart", text="Shows the target's measurements.",
            verb="history"),
    Command(id="group_by", keys=("b",), pane="inventory", title="group by",
            text="Groups the list by group, tag, environment, site, os or status.", no_verb=_SCREEN_ONLY),
    Command(id="claim_target", keys=("C",), pane="inventory, target", title="claim",
            text="Claims the marked targets for a time, so that others are asked before they change them; or gives that up.",
            verb="claim take"),
    Command(id="window_longer", keys=("minus",), pane="chart", title="longer", text="Shows a longer time.",
            verb="history"),
    Command(id="window_shorter", keys=("plus",), pane="chart", title="shorter", text="Shows a shorter time.",
            verb="history"),
    Command(id="cursor_left", keys=("left", "h"), pane="chart", title="earlier", text="Moves the read-out to an earlier time.",
            no_verb=_SCREEN_ONLY),
    Command(id="cursor_right", keys=("right", "l"), pane="chart", title="later", text="Moves the read-out to a later time.",
            no_verb=_SCREEN_ONLY),
    Command(id="choose_series", keys=("enter",), pane="chart", title="series", text="Chooses what is drawn.",
            verb="history"),
    Command(id="open_alert", keys=("enter",), pane="alerts", title="open", text="Shows everything known of the alert.",
            verb="alerts"),
    Command(id="acknowledge", keys=("n",), pane="alerts", title="acknowledge", text="Says that somebody works on the alert.",
            verb="alerts"),
    Command(id="silence", keys=("S",), pane="alerts", title="silence", text="Keeps the alert quiet for a time; asks how long.",
            verb="alerts"),
    Command(id="reopen", keys=("o",), pane="alerts", title="reopen", text="Ends a silence or an acknowledgement.",
            verb="alerts"),
    Command(id="open_change", keys=("enter",), pane="approvals", title="open", text="Opens the change.", verb="change"),
    Command(id="stop_change", keys=("X",), pane="approvals, approval", title="stop", text="Stops a running change; asks first.",
            verb="stop"),
    Command(id="proceed_change", keys=("P",), pane="approval", title="go on",
            text="Waits no longer between two batches of a change that runs; what is looked at there has to hold all the same.",
            verb="proceed"),
    Command(id="approve", keys=("a",), pane="approval", title="approve",
            text="Approves the change as it is shown; what is asked for grows with the risk.", verb="approve"),
    Command(id="break_glass", keys=("B",), pane="approval", title="break glass",
            text="Approves alone in an emergency where the settings allow it; asks for words and a reason, and a review stays open.",
            verb="approve"),
    Command(id="approve_from", keys=("F",), pane="approval", title="approve from",
            text="Takes in the yes of somebody else, from the file that opsterm sign made for them.", verb="approve"),
    Command(id="deny", keys=("d",), pane="approval", title="deny", text="Says no.", verb="deny"),
    Command(id="edit_change", keys=("e",), pane="approval", title="edit",
            text="Proposes an edited command instead; the old proposal is denied.", verb="propose"),
    Command(id="take_rewrite", keys=("m",), pane="approval", title="rewrite",
            text="Proposes the safer form that is shown instead; the old proposal is denied.", verb="propose"),
    Command(id="edit_inverse", keys=("E",), pane="approval", title="inverse",
            text="Proposes the same with another command that takes it back; the old proposal is denied.", verb="propose"),
    Command(id="roll_back", keys=("u",), pane="approvals, approval", title="roll back",
            text="Proposes the change that puts back what this one has changed; what waits to be confirmed is taken back at once.",
            verb="rollback"),
    Command(id="guard_change", keys=("g",), pane="approval", title="guard",
            text="Has the targets take it back unless it is confirmed in time, or takes that away; the old proposal is denied.",
            verb="propose"),
    Command(id="verify_change", keys=("V",), pane="approval", title="verify",
            text="Asks what is looked at once it has ended, and whether it is taken back then; the old proposal is denied.",
            verb="propose"),
    Command(id="rollout_change", keys=("W",), pane="approval", title="rollout",
            text="Asks in which order it goes over its targets, and what is waited for between; the old proposal is denied.",
            verb="propose"),
    Command(id="simulate_change", keys=("s",), pane="approval", title="simulate",
            text="Shows what the change would do where, in which order; nothing is sent.", verb="simulate"),
    Command(id="confirm_change", keys=("c",), pane="approval", title="confirm",
            text="Keeps a change that its targets would take back, over a fresh log-in.", verb="confirm"),
    Command(id="extend_change", keys=("plus",), pane="approval", title="more time",
            text="Gives a change more time to be confirmed; asks how much.", verb="extend"),
    Command(id="run_change", keys=("x",), pane="approval", title="run", text="Runs a change that is approved.", verb="run"),
    Command(id="show_odd", keys=("f",), pane="approval", title="odd ones", text="Filters the inventory to the targets whose result differs from the most.",
            verb="query"),
    Command(id="enter_line", keys=("enter",), pane="chat", title="ask", text="Goes back to the line to type in, after esc has left it.",
            verb="ask"),
    Command(id="open_shell", keys=("enter",), pane="terminal", title="open a shell", text="Opens a shell on this host while none is open; after one has ended, enter opens it again.", no_verb="Your own shell does the same."),
    Command(id="explain_output", keys=("w",), pane="terminal", title="why",
            text="Once ctrl+] has left the shell: says what the error is that it shows, with looks and steps that help.",
            verb="ask"),
    Command(id="why", keys=("w",), pane=_LISTS, title="why", text="Shows the reasons behind an alert, a status or a risk.",
            verb="alerts"),
    Command(id="copy", keys=("y",), pane=_LISTS, title="copy", text="Copies the selected line and says what it copied.",
            no_verb=_SCREEN_ONLY),
    Command(id="leave_terminal", keys=("ctrl+right_square_bracket",), pane="terminal", title="leave",
            text="Leaves the terminal; every other key goes to the remote. Twice sends it through.", no_verb=_SCREEN_ONLY),
    Command(id="toggle_resume", keys=("ctrl+r",), pane="files", title="go on",
            text="While a file or folder is asked for: keeps what came when it breaks off, and goes on with what is there of an earlier try.",
            verb="get"),
    Command(id="troubleshoot", title="trouble", text="Says what an error on the chosen targets is; looks run at once, steps are proposed.",
            verb="ask"),
    Command(id="show_target", title="show target", text="Opens the page of a target that is chosen by name.",
            verb="targets show"),
    Command(id="import_targets", title="import targets", text="Takes targets in from a file.", verb="targets import"),
    Command(id="choose_theme", title="theme", text="Chooses the colours and keeps the choice.", no_verb=_SCREEN_ONLY),
    Command(id="show_settings", title="settings", text="Shows every setting, its value and where it comes from.",
            verb="settings"),
    Command(id="show_doctor", title="doctor", text="Says how every part of opsterm is.", verb="doctor"),
    Command(id="show_checks", title="checks", text="Lists the checks at an interval and how each stands; enter draws its latency.",
            verb="check list"),
    Command(id="show_mail", title="mail queue", text="Lists mail that waits or was not delivered, and why.",
            verb="mail queue"),
    Command(id="show_reviews", title="open reviews",
            text="Lists what was approved alone in an emergency and nobody else has looked at; enter closes one.",
            verb="reviews list"),
    Command(id="show_breakers", title="breakers",
            text="Lists breakers, which stop approvals after failures; enter resets an open one.", verb="breaker"),
    Command(id="show_apis", title="APIs", text="Lists HTTP APIs and their operations, and calls one.", verb="apis call"),
    Command(id="show_credentials", keys=("f2",), title="credentials",
            text="Lists passwords and passphrases that are kept, never what they are; adds, replaces and removes them.",
            verb="vault list"),
    Command(id="add_credential", keys=("plus",), pane="credentials", title="add",
            text="Keeps a password, a passphrase or an SNMP log-in; asks for it behind dots.", verb="vault set"),
    Command(id="replace_credential", keys=("e",), pane="credentials", title="replace",
            text="Asks for another secret in place of the one under the cursor; enter does the same.", verb="vault set"),
    Command(id="confirm_credential", keys=("c",), pane="credentials", title="confirm",
            text="Says that the secret may go to where its account stands for now, after its target has moved; asks first.",
            verb="vault confirm"),
    Command(id="remove_credential", keys=("D",), pane="credentials", title="remove", text="Forgets the secret; asks first.",
            verb="vault remove"),
    Command(id="open_credentials", keys=("o",), pane="credentials", title="open the vault",
            text="Opens the vault for this session, or makes one.", verb="vault create"),
    Command(id="show_traps", title="traps", text="Lists what devices told by themselves in the last day, and who sends what is not taken.",
            verb="snmp traps"),
    Command(id="open_service", keys=("enter",), pane="services", title="open",
            text="Shows everything known of the service, what it needs and what needs it.", verb="services show"),
    Command(id="accept_service", keys=("a",), pane="services", title="accept",
            text="Accepts the marked services: they are expected to be there.", verb="services accept"),
    Command(id="ignore_service", keys=("i",), pane="services", title="ignore",
            text="Ignores the marked services: they are not proposed again.", verb="services ignore"),
    Command(id="check_service", keys=("r",), pane="services", title="check",
            text="Sees whether the marked services work.", verb="services check"),
    Command(id="remove_service", keys=("D",), pane="services", title="remove",
            text="Takes the marked services out of the registry; asks first.", verb="services remove"),
    Command(id="discover_services", keys=("plus",), pane="services", title="discover",
            text="Looks for services on the targets that are chosen in the inventory.", verb="services discover"),
    Command(id="show_services", title="services", text="Lists the services of targets, and decides about those that were found.",
            verb="services list"),
    Command(id="open_point", keys=("enter",), pane="points", title="open",
            text="Shows what is in the recovery point.", verb="snapshot show"),
    Command(id="difference_of_point", keys=("L",), pane="points", title="look how it differs",
            text="Logs in and looks how the target differs now from the recovery point.", verb="snapshot diff"),
    Command(id="restore_point", keys=("u",), pane="points", title="put back",
            text="Proposes to put back what the recovery point holds, and opens its approval.", verb="snapshot restore"),
    Command(id="verify_point", keys=("r",), pane="points", title="check",
            text="Reads all of the recovery point and hashes it again.", verb="snapshot verify"),
    Command(id="take_point", keys=("plus",), pane="points", title="take",
            text="Takes a recovery point of the targets that are chosen in the inventory.", verb="snapshot take"),
    Command(id="remove_point", keys=("D",), pane="points", title="remove",
            text="Throws the recovery point away; asks first.", verb="snapshot prune"),
    Command(id="show_points", title="recovery points", text="Lists the recovery points on this host, and puts one back.",
            verb="snapshot list"),
    Command(id="open_job", keys=("enter",), pane="jobs", title="open",
            text="Shows the next times of the job, its script, its approval and what its last turns printed.",
            verb="schedule show"),
    Command(id="approve_job", keys=("a",), pane="jobs", title="approve",
            text="Opens the standing approval of the job: approve or revoke it there.", verb="approve"),
    Command(id="run_job", keys=("x",), pane="jobs", title="run",
            text="Lets the job run now, beside its schedule.", verb="schedule run"),
    Command(id="hold_job", keys=("o",), pane="jobs", title="pause or go on",
            text="Lets the job begin no run any more, or lets it begin them again.", verb="schedule pause"),
    Command(id="remove_job", keys=("D",), pane="jobs", title="remove",
            text="Takes the job out and revokes its approval; asks first.", verb="schedule remove"),
    Command(id="new_job", keys=("plus",), pane="jobs", title="make",
            text="Makes a job of a sentence; says it back first.", verb="schedule add"),
    Command(id="show_jobs", keys=("f7",), title="jobs", text="Lists what is done by schedule, and when next.",
            verb="schedule list"),
    Command(id="unlock_vault", title="unlock vault", text="Opens the vault for this session, or makes one.",
            verb="vault status"),
    Command(id="quit", keys=("q",), title="quit", text="Closes the screen; on the home screen leaves opsterm, asking while changes or a shell run.",
            no_verb=_SCREEN_ONLY),
    Command(id="get_file", keys=("f3",), title="get a file", text="Fetches a file from the marked targets at once.", verb="get"),
    Command(id="get_folder", keys=("f4",), title="get a folder",
            text="Fetches a folder from the marked targets at once, with all files below it.", verb="get"),
    Command(id="put_file", keys=("f5",), title="put a file", text="Proposes to put a file on the marked targets.", verb="put"),
    Command(id="put_folder", keys=("f6",), title="put a folder",
            text="Proposes to put a folder on the marked targets, with all files below it.", verb="put"),
)  # fmt: skip


def command(command_id: str) -> Command:
    """Return a command by its id. Raises KeyError: the ids are ours."""
    return next(c for c in COMMANDS if c.id == command_id)


def commands_of(pane: str) -> tuple[Command, ...]:
    """Return the commands that count in a pane, its own before those that count everywhere."""
    own = tuple(c for c in COMMANDS if pane in c.pane.split(", "))
    return own + tuple(c for c in COMMANDS if c.pane == "everywhere")


KEY_NAMES = {
    "question_mark": "?", "colon": ":", "at": "@", "slash": "/", "plus": "+", "minus": "-", "escape": "esc",
    "ctrl+right_square_bracket": "ctrl+]", "left": "←", "right": "→", "shift+tab": "shift+tab",
}  # fmt: skip


def key_text(key: str) -> str:
    """Return a key as a person writes it: "?" for "question_mark"."""
    return KEY_NAMES.get(key, key)
