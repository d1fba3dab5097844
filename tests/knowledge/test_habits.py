"""What comes next is told from what came before, by properties that hold for any history."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsterm.knowledge.command_use import CommandUse
from opsterm.knowledge.habit_groups import groups_of
from opsterm.knowledge.habits import HIDDEN, SESSION_GAP_S, Habits, Suggestion, filled_pattern, kind_of, pattern_of
from opsterm.knowledge.workflows import LEAST_TIMES, workflows_of

DAY = 86_400.0
WORDS = st.sampled_from(["df -h", "df -i", "free -m", "uptime", "systemctl status nginx", "ls /var", "dmesg"])
USES = st.lists(st.tuples(WORDS, st.sampled_from([True, False, None]), st.floats(1, 4000)), max_size=40)


def history(rows: Sequence[tuple[str, bool | None, float]]) -> list[CommandUse]:
    """Return uses of (command, how it ended, seconds after the one before)."""
    at, made = 1000 * DAY, []
    for number, (command, well, gap) in enumerate(rows, 1):
        at += gap
        made.append(CommandUse(id=number, actor="ana", command=command, at=at, ended_well=well))
    return made


def of(*commands: str, well: bool | None = True, gap: float = 10.0) -> list[CommandUse]:
    return history([(command, well, gap) for command in commands])


def now(uses: Sequence[CommandUse]) -> float:
    return uses[-1].at + 1 if uses else 0.0


def commands(found: Sequence[Suggestion]) -> list[str]:
    return [one.command for one in found]


@given(USES, st.text(alphabet="dfrelsuy -", max_size=4))
def test_each_suggestion_was_run_begins_as_typed_and_says_what_was_counted(
    rows: list[tuple[str, bool | None, float]], prefix: str
) -> None:
    uses = history(rows)
    for one in Habits(uses).suggest(prefix, after=["uptime"], now=now(uses), limit=50):
        assert one.command.startswith(prefix)
        assert one.command != prefix
        mine = [use for use in uses if use.command == one.command]
        assert (one.uses, one.well, one.known) == (
            len(mine), sum(use.ended_well is True for use in mine), sum(use.ended_well is not None for use in mine)
        )  # fmt: skip


@given(USES)
def test_what_is_learned_one_by_one_is_what_is_learned_at_once(rows: list[tuple[str, bool | None, float]]) -> None:
    uses = history(rows)
    slowly = Habits()
    for use in uses:
        slowly.add(use)
    for after in ([], ["df -h"], ["uptime", "df -h"]):
        assert slowly.suggest(after=after, now=now(uses)) == Habits(uses).suggest(after=after, now=now(uses))


@given(USES, WORDS)
def test_a_good_end_never_lowers_a_command_and_a_bad_one_never_raises_it(
    rows: list[tuple[str, bool | None, float]], command: str
) -> None:
    uses = history([*rows, (command, None, 10.0)])

    def place(well: bool | None) -> int:
        last = CommandUse(id=99, actor="ana", command=command, at=uses[-1].at, ended_well=well)
        return commands(Habits([*uses[:-1], last]).suggest(now=now(uses), limit=50)).index(command)

    assert place(well=True) <= place(well=None) <= place(well=False)


def test_what_followed_most_comes_first_and_a_longer_run_counts_more() -> None:
    uses = of(*["systemctl restart nginx", "systemctl status nginx"] * 4, "systemctl restart nginx", "uptime")
    (first, *_) = Habits(uses).suggest(after=["systemctl restart nginx"], now=now(uses))
    assert first.command == "systemctl status nginx"
    assert first.why == "you ran this 4 times after `systemctl restart nginx`, 4 of 4 ended well"
    runs = of("a 1", "b 2", "c 3", "x 1", "b 2", "d 4", "a 1", "b 2", "c 3", "x 1", "b 2", "d 4", "q", "b 2", "d 4")
    assert commands(Habits(runs).suggest(after=["a 1", "b 2"], now=now(runs)))[0] == "c 3"
    assert commands(Habits(runs).suggest(after=["b 2"], now=now(runs)))[0] == "d 4"


def test_what_never_followed_is_made_of_what_followed_its_kind() -> None:
    uses = of(
        *["systemctl restart nginx", "systemctl status nginx", "systemctl restart redis", "systemctl status redis"]
    )
    (first, *_) = Habits(uses).suggest(after=["systemctl restart postfix"], now=now(uses))
    assert (first.command, first.uses) == ("systemctl status postfix", 0)
    assert first.why == "commands like it followed ones like `systemctl restart postfix`"
    assert pattern_of("tail -n 5 /a", "head -n 9 /b") == ()
    assert filled_pattern(pattern_of("cp /etc/x /tmp", "rm /etc/x"), "cp") == ""
    assert (kind_of("ls -l"), kind_of(""), kind_of("git pull origin")) == ("ls", "", "git pull")


def test_place_directory_and_hour_speak_for_a_command() -> None:
    uses = [
        CommandUse(id=n, actor="ana", command=command, host_class=host, directory=where, at=at, ended_well=True)
        for n, (command, host, where, at) in enumerate(
            [("sz web", "linux web", "/srv", DAY + 3600), ("sz db", "linux db", "/var", DAY + 50_000)] * 3
        )
    ]
    found = Habits(uses)
    for given_, first in (
        ({"host_class": "linux db"}, "sz db"), ({"host_class": "linux web"}, "sz web"),
        ({"directory": "/var"}, "sz db"), ({"directory": "/srv"}, "sz web"),
    ):  # fmt: skip
        assert commands(found.suggest("sz", now=DAY + 30_000, **given_))[0] == first  # type: ignore[arg-type]  # a table of both
    assert commands(found.suggest("sz", now=2 * DAY + 3700))[0] == "sz web"
    assert commands(found.suggest("sz", now=2 * DAY + 50_100))[0] == "sz db"


def test_a_pause_ends_a_sequence_and_a_secret_is_never_suggested() -> None:
    apart = of("df -h", "uptime", gap=SESSION_GAP_S + 1)
    assert Habits(apart).suggest(after=["df -h"], now=now(apart))[0].times_after == 0
    secret = f"mysql -p{HIDDEN}password]"
    uses = of("df -h", secret, "df -h", secret, "df -h", secret)
    habits = Habits(uses)
    assert secret not in habits.commands
    for prefix, after in (("", ["df -h"]), ("my", []), ("mysql -p[", ["df -h"])):
        assert secret not in commands(habits.suggest(prefix, after=after, now=now(uses), limit=50))


def test_groups_of_like_commands_are_what_is_fallen_back_on_last() -> None:
    names = [f"{tool} {one}" for tool in ("kubectl get", "systemctl status", "psql -c") for one in "abcdefgh"]
    groups = groups_of(sorted(names))
    assert set(groups) == set(names)
    assert groups == groups_of(sorted(names))
    assert groups_of(names[:5]) == {}
    uses = of(*names)
    habits = Habits(uses)
    assert not all(
        one.startswith("psql") for one in commands(habits.suggest(after=["psql -c h"], now=now(uses), limit=9))
    )
    habits.use_groups(groups)
    found = commands(habits.suggest(after=["psql -c h"], now=now(uses), limit=9))
    assert found
    assert all(one.startswith("psql") for one in found)  # what follows such a one here is another such one


@given(USES)
def test_a_workflow_was_run_so_often_one_after_the_other_and_ended_well(
    rows: list[tuple[str, bool | None, float]],
) -> None:
    uses = history(rows)
    said = [(use.command, use.ended_well) for use in uses]
    for one in workflows_of(uses):
        assert one.times >= LEAST_TIMES
        assert len(one.commands) >= 2
        assert all(said.count((command, True)) >= LEAST_TIMES for command, _ in one.commands)
    assert workflows_of([use for use in uses if not use.ended_well]) == []


def test_what_is_repeated_is_noticed_whole_and_once() -> None:
    deploy = ["git pull", "make", "systemctl restart shop", "curl -sI localhost"]
    rows = [command for day in range(4) for command in (*deploy, f"ls /{day}", "w")]
    (first, *_) = workflows_of(of(*rows))
    assert ([command for command, _ in first.commands], first.times) == (deploy, 4)
    assert workflows_of(of(*deploy * 2)) == []
    broken = history([(command, command != "make", 10.0) for command in rows])
    assert all("make" not in [command for command, _ in one.commands] for one in workflows_of(broken))


@pytest.mark.parametrize("gap", [SESSION_GAP_S + 1])
def test_what_is_days_apart_is_no_sequence(gap: float) -> None:
    assert workflows_of(of(*["a b", "c d"] * 5, gap=gap)) == []
