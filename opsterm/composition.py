"""Builds the Runtime: the only file that knows every edge. Each edge is imported when it is first needed."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from opsterm.core.clock import Clock
from opsterm.core.paths import Paths
from opsterm.core.settings import Loaded
from opsterm.runtime.edges import Edges
from opsterm.runtime.runtime import Runtime

if TYPE_CHECKING:
    from opsterm.core.camera_settings import CameraSettings
    from opsterm.core.knowledge_settings import KnowledgeSettings
    from opsterm.core.model_settings import ModelSettings
    from opsterm.knowledge.search import KnowledgeBase
    from opsterm.monitoring.host_upkeep import ReadCertificate
    from opsterm.runtime.bound_credentials import BoundCredentials
    from opsterm.runtime.ports import Connector, Credentials, HostProbe, SecretStore
    from opsterm.runtime.ports_apis import DescriptionReader
    from opsterm.runtime.ports_approval import Signatures
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


def build_runtime(  # noqa: C901 (one opener per edge, side by side)
    *, loaded: Loaded, paths: Paths, clock: Clock, environment: Mapping[str, str], face: str
) -> Runtime:
    """Return a runtime that has opened nothing yet.

    Args:
        loaded: the settings.
        paths: where things are kept.
        clock: what time it is.
        environment: the operator's variables.
        face: "screen", "serve" or "command": shown to other processes.
    """
    from opsterm.adapters.accounts import HostAccounts
    from opsterm.adapters.files import LocalFiles
    from opsterm.adapters.operator import find_operator
    from opsterm.adapters.processes import LinuxProcesses

    settings = loaded.settings
    operator = find_operator(environment)

    async def module(name: str) -> ModuleType:
        return await runtime.offload.run("imports", lambda: importlib.import_module(name))

    async def open_store() -> WholeStore:
        store: WholeStore = await (await module("opsterm.storage.store")).open_store(paths, clock)
        return store

    async def open_credentials() -> SecretStore:
        opened: SecretStore = (await module("opsterm.storage.credentials")).open_credentials(
            paths, settings.storage.keyring, environment, runtime.offload.pool("credentials")
        )
        return opened

    async def open_connector(credentials: Credentials) -> Connector:
        connector: Connector = (await module("opsterm.adapters.connector")).open_connector(
            settings.ssh,
            operator,
            environment,
            credentials,
            winrm=settings.winrm,
            contents=await _contents(paths, clock, runtime),
        )
        return connector

    async def open_snmp(credentials: Credentials) -> SnmpReader:
        reader: SnmpReader = (await module("opsterm.adapters.snmp")).open_snmp(
            settings.snmp, credentials, runtime.offload.pool("snmp")
        )
        return reader

    async def open_traps(credentials: Credentials) -> TrapEar:
        ear: TrapEar = (await module("opsterm.adapters.snmp_traps")).open_traps(
            credentials, clock, runtime.offload.pool("snmp")
        )
        return ear

    async def open_reach(credentials: Credentials) -> ReachProbe:
        reach = await module("opsterm.adapters.reach")
        probe: ReachProbe = reach.LineReachProbe(credentials, clock, runtime.offload.pool("reach"))
        return probe

    async def open_cameras(credentials: Credentials) -> CameraReader:
        reader: CameraReader = (await module("opsterm.adapters.camera")).open_cameras(
            settings.cameras, credentials, clock, runtime.offload.pool("reach")
        )
        return reader

    async def open_apis() -> DescriptionReader:
        fetching = await module("opsterm.adapters.http_fetch")
        reader: DescriptionReader = fetching.HttpDescriptionReader(runtime.offload.pool("http"))
        return reader

    async def open_certificates() -> ReadCertificate:
        certificate_of = (await module("opsterm.adapters.certificate")).certificate_of
        return lambda der: certificate_of([der])

    async def open_signatures() -> Signatures:
        named = settings.approvals.allowed_signers
        signers = Path(str(operator.home / named[2:]) if named.startswith("~/") else named) if named else None
        signing = await module("opsterm.adapters.ssh_signature")
        signatures: Signatures = signing.SshSignatures(
            signers, environment.get("SSH_AUTH_SOCK", ""), runtime.offload.pool("files")
        )
        return signatures

    async def open_mail() -> MailTransport:
        smtp = await module("opsterm.adapters.smtp")
        transport: MailTransport = smtp.open_mail(settings.mail, operator.host, runtime.offload.pool("mail"))
        return transport

    async def open_probe() -> HostProbe:
        local_host = await module("opsterm.adapters.local_host")
        probe: HostProbe = await runtime.offload.run("probe", local_host.LocalHostProbe)
        return probe

    async def open_knowledge() -> KnowledgeBase:
        files = LocalFiles()
        return await runtime.offload.run("files", lambda: files.read_knowledge(paths.shipped / "knowledge_seed"))

    def write_setting(key: str, text: str | None) -> None:
        importlib.import_module("opsterm.storage.config_file").write_setting(Path(loaded.file), key, text)

    runtime = Runtime(
        loaded=loaded,
        paths=paths,
        clock=clock,
        face=face,
        edges=Edges(
            open_store=open_store,
            open_credentials=open_credentials,
            open_connector=open_connector,
            open_snmp=open_snmp,
            open_traps=open_traps,
            open_reach=open_reach,
            open_cameras=open_cameras,
            open_camera_writer=lambda credentials: _camera_writer(settings.cameras, credentials, runtime),
            open_apis=open_apis,
            open_certificates=open_certificates,
            open_signatures=open_signatures,
            accounts=HostAccounts(environment),
            open_mail=open_mail,
            open_model=lambda credentials: _model(settings.model, credentials, runtime),
            open_checkpoints=lambda: _checkpoint_places(operator.host, clock, runtime),
            open_contents=lambda: _contents(paths, clock, runtime),
            open_new_files=lambda: _new_files(runtime),
            open_recovery=lambda credentials: _recovery(paths, settings.recovery.reserve_mb, credentials, runtime),
            open_learned=lambda: _learned(paths, runtime),
            open_probe=open_probe,
            open_knowledge=open_knowledge,
            open_card_index=lambda: _card_index(paths, runtime),
            open_vectors=lambda: _vectors(settings.knowledge, paths, runtime),
            open_download=lambda: _download(runtime),
            open_script_tools=lambda: _script_tools(runtime),
            files=LocalFiles(),
            processes=LinuxProcesses(),
            operator=operator,
            environment=environment,
            this_os=lambda: LocalFiles().this_os(),
            write_setting=write_setting,
        ),
    )
    return runtime


async def _camera_writer(settings: CameraSettings, credentials: Credentials, runtime: Runtime) -> CameraWriter:
    name = "opsterm.adapters.camera_write"
    adapter = await runtime.offload.run("imports", lambda: importlib.import_module(name))
    pool = runtime.offload.pool("reach")
    writer: CameraWriter = adapter.open_camera_writer(settings, credentials, runtime.clock, pool)
    return writer


async def _download(runtime: Runtime) -> Download:
    adapter = await runtime.offload.run("imports", lambda: importlib.import_module("opsterm.adapters.download"))
    download: Download = adapter.HttpDownload(runtime.offload.pool("files"))
    return download


async def _script_tools(runtime: Runtime) -> ScriptTools:
    name = "opsterm.adapters.script_tools"
    adapter = await runtime.offload.run("imports", lambda: importlib.import_module(name))
    tools: ScriptTools = adapter.LocalScriptTools()
    return tools


async def _contents(paths: Paths, clock: Clock, runtime: Runtime) -> Contents:
    storage = await runtime.offload.run("imports", lambda: importlib.import_module("opsterm.storage.contents"))
    contents: Contents = storage.FileContents(paths.contents, clock, runtime.offload.pool("contents"))
    return contents


async def _checkpoint_places(host: str, clock: Clock, runtime: Runtime) -> CheckpointPlaces:
    name = "opsterm.adapters.checkpoint_places"
    adapter = await runtime.offload.run("imports", lambda: importlib.import_module(name))
    places: CheckpointPlaces = adapter.LocalCheckpointPlaces(host, clock, runtime.offload.pool("files"))
    return places


async def _new_files(runtime: Runtime) -> NewFiles:
    adapter = await runtime.offload.run("imports", lambda: importlib.import_module("opsterm.adapters.local_files"))
    made: NewFiles = adapter.OperatorFiles(runtime.offload.pool("files"))
    return made


async def _recovery(
    paths: Paths, reserve_mb: int, credentials: BoundCredentials, runtime: Runtime
) -> RecoveryStore:  # fmt: skip
    name = "opsterm.storage.recovery.store"
    storage = await runtime.offload.run("imports", lambda: importlib.import_module(name))
    store: RecoveryStore = storage.FolderRecoveryStore(
        paths.recovery, credentials, runtime.offload.pool("recovery"), reserve=reserve_mb * 1_000_000
    )
    return store


async def _learned(paths: Paths, runtime: Runtime) -> LearnedFile:
    storage = await runtime.offload.run("imports", lambda: importlib.import_module("opsterm.storage.learned_file"))
    file: LearnedFile = storage.PrivateLearnedFile(paths.learned_risk, runtime.offload.pool("files"))
    return file


async def _model(settings: ModelSettings, credentials: Credentials, runtime: Runtime) -> ModelServer:
    async def module(name: str) -> ModuleType:
        return await runtime.offload.run("imports", lambda: importlib.import_module(f"opsterm.adapters.{name}"))

    places = await module("model_place")
    place = places.place_of_model(settings.url)
    if not settings.proxy:
        await places.knock(place)
    run = runtime.offload.pool("model")
    server: ModelServer = await (await module("ollama")).open_server(place, settings, credentials, runtime.clock, run)
    return server


async def _card_index(paths: Paths, runtime: Runtime) -> CardIndex:
    storage = await runtime.offload.run("imports", lambda: importlib.import_module("opsterm.storage.card_index"))
    index: CardIndex = storage.SqliteCardIndex(paths.card_index.absolute(), runtime.offload.pool("cards", threads=1))
    return index


async def _vectors(settings: KnowledgeSettings, paths: Paths, runtime: Runtime) -> VectorEdges:
    storage = await runtime.offload.run("imports", lambda: importlib.import_module("opsterm.storage.vectors.edges"))
    edges: VectorEdges = storage.open_vectors(settings, paths, runtime.offload.pool("vectors"))
    return edges
