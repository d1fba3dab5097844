"""WinRM: opens, shares and closes shells; the WinRM part of `ports.Connector`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from opsterm.adapters.tcp_check import check_tcp
from opsterm.adapters.winrm_faults import WireError
from opsterm.adapters.winrm_lines import WinrmLines
from opsterm.adapters.winrm_login import WinrmLogin, find_log_in, require_safe
from opsterm.adapters.winrm_refusals import told
from opsterm.adapters.winrm_session import WinrmSession
from opsterm.core.clock import SystemClock
from opsterm.core.errors import Bug, Unreachable
from opsterm.core.winrm_settings import WinrmSettings
from opsterm.policy.order import OrderTarget
from opsterm.runtime.offload import Offload
from opsterm.runtime.ports import Credentials

ASIDE_THREADS = 6


class WinrmConnector:
    """Sessions and checks over WinRM. One per process; use it from one loop."""

    def __init__(self, settings: WinrmSettings, credentials: Credentials | None, offload: Offload) -> None:
        self._settings = settings
        self._credentials = credentials
        self._run = offload.pool("winrm", threads=settings.commands)
        self._aside = offload.pool("winrm aside", threads=ASIDE_THREADS)
        self._begin = partial(offload.begin, "winrm closing")  # a dead host holds up no more than closing others
        self._lines = self._new_lines()

    @property
    def idle(self) -> int:
        """Shells that are open and unused."""
        return self._lines.idle

    async def session(self, target: OrderTarget, *, looks: bool = False) -> WinrmSession:
        """Log in; see `ports.Connector.session`.

        Args:
            target: where.
            looks: only WQL will be asked: no shell is opened, and the log-in happens with the first query.
        """
        return await _session_by(self._lines, target, looks=looks)

    @asynccontextmanager
    async def fresh(self, target: OrderTarget) -> AsyncIterator[LoneShells]:
        """Log in over a connection that nobody else has used or will use; see `ports.Connector.fresh`."""
        lines = self._new_lines()
        try:
            yield LoneShells(lines, target)
        finally:
            await lines.close()

    def _new_lines(self) -> WinrmLines:
        return WinrmLines(self._settings, self._log_in, self._run, self._aside, self._begin)

    async def check(self, target: OrderTarget) -> None:
        """See whether WinRM answers on the port, and over HTTPS with what certificate; see `ports.Connector.check`.

        It logs in nowhere: one empty request is sent, which WinRM refuses with 401.
        """
        require_safe(self._settings, target)
        port = self._settings.port_used(target.port)
        reading = await check_tcp(
            target.address, port, SystemClock(), timeout_s=self._settings.connect_timeout_s, banner=False
        )
        if reading.failure:
            raise Unreachable(
                reading.reason,
                next_step="Run `winrm quickconfig` there for 5985; HTTPS on 5986 needs a listener with a certificate.",
            )
        stranger = WinrmLogin(
            address=target.address, port=port, https=self._settings.is_https(port), auth=self._settings.auth, user="",
            password=None, settings=self._settings,
        )  # fmt: skip
        try:
            await self._aside(stranger.knock)
        except WireError as error:
            raise told(error, target.name, stranger) from error

    async def close(self) -> None:
        """Close every shell; safe to call twice."""
        await self._lines.close()

    async def _log_in(self, target: OrderTarget) -> WinrmLogin:
        return await find_log_in(target, self._settings, self._credentials)


class LoneShells:
    """Opens sessions in shells of their own; see `ports.Sessions`.

    Args:
        lines: that nobody else uses.
        target: the only one that is logged in to.
    """

    def __init__(self, lines: WinrmLines, target: OrderTarget) -> None:
        self._lines = lines
        self._target = target

    async def session(self, target: OrderTarget, *, looks: bool = False) -> WinrmSession:
        """Log in. Raises as `ports.Connector.session`."""
        if target != self._target:
            raise Bug("a fresh log-in is for one target")
        return await _session_by(self._lines, target, looks=looks)


async def _session_by(lines: WinrmLines, target: OrderTarget, *, looks: bool) -> WinrmSession:
    """Return a session over one of these lines, logged in."""
    line = await lines.take(target)
    session = WinrmSession(lines, target, line, looks=looks)
    try:
        if not looks and not line.shell:
            await line.open_shell()
    except WireError as error:
        await session.close()
        raise told(error, target.name, line.log_in) from error
    except BaseException:
        await session.close()
        raise
    return session
