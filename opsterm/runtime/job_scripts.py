"""Scripts for jobs, by the words of a task: from the tasks that ship."""

from __future__ import annotations

from collections.abc import Callable

from opsterm.changes.job_notice import USED, JobCause, JobNotice
from opsterm.changes.scripts.written import runnable
from opsterm.core.errors import BadInput
from opsterm.runtime.job_wishes import FoundScript
from opsterm.runtime.scripts import Scripts

FOUND = 1
"""The exit code by which a script of a task says that it has found something."""


class TaskScripts:
    """Writes the script of a task; see `job_wishes.ScriptFinder`.

    Args:
        scripts: the tasks that ship.
    """

    def __init__(self, scripts: Callable[[], Scripts]) -> None:
        self._scripts = scripts

    async def find(self, words: str, language: str, *, windows: bool, notice: JobNotice | None) -> FoundScript | None:
        """Return the script for a task. Raises BadInput: two tasks fit, or a value is missing."""
        over = ""
        if notice is not None and notice.occasion is JobCause.FIGURES and notice.field == USED:
            over = f" over {notice.value:g}%"  # what the mail is about is marked in the output as well
        wish = await self._scripts().wish(f"{language or ('powershell' if windows else '')} {words}{over}".strip())
        if not wish.task and not wish.near:
            return None
        if wish.question:
            raise BadInput(wish.question, next_step="Say it in the sentence.")
        if not wish.task or wish.language is None:
            return None
        written = await self._scripts().write(wish.task, wish.language, wish.values, limit_s=wish.limit_s)
        text, shell = runnable(written.text, written.language)
        return FoundScript(text=text, title=written.task.title, shell=shell, found_codes=(FOUND,))
