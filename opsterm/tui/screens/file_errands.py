"""Files from targets and to them: two lines to type; a fetch runs at once and esc stops it, a put is a proposal."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from opsterm.core.units import bytes_text
from opsterm.inventory.folding import fold
from opsterm.runtime.file_fetch import Fetched
from opsterm.runtime.put_proposals import PutWish
from opsterm.tui.screens.prompt import PromptScreen

if TYPE_CHECKING:
    from opsterm.tui.screens.home import HomeScreen

SHOWN_EVERY_S = 0.25


class FileErrands:
    """Dialogs about files; each method opens one for some targets."""

    def __init__(self, home: HomeScreen) -> None:
        self._home = home

    # ------------------------------------------------------------------------------------------ from targets

    def get(self, names: Sequence[str]) -> None:
        """Ask which file, and where it goes; fetch it."""
        if self._are_there(names):
            question = "Which file? Its whole path there, as in /var/log/syslog."
            self._home.app.push_screen(
                PromptScreen(f"Get a file from {fold(names)}", question, check=_whole_path),
                lambda path: self._ask_where(names, path),
            )

    def _ask_where(self, names: Sequence[str], path: str | None) -> None:
        if path is None:
            return

        async def fetch(place: str) -> None:
            found = await self._fetch(names, path, self._here(place), prompt)
            self._home.cockpit.say(_came(found), severity="information" if not _failed(found) else "warning")

        one = len(names) == 1
        question = f"{path} goes to which {'file or folder' if one else 'folder? Each target gets one in it'}"
        value = f"~/{posixpath.basename(path)}" if one else "~/"
        prompt = PromptScreen(
            f"Get a file from {fold(names)}", f"{question}{'?' if one else '.'} esc stops it.", value=value,
            attempt=fetch,
        )  # fmt: skip
        self._home.app.push_screen(prompt)

    async def _fetch(self, names: Sequence[str], path: str, place: Path, prompt: PromptScreen) -> Sequence[Fetched]:
        runtime, come = self._home.runtime, dict[str, int]()
        told_at = 0.0

        def progress(target: str, size: int, whole: int) -> None:
            nonlocal told_at
            come[target] = size
            now = runtime.clock.monotonic()
            if now - told_at >= SHOWN_EVERY_S:
                told_at = now
                of = f" of {bytes_text(whole)}" if whole and len(names) == 1 else ""
                prompt.tell(f"{bytes_text(sum(come.values()))}{of}")

        if len(names) == 1:
            return [await runtime.files.get(names[0], path, place, progress=progress)]
        return await runtime.files.get_from_many(fold(names), path, place, progress=progress)

    # -------------------------------------------------------------------------------------------- to targets

    def put(self, names: Sequence[str]) -> None:
        """Ask which file, and where it goes; propose it and show the proposal."""
        if self._are_there(names):
            self._home.app.push_screen(
                PromptScreen(f"Put a file on {fold(names)}", "Which file of this machine?"),
                lambda source: self._ask_path(names, source),
            )

    def _ask_path(self, names: Sequence[str], source: str | None) -> None:
        if not source:
            return

        async def propose(path: str) -> None:
            wish = PutWish(source=self._here(source), selector=fold(names), path=path, origin="screen")
            change = await self._home.runtime.files.put(wish)
            self._home.errands.show_change(change.id)

        question = f"{source} goes to which path there? It is put there only when that is approved on the next screen."
        prompt = PromptScreen(f"Put a file on {fold(names)}", question, check=_whole_path, attempt=propose)
        self._home.app.push_screen(prompt)

    # ------------------------------------------------------------------------------------------------ shared

    def _are_there(self, names: Sequence[str]) -> bool:
        if not names:
            self._home.cockpit.say("Choose targets in the inventory first: space marks them.", severity="warning")
        return bool(names)

    def _here(self, text: str) -> Path:
        """Return a path of this machine, with "~" as a shell reads it: none has read it here."""
        home = self._home.runtime.operator.home
        return (home / text[2:] if text.startswith("~/") else Path(text)).absolute()


def _whole_path(text: str) -> str:
    return "" if text.startswith("/") and text.strip("/") else "That is no whole path; it begins with /."


def _failed(found: Sequence[Fetched]) -> Sequence[Fetched]:
    return [one for one in found if one.error is not None]


def _came(found: Sequence[Fetched]) -> str:
    """Return what came, and why the first of the others did not."""
    here = [one for one in found if one.error is None]
    lines = [f"{here[0].local}: {bytes_text(here[0].size)} from {here[0].target}."] if len(here) == 1 else []
    if len(here) > 1:
        lines = [f"{len(here)} files came, {bytes_text(sum(one.size for one in here))}: {here[0].local} and so on."]
    failed = _failed(found)
    lines += [f"{len(failed)} did not; {failed[0].target}: {failed[0].error}"] if failed else []
    return "\n".join(lines)
