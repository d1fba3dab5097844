"""A change and its outcomes are said in few lines, what differs first."""

from __future__ import annotations

from dataclasses import replace

from opsterm.changes import lifecycle
from opsterm.changes.change import Outcome, OutcomeState
from opsterm.changes.summary import exit_summary, failures, line, progress_text
from tests.changes.samples import NOW, proposed


def _outcome(target: str, state: str = "done", status: int | None = 0, **more: str) -> Outcome:
    return Outcome(target=target, state=OutcomeState(state), exit_status=status, **more)  # type: ignore[arg-type]  # texts only


def test_a_waiting_change_says_who_asked_and_how_long_it_may_wait() -> None:
    change = proposed("web-01", "web-02", "web-03")
    assert line(change, NOW + 60) == (
        "c18 proposed · uptime · on web-[01-03] (3 targets) · risk low · asked by ana, 14 m left"
    )
    assert line(change, NOW + 1000).endswith("time is over")


def test_a_decided_and_a_finished_change_say_by_whom_and_how_it_went() -> None:
    change = proposed("web-01")
    approved = lifecycle.approve(change, by="ben", digest=change.digest, now=NOW)
    assert line(approved, NOW + 5).endswith("by ben, 5 s ago")
    running = lifecycle.start(approved, now=NOW)
    ended = lifecycle.finish(replace(running, outcomes=(_outcome("web-01", "failed", 2),)), now=NOW)
    assert line(ended, NOW + 5).endswith("1 failed (exit 2)")


def test_a_line_holds_no_secret_no_escape_and_no_novel() -> None:
    shown = line(proposed(command="mysql -psecret9 \x1b[2J\n" + "x" * 500), NOW)
    assert "secret9" not in shown
    assert "\x1b" not in shown
    assert "\n" not in shown
    assert len(shown) < 200


def test_the_worst_is_said_first() -> None:
    outcomes = [_outcome("a"), _outcome("b", "failed", 2), _outcome("c"), _outcome("d", "unreachable", None)]
    assert exit_summary(outcomes) == "1 failed (exit 2), 1 unreachable, 2 done"
    assert exit_summary([]) == "no targets"


def test_equal_reasons_are_one_line() -> None:
    outcomes = [
        _outcome("web-01", "unreachable", None, message="No route to host.\nCheck the cable."),
        _outcome("web-02", "unreachable", None, message="No route to host."),
        _outcome("web-03", "failed", 7),
        _outcome("web-04", "failed", None, signal="KILL"),
        _outcome("web-05"),
    ]
    assert failures(outcomes) == (
        ("web-[01-02]", "No route to host."), ("web-04", "ended by signal KILL"), ("web-03", "exit 7"),
    )  # fmt: skip


def test_how_far_it_is_and_how_long_the_rest_may_take() -> None:
    waiting = [_outcome(f"web-{n}", "waiting", None) for n in range(6)]
    assert progress_text(waiting, running_s=5.0) == "0 of 6 ended"
    some = [_outcome("web-0"), _outcome("web-1", "failed", 1), *waiting[2:]]
    assert progress_text(some, running_s=5.0) == "2 of 6 ended, 1 not well, about 10 s left"
    assert progress_text([_outcome(f"web-{n}") for n in range(6)], running_s=5.0) == "6 of 6 ended"
