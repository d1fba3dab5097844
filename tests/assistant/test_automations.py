"""A sentence over several protocols becomes one plan in a file, with what is missing; nothing is proposed or run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsterm.assistant.automation_plan import automation_plan
from opsterm.assistant.automation_wish import PartKind, read_automation
from opsterm.changes.plan_file import read_plan_file
from opsterm.inventory.target import Protocol, Target

SEEDS = (
    "Create an automation to configure SNMP monitoring on all network switches and set up Axis camera motion detection "
    "alerts"
)
FLEET = (
    *(Target(name=f"sw-{n}", protocol=Protocol.SNMP, tags=("switch",), site="hall-1") for n in (1, 2, 10)),
    Target(name="core-1", tags=("switch",)),
    *(Target(name=f"cam-{n}", protocol=Protocol.HTTP, os="axis", groups=("cameras",)) for n in (1, 2)),
    Target(name="cam-3", protocol=Protocol.HTTP, groups=("cameras",)),
    Target(name="web-1", tags=("web",)),
)
KEPT = frozenset({
    *((Protocol.SNMP, f"sw-{n}") for n in (1, 2, 10)), *((Protocol.HTTP, f"root@cam-{n}") for n in (1, 2, 3)),
})  # fmt: skip

SWITCHES, CAMERAS, AXIS = "sw-[1-2,10]", "cam-[1-3]", "cam-[1-2]"
MEASURE, DETECT, ALERT = "watch", "motion", "alerts"
SENTENCES = (
    (SEEDS, [(MEASURE, SWITCHES), (DETECT, AXIS), (ALERT, AXIS)]),
    ("configure SNMP monitoring on all network switches and set up Axis camera motion detection alerts",
     [(MEASURE, SWITCHES), (DETECT, AXIS), (ALERT, AXIS)]),
    ("enable SNMP on sw-1 and sw-2, and turn on motion detection on the cameras",
     [(MEASURE, "sw-[1-2]"), (DETECT, CAMERAS)]),
    ("monitor the switches over SNMP and alert me when the Axis cameras see motion",
     [(MEASURE, SWITCHES), (ALERT, AXIS)]),
    ("set up motion detection alerts on all axis cameras and monitor all switches via snmp",
     [(DETECT, AXIS), (ALERT, AXIS), (MEASURE, SWITCHES)]),
    ("create an automation that sets up nothing", None),
    ("set up snmp monitoring for every switch in hall-1", [(MEASURE, SWITCHES)]),
    ("put all switches under SNMP monitoring", [(MEASURE, SWITCHES)]),
    ("create an automation for SNMP monitoring of the switches plus motion detection on cam-1",
     [(MEASURE, SWITCHES), (DETECT, "cam-1")]),
    ("motion alerts on cam-1", None),
    ("snmp monitoring on sw-1", None),
    ("set up SNMP polling for the hall-1 switches and alerts for motion on cam-1",
     [(MEASURE, SWITCHES), (ALERT, "cam-1")]),
    ("enable motion alerts on cam-[1-2] and email ops@example.org", [(DETECT, AXIS), (ALERT, AXIS)]),
    ("I want to set up motion detection on cam-2", [(DETECT, "cam-2")]),
    ("restart nginx on web-1", None),
    ("which targets are reached over snmp", None),
    ("is motion detected on cam-1", None),
    ("schedule a weekly disk check on web-1", None),
)  # fmt: skip
"""A sentence -> what its steps do, and where; None where no plan comes of it."""


def steps_of(text: str) -> list[tuple[str, str]]:
    found, faults = read_plan_file(text, "automation.toml", lambda name: (name, "sh"))
    assert found is not None, faults
    said = []
    for place, wish in zip(found.places, found.wishes, strict=True):
        assert wish is not None
        said.append((DETECT if wish.motion else ALERT if wish.watch == "camera alerts" else MEASURE, place))
    return said


@pytest.mark.parametrize(("said", "steps"), SENTENCES, ids=[said for said, _ in SENTENCES])
def test_a_sentence_becomes_the_plan_that_it_wishes_for(said: str, steps: list[tuple[str, str]] | None) -> None:
    wish = read_automation(said)
    plan = automation_plan(wish, FLEET, kept=KEPT, mails=False) if wish is not None else None
    assert (steps_of(plan.text) if plan is not None and plan.text else None) == steps


def test_what_is_left_out_and_what_is_missing_is_said_with_its_command() -> None:
    wish = read_automation(SEEDS)
    assert wish is not None
    kept = KEPT - {(Protocol.SNMP, "sw-10"), (Protocol.HTTP, "root@cam-2")}
    plan = automation_plan(wish, FLEET, kept=kept, mails=False)
    assert plan.missing == (
        "No SNMP log-in of sw-10 is kept: opsterm snmp login sw-10",
        "No password of root@cam-2 is kept: opsterm vault set opsterm:http root@cam-2",
    )
    assert any(note.startswith("core-1 is left out: it is reached over ssh.") for note in plan.notes)
    assert any("opsterm runs no commands in the CLI of network devices" in note for note in plan.notes)


def test_what_nothing_is_called_by_is_asked_and_nothing_is_written() -> None:
    wish = read_automation(SEEDS.replace("switches", "turnstiles"))
    assert wish is not None
    plan = automation_plan(wish, FLEET, kept=None, mails=False)
    assert plan.text == ""
    assert plan.question.startswith('Which targets are "all network turnstiles"? None is called so')


def test_a_part_that_is_not_known_is_asked_about() -> None:
    wish = read_automation(f"{SEEDS} and create a unicorn")
    assert wish is not None
    plan = automation_plan(wish, FLEET, kept=None, mails=False)
    assert (plan.text, plan.question) == ("", 'What is meant by "create a unicorn"? That part is not known here.')


def test_a_camera_that_does_not_say_that_it_is_one_is_taken_for_one_aloud() -> None:
    wish = read_automation("set up motion alerts on cam-3")
    assert wish is not None
    named = [replace(one, os="") for one in FLEET]
    plan = automation_plan(wish, named, kept=None, mails=False)
    assert "cam-3 is taken to be an Axis camera: its os does not say it." in plan.notes


def test_mail_is_a_setting_and_no_step() -> None:
    wish = read_automation("enable motion alerts on cam-1 and e-mail ops@example.org")
    assert wish is not None
    assert [part.kind for part in wish.parts] == [PartKind.MOTION, PartKind.MAIL]
    plan = automation_plan(wish, FLEET, kept=KEPT, mails=False)
    assert any('to = "ops@example.org"' in note for note in plan.notes)


MAILED = (
    ("notify me", ""), ("mail us about it", ""), ("e-mail ops@example.org", "ops@example.org"),
    ("send me an e-mail when motion is detected", ""), ("send ops@example.org a message", "ops@example.org"),
    ("send an email to ops@example.org", "ops@example.org"), ("send alerts to ops@example.org", "ops@example.org"),
    ("notify ops@example.org about them by e-mail", "ops@example.org"), ("mail alerts to me", ""),
)  # fmt: skip
"""What is said behind a wish -> the address of it."""

MORE_THAN_MAIL = (
    "notify me and reboot sw-1", "mail ops@example.org when the disk is over 90 %", "notify ops",
    "send the password file to x@example.org", "e-mail a@example.org and b@example.org", "send reboot to me",
    "mail the report to a@example.org and format the disk", "notify me tomorrow", "send ops@example.org",
)  # fmt: skip


@pytest.mark.parametrize(("said", "to"), MAILED)
def test_who_is_mailed_is_read(said: str, to: str) -> None:
    wish = read_automation(f"enable snmp on sw-1 and {said}")
    assert wish is not None
    assert [(part.kind, part.to) for part in wish.parts] == [(PartKind.SNMP, ""), (PartKind.MAIL, to)]


@pytest.mark.parametrize("said", MORE_THAN_MAIL)
def test_what_is_said_beside_mail_is_asked_about(said: str) -> None:
    wish = read_automation(f"enable snmp on sw-1, and {said}")
    assert wish is not None
    plan = automation_plan(wish, FLEET, kept=KEPT, mails=True)
    assert plan.text == ""
    assert said in plan.question
