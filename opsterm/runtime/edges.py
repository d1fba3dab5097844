"""The plugs: how the runtime opens each edge when it first needs it. `composition` fills them in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from opsterm.knowledge.search import KnowledgeBase
    from opsterm.monitoring.host_upkeep import ReadCertificate
    from opsterm.runtime.bound_credentials import BoundCredentials
    from opsterm.runtime.ports import Connector, Credentials, HostProbe, Operator, SecretStore
    from opsterm.runtime.ports_apis import DescriptionReader
    from opsterm.runtime.ports_approval import Accounts, Signatures
    from opsterm.runtime.ports_audit import CheckpointPlaces
    from opsterm.runtime.ports_camera import CameraReader, CameraWriter
    from opsterm.runtime.ports_embedder import Download
    from opsterm.runtime.ports_files import Contents, NewFiles
    from opsterm.runtime.ports_knowledge import CardIndex
    from opsterm.runtime.ports_learned import LearnedFile
    from opsterm.runtime.ports_mail import MailTransport, WholeStore
    from opsterm.runtime.ports_model import ModelServer
    from opsterm.runtime.ports_reach import ReachProbe
    from opsterm.runtime.ports_recovery import RecoveryStore
    from opsterm.runtime.ports_scripts import ScriptTools
    from opsterm.runtime.ports_snmp import SnmpReader
    from opsterm.runtime.ports_traps import TrapEar
    from opsterm.runtime.ports_vectors import VectorEdges


class Files(Protocol):
    """Reads of small text files that the operator named: inventories, ssh_config."""

    def read(self, path: Path) -> str:
        """Return a file's text. Raises OSError, or BadInput for one that is too large. Blocking."""
        ...

    def read_part(self, path: Path, limit: int) -> tuple[str, int]:
        """Return the beginning of a regular file, at most `limit` bytes, and its size. Raises BadInput. Blocking."""
        ...

    def read_obeyed(self, path: Path) -> str:
        """Return a file that decides what may be done. Raises as `read`, and BadSetting when others can change it."""
        ...

    def glob(self, pattern: str) -> Sequence[str]:
        """Return the paths that match, sorted. Blocking."""
        ...

    def write_new(self, path: Path, data: bytes) -> None:
        """Write a file that is not there yet, readable by this account only. Raises BadInput. Blocking."""
        ...

    def changed_at(self, path: Path) -> float | None:
        """Return when a file was last changed, None when there is none. Blocking."""
        ...


class Processes(Protocol):
    """Who this process is, and whether another one still lives."""

    def me(self) -> str:
        """Return a name no other process of this machine has had or will have: "pid.start@boot"."""
        ...

    def boot(self) -> str:
        """Return the id of this boot."""
        ...

    def alive(self, name: str) -> bool:
        """Return whether the process with that name still runs."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """How to open what lies outside.

    Attributes:
        open_store: opens the database; raises StorageError.
        open_credentials: finds the keyring or the vault.
        open_connector: makes the connector, given the credentials.
        open_snmp: makes the reader of SNMP agents, given the credentials.
        open_traps: makes the receiver of traps, given the credentials.
        open_reach: makes what checks web servers, ports and hosts, given the credentials.
        open_cameras: makes what asks cameras, given the credentials.
        open_camera_writer: makes what configures them, the same.
        open_apis: makes what fetches descriptions of APIs.
        open_certificates: makes what takes certificates apart.
        open_signatures: makes what signs approvals and sees whose signatures they are.
        accounts: the accounts of this host.
        open_mail: makes the way to the mail server.
        open_model: makes the way to the server of language models, given the credentials, if anybody is
            there; raises BadSetting, ModelUnavailable.
        open_checkpoints: makes what leaves checkpoints of the audit chain in files and syslogs.
        open_contents: finds the contents of files that are to be put on targets.
        open_new_files: finds what makes files for the operator.
        open_recovery: finds the recovery points on this host, given the credentials for their key.
        open_learned: finds where what was learned of risk is kept.
        open_probe: makes the probe of this machine.
        open_knowledge: reads the documents that ship.
        open_card_index: finds the index over cards.
        open_vectors: finds what makes vectors, and the index over them.
        open_download: makes what fetches a file that the operator named.
        open_script_tools: finds the programs that look at scripts.
        files: reads the operator's files.
        processes: see `Processes`.
        operator: who sits there.
        environment: variables of the operator's session, for shells and agents.
        write_setting: sets a key of the settings file, or takes it out (None); blocking; raises BadSetting.
        this_os: name of this host's operating system, as in "debian 12"; blocking.
    """

    open_store: Callable[[], Awaitable[WholeStore]]
    open_credentials: Callable[[], Awaitable[SecretStore]]
    open_connector: Callable[[Credentials], Awaitable[Connector]]
    open_snmp: Callable[[Credentials], Awaitable[SnmpReader]]
    open_traps: Callable[[Credentials], Awaitable[TrapEar]]
    open_reach: Callable[[Credentials], Awaitable[ReachProbe]]
    open_cameras: Callable[[Credentials], Awaitable[CameraReader]]
    open_camera_writer: Callable[[Credentials], Awaitable[CameraWriter]]
    open_apis: Callable[[], Awaitable[DescriptionReader]]
    open_certificates: Callable[[], Awaitable[ReadCertificate]]
    open_signatures: Callable[[], Awaitable[Signatures]]
    accounts: Accounts
    open_mail: Callable[[], Awaitable[MailTransport]]
    open_model: Callable[[Credentials], Awaitable[ModelServer]]
    open_checkpoints: Callable[[], Awaitable[CheckpointPlaces]]
    open_contents: Callable[[], Awaitable[Contents]]
    open_new_files: Callable[[], Awaitable[NewFiles]]
    open_recovery: Callable[[BoundCredentials], Awaitable[RecoveryStore]]
    open_learned: Callable[[], Awaitable[LearnedFile]]
    open_probe: Callable[[], Awaitable[HostProbe]]
    open_knowledge: Callable[[], Awaitable[KnowledgeBase]]
    open_card_index: Callable[[], Awaitable[CardIndex]]
    open_vectors: Callable[[], Awaitable[VectorEdges]]
    open_download: Callable[[], Awaitable[Download]]
    open_script_tools: Callable[[], Awaitable[ScriptTools]]
    files: Files
    processes: Processes
    operator: Operator
    environment: Mapping[str, str]
    this_os: Callable[[], str]
    write_setting: Callable[[str, str | None], None]
