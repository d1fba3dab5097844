"""Where things are kept: the XDG folders of this account, private to it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from opsterm.core.errors import BadSetting, StorageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Every place opsterm reads or writes by itself.

    Attributes:
        config: folder of config.toml and of the operator's own themes/.
        data: folder of the database, the vault and kept output.
        state: folder of reports about broken invariants.
        shipped: folder that holds themes/ and knowledge_seed/ as they came with the program.
        home: the account's home folder (for ~/.ssh).
    """

    config: Path
    data: Path
    state: Path
    shipped: Path
    home: Path

    @property
    def config_file(self) -> Path:
        """The one settings file."""
        return self.config / "config.toml"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "opsterm.db"

    @property
    def vault(self) -> Path:
        """The encrypted credentials file, when no desktop keyring answers."""
        return self.data / "vault.json"

    @property
    def approval_key(self) -> Path:
        """The key of the seals of approvals."""
        return self.data / "approvals.key"

    @property
    def learned_risk(self) -> Path:
        """What was learned of risk from this operator's own changes."""
        return self.data / "learned-risk.json"

    @property
    def card_index(self) -> Path:
        """The index over cards; made anew when it is missing."""
        return self.data / "cards.index"

    @property
    def vectors(self) -> Path:
        """Folder of the index over vectors; made anew when it is missing."""
        return self.data / "vectors"

    @property
    def embedders(self) -> Path:
        """Folder of the sentence embedders that the operator had fetched."""
        return self.data / "embedders"

    @property
    def output(self) -> Path:
        """Folder of kept command output."""
        return self.data / "output"

    @property
    def contents(self) -> Path:
        """Folder of the contents of files that wait to be put on targets."""
        return self.data / "contents"

    @property
    def recovery(self) -> Path:
        """Folder of the recovery points that are kept on this host."""
        return self.data / "recovery"


def find_paths(environment: Mapping[str, str], home: Path) -> Paths:
    """Work out the folders; creates nothing.

    OPSTERM_HOME puts all of them below one folder (of the current one, when it is relative); otherwise the XDG
    variables, of which only absolute ones count; otherwise their defaults.
    """
    one = environment.get("OPSTERM_HOME")

    def folder(variable: str, default: str, short: str) -> Path:
        if one:
            return Path(one).absolute() / short
        base = environment.get(variable, "")
        root = Path(base) if base.startswith("/") else home / default
        return root / "opsterm"

    package = Path(__file__).resolve().parent.parent
    packed = package / "_data"
    return Paths(
        config=folder("XDG_CONFIG_HOME", ".config", "config"),
        data=folder("XDG_DATA_HOME", ".local/share", "data"),
        state=folder("XDG_STATE_HOME", ".local/state", "state"),
        shipped=packed if packed.is_dir() else package.parent,
        home=home,
    )


def make_private(folder: Path) -> None:
    """Create a folder with mode 0700, or check the one that is there. Blocking.

    Folders above it that are missing are made with the same mode, whatever the umask says.

    Raises:
        StorageError: it cannot be made, is no folder, belongs to somebody else, or others may write to it or could
            put another one in its place.
    """
    try:
        _make(folder)
        status = folder.stat()
        _refuse_shared(folder, status.st_mode, status.st_uid)
        if stat.S_IMODE(status.st_mode) != 0o700:
            _close_to_others(folder)
        for above in folder.resolve().parents:
            _refuse_replaceable(above, folder)
    except OSError as error:
        raise StorageError(
            f"The folder {folder} cannot be used.",
            why=error.strerror or str(error),
            next_step="Give this account that folder, or set OPSTERM_HOME to one it owns.",
        ) from error


def refuse_shared_file(descriptor: int, file: Path) -> None:
    """Refuse a file of settings or rules that decides for this account and that anybody else can change. Blocking.

    A group may write to it: on many systems each account has a group of its own.

    Raises:
        BadSetting: every account may write to it, or it belongs to neither this account nor root.
    """
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or (status.st_uid in (0, os.geteuid()) and not status.st_mode & stat.S_IWOTH):
        return
    raise BadSetting(
        f"The file {file} is not obeyed: others than you can write to it.",
        why=f"It belongs to uid {status.st_uid} and has mode {stat.S_IMODE(status.st_mode):04o}.",
        next_step=f"Look whether it is as you wrote it, then: chmod 600 {file}",
    )


def _make(folder: Path) -> None:
    """Make a folder and those above it that are missing. `Path.mkdir(parents=True)` would leave these to the umask."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        _make(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)


def _close_to_others(folder: Path) -> None:
    try:
        folder.chmod(0o700)
    except OSError as error:
        if error.errno != errno.EROFS:  # on a disk that takes no writes, nobody else writes there either
            raise


def _refuse_shared(folder: Path, mode: int, owner: int) -> None:
    if mode & stat.S_IWOTH:
        raise StorageError(
            f"{folder} is writable by every account of this machine, so opsterm will not keep approvals in it.",
            why=f"Its mode is {stat.S_IMODE(mode):04o}.",
            next_step=f"chmod 700 {folder}",
        )
    if owner != os.geteuid():
        raise StorageError(
            f"{folder} belongs to another account (uid {owner}).",
            next_step="Start opsterm as that account, or set OPSTERM_HOME to a folder of your own.",
        )


def _refuse_replaceable(above: Path, folder: Path) -> None:
    """Refuse a folder below one in which everybody may rename; /tmp with its sticky bit is not such a one."""
    mode = above.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise StorageError(
            f"{above} is writable by every account of this machine, so any of them could replace {folder}.",
            why=f"Its mode is {stat.S_IMODE(mode):04o}.",
            next_step=f"chmod o-w {above}, or set OPSTERM_HOME to a folder elsewhere.",
        )
