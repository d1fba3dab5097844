"""Files from targets and to them: two lines to type; a fetch runs at once and esc stops it, a put is a proposal."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from opsterm.core.units import bytes_text
from opsterm.inventory.folding import fold
from opsterm.runtime.file_fetch import Fetched, Progress
from opsterm.runtime.folders import FetchedFolder
from opsterm.runtime.put_proposals import PutWish
from opsterm.tui.screens.file_prompt import FilePrompt
from opsterm.tui.screens.prompt import PromptScreen

if TYPE_CHECKING:
    from opsterm.tui.screens.home import HomeScreen

SHOWN_EVERY_S = 0.25


class WantedKind(NamedTuple):
    """What is fetched or put: its word, and a path of one."""

    word: str
    example: str


FILE = WantedKind("file", "/var/log/syslog")
FOLDER = WantedKind("folder", "/etc/nginx")


class FileErrands:
    """Dialogs about files; each method opens one for some targets."""

    def __init__(self, home: HomeScreen) -> None:
        self._home = home

    # ------------------------------------------------------------------------------------------ from targets

    def get(self, names: Sequence[str], kind: WantedKind) -> None:
        """Ask which file or folder, and where it goes; fetch it."""
        if self._are_there(names):
            question = f"Which {kind.word}? Its whole path there, as in {kind.example}."
            self._home.app.push_screen(
                PromptScreen(f"Get a {kind.word} from {fold(names)}", question, check=_whole_path),
                lambda path: self._ask_where(names, kind, path),
            )

    def _ask_where(self, names: Sequence[str], kind: WantedKind, path: str | None) -> None:
        if path is None:
            return

        async def fetch(place: str) -> None:
            take = self._fetch_folders if kind is FOLDER else self._fetch
            said, whole = await take(names, path, self._here(place), prompt)
            self._home.cockpit.say(said, severity="information" if whole else "warning")

        one = len(names) == 1
        goes = "folder? It gets its own name in it." if kind is FOLDER else "file or folder?" if one else "folder?"
        each = "" if one else " Each target gets one in it."
        value = f"~/{posixpath.basename(path)}" if one and kind is FILE else "~/"
        prompt = FilePrompt(
            f"Get a {kind.word} from {fold(names)}", f"{path} goes to which {goes}{each} esc stops it.",
            self._home.keymap, value=value, attempt=fetch,
        )  # fmt: skip
        self._home.app.push_screen(prompt)

    async def _fetch(
        self, names: Sequence[str], path: str, place: Path, prompt: FilePrompt
    ) -> tuple[str, bool]:  # fmt: skip
        """Fetch a file; return what came, and whether all did."""
        files, progress = self._home.runtime.files, self._progress(prompt, of=len(names) == 1)
        if len(names) == 1:
            found: Sequence[Fetched] = [await files.get(names[0], path, place, resume=prompt.resume, progress=progress)]
        else:
            found = await files.get_from_many(fold(names), path, place, resume=prompt.resume, progress=progress)
        return _came(found), not _failed(found)

    async def _fetch_folders(
        self, names: Sequence[str], path: str, place: Path, prompt: FilePrompt
    ) -> tuple[str, bool]:  # fmt: skip
        """Fetch a folder; return what came, and whether all did."""
        progress = self._progress(prompt, of=len(names) == 1)
        found = await self._home.runtime.files.folders.get(
            fold(names), path, place, by_target=len(names) > 1, resume=prompt.resume, progress=progress
        )
        if len(found) == 1 and found[0].error is not None:
            raise found[0].error
        return "\n".join(map(_came_of_folder, found)), all(map(_is_whole, found))

    def _progress(self, prompt: FilePrompt, *, of: bool) -> Progress:
        clock, come, told_at = self._home.runtime.clock, dict[str, int](), 0.0

        def progress(target: str, size: int, whole: int) -> None:
            nonlocal told_at
            come[target] = size
            now = clock.monotonic()
            if now - told_at >= SHOWN_EVERY_S:
                told_at = now
                prompt.tell(f"{bytes_text(sum(come.values()))}{f' of {bytes_text(whole)}' if whole and of else ''}")

        return progress

    # -------------------------------------------------------------------------------------------- to targets

    def put(self, names: Sequence[str], kind: WantedKind) -> None:
        """Ask which file or folder, and where it goes; propose it and show the proposal."""
        if self._are_there(names):
            self._home.app.push_screen(
                PromptScreen(f"Put a {kind.word} on {fold(names)}", f"Which {kind.word} of this machine?"),
                lambda source: self._ask_path(names, kind, source),
            )

    def _ask_path(self, names: Sequence[str], kind: WantedKind, source: str | None) -> None:
        if not source:
            return

        async def propose(path: str) -> None:
            wish = PutWish(
                source=self._here(source), selector=fold(names), path=path, origin="screen",
                recursive=kind is FOLDER, resume=prompt.resume,
            )  # fmt: skip
            change = await self._home.runtime.files.put(wish)
            self._home.errands.show_change(change.id)

        question = f"{source} goes to which path there? It is put there only when that is approved on the next screen."
        prompt = FilePrompt(
            f"Put a {kind.word} on {fold(names)}", question, self._home.keymap, check=_whole_path, attempt=propose
        )
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


def _is_whole(folder: FetchedFolder) -> bool:
    return folder.error is None and not folder.left_out and not _failed(folder.files)


def _came_of_folder(folder: FetchedFolder) -> str:
    """Return what came of a folder, and the first thing that did not."""
    if folder.error is not None:
        return f"{folder.target}: {folder.error}"
    here, failed = [one for one in folder.files if one.error is None], _failed(folder.files)
    lines = [
        f"{folder.local}: {len(here)} file{'s' * (len(here) != 1)}, {bytes_text(folder.size)} from {folder.target}."
    ]
    if failed:
        lines.append(f"{len(failed)} did not come; {_below(folder, failed[0].path)}: {failed[0].error}")
    if folder.left_out:
        first = folder.left_out[0]
        lines.append(f"{len(folder.left_out)} left out; {_below(folder, first.path)}: {first.why}")
    return "\n".join(lines)


def _below(folder: FetchedFolder, path: str) -> str:
    return path.removeprefix(folder.path).lstrip("/")
