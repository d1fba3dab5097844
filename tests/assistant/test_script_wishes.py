"""Wishes for scripts: the task, the language and the values are read, or it is asked; nothing is made up."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from opsterm.assistant.scripts.pasted import language_of, pasted_script
from opsterm.assistant.scripts.wish import read_wish
from opsterm.changes.scripts.task import Language
from opsterm.changes.scripts.written import write_script
from tests.changes.scripts import shipped, tasks, written

BASH, POWERSHELL, PYTHON = Language.BASH, Language.POWERSHELL, Language.PYTHON

SURE: tuple[tuple[str, str, Language, Mapping[str, str]], ...] = (
    ("create a PowerShell script to check disk space", "disk-space", POWERSHELL, {}),
    ("bash script to find files bigger than 1 GB in /var", "large-files", BASH, {"size": "1G", "path": "/var"}),
    ("convert to python: bash script to find files bigger than 1 GB in /var", "large-files", PYTHON,
     {"size": "1G", "path": "/var"}),
    ("create a PowerShell script to check disk space; make it over 95 %", "disk-space", POWERSHELL,
     {"threshold": "95"}),
    ("write a python script that checks when the certificate of example.org ends", "certificate-expiry", PYTHON,
     {"target": "example.org"}),
    ("script to restart nginx", "restart-service", BASH, {"service": "nginx"}),
    ("powershell script to restart the spooler service", "restart-service", POWERSHELL, {"service": "spooler"}),
    ("bash script to delete logs older than 30 days in /srv/app/log", "delete-old-files", BASH,
     {"days": "30", "path": "/srv/app/log"}),
    ("script to check if port 5432 is open on db-01", "port-open", BASH, {"port": "5432", "target": "db-01"}),
    ("write a bash script to back up /etc to /srv/backup", "backup-folder", BASH,
     {"path": "/etc", "into": "/srv/backup"}),
    ("generate a script for pending updates on windows", "pending-updates", POWERSHELL, {}),
    ("python script for memory usage over 80 %", "memory", PYTHON, {"threshold": "80"}),
    ("check whether postgresql is running, bash", "service-status", BASH, {"service": "postgresql"}),
    ("script to lock user alice", "lock-user", BASH, {"account": "alice"}),
    ("script that pings 192.0.2.1 10 times", "ping-host", BASH, {"target": "192.0.2.1", "count": "10"}),
    ("script to check the journal for errors of the last 6 hours", "journal-errors", BASH, {"hours": "6"}),
    ("powershell large-files size=1G path=C:\\Temp", "large-files", POWERSHELL, {"size": "1G", "path": "C:\\Temp"}),
)  # fmt: skip
NOT_SURE = (
    "make a sandwich script", "script to rotate kubernetes secrets", "script that checks smtp banners",
    "script for inactive users", "script to reboot everything", "write a script", "script to uninstall nginx",
)  # fmt: skip


@pytest.mark.parametrize(("words", "task", "language", "values"), SURE)
def test_a_wish_is_read(words: str, task: str, language: Language, values: Mapping[str, str]) -> None:
    wish = read_wish(words, tasks())
    assert (wish.task, wish.language, dict(wish.values), wish.question) == (task, language, values, "")


@pytest.mark.parametrize("words", NOT_SURE)
def test_what_fits_no_task_is_not_written(words: str) -> None:
    assert read_wish(words, tasks()).task == ""


@pytest.mark.parametrize(("task_id", "language"), shipped())
def test_the_title_of_a_task_finds_it_and_its_line_writes_it_again(task_id: str, language: Language) -> None:
    script = written(task_id, language)
    wish = read_wish(f"{language} script to {tasks()[task_id].title}", tasks())
    assert task_id in (wish.task, *wish.near)
    again = read_wish(script.line, tasks())
    assert (again.task, again.language) == (task_id, language)
    assert write_script(tasks()[task_id], language, again.values).text == script.text


def test_what_has_to_be_said_is_asked_for() -> None:
    wish = read_wish("bash restart-service", tasks())
    assert (wish.task, wish.values) == ("restart-service", {})
    assert wish.question == "Which service: the name of the service?"


def test_a_script_that_comes_with_the_words_is_taken_as_it_is() -> None:
    assert pasted_script("check this script:\nfor i in 1 2; do\n  echo $i\ndone") == (
        "check this script", "for i in 1 2; do\n  echo $i\ndone\n",
    )  # fmt: skip
    assert pasted_script("explain this powershell script: ```powershell\nGet-Service\n```") == (
        "explain this powershell script powershell", "Get-Service\n",
    )  # fmt: skip
    assert pasted_script("check the disk of web-01") is None
    assert pasted_script("check this script:") is None


@pytest.mark.parametrize(("task_id", "language"), shipped())
def test_the_language_of_a_text_is_seen(task_id: str, language: Language) -> None:
    assert language_of(written(task_id, language).text) is language
