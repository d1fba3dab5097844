"""The queue of mail loses nothing, sends nothing twice where one can know, and takes in what happens to alerts."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from opsterm.core.clock import StoppedClock
from opsterm.core.errors import BadSetting, NotFound
from opsterm.core.mail import DeliveryReport, Mail, MailPhase, MailReply, RecipientState, Trouble, Verdict
from opsterm.core.secret import Secret
from opsterm.runtime.doctor import Health
from opsterm.runtime.notices import notice_rules
from opsterm.runtime.ports_mail import Handing
from opsterm.runtime.ports_store import Fence
from opsterm.runtime.runtime import Runtime
from tests.adapters.mail_stage import Inbox, mail_server, replies, told_server
from tests.runtime.stage import CHECKOUT, WATCH_LOAD, ToldProbe, opened, until, until_async

SERVER = '\n[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nsender = "o@jump.test"\nto = "ana@x.test"\n'
NOTIFY = '{more}\n[[mail.notify]]\nseverity = "warning"\n'
DOWN = DeliveryReport(trouble=Trouble(phase=MailPhase.CONNECT, text="refused"))


def answered(verdict: Verdict, code: int) -> Callable[[Mail], DeliveryReport]:
    """Return a server that says the same to everybody."""
    return lambda mail: DeliveryReport(
        answers={a: MailReply(verdict=verdict, phase=MailPhase.RECIPIENT, code=code, text="so") for a in mail.waiting}
    )


@dataclass
class PlayedServer:
    """Hands over to whatever the test says; the last thing said stays."""

    says: list[Callable[[Mail], DeliveryReport]]
    offered: list[Mail] = field(default_factory=list)

    async def deliver(self, mail: Mail, *, password: Secret | None, handing: Handing) -> DeliveryReport:
        """MailReply."""
        del password
        await handing(mail.waiting)
        self.offered.append(mail)
        return (self.says.pop(0) if len(self.says) > 1 else self.says[0])(mail)

    async def open(self) -> PlayedServer:
        """Be opened as the transport."""
        return self


async def held(runtime: Runtime) -> Fence:
    """Take the lease, as a process with workers does."""
    row = await runtime.store.lease.acquire(holder="me", face="serve", boot="b", monotonic=0.0, now=0.0, ttl_s=6.0)
    return Fence(holder=row.holder, epoch=row.epoch)


async def queued(runtime: Runtime, *to: str) -> Mail:
    """Put a mail into the queue."""
    mails, _ = await runtime.store.mail.add([runtime.post.written(to or ("ana@x.test",), "s", "b")], lambda _: [])
    return mails[0]


async def test_what_fails_for_now_is_tried_later_each_time_and_given_up_in_the_end(
    home: Path, clock: StoppedClock
) -> None:
    server = PlayedServer([lambda _: DOWN])
    async with opened(home, settings=SERVER.format(port=25), clock=clock, open_mail=server.open) as runtime:
        fence = await held(runtime)
        mail = await queued(runtime)
        pauses = []
        for _ in range(200):
            if not await runtime.post.deliver_due(fence):
                now = await runtime.store.mail.get(mail.id)
                assert now is not None
                if not now.waiting:
                    break
                pauses.append(now.next_try_at - clock.now())
                clock.advance(pauses[-1] + 0.01)
        assert 22 <= pauses[0] <= 38
        assert max(pauses) <= 4500
        (lost,) = await runtime.post.queue()
        assert (lost.state, lost.recipients[0].reply) == ("given up", "connect: refused")
        assert {m.message_id for m in server.offered} == {mail.message_id}
        (check,) = [c for c in await runtime.doctor() if c.name == "mail"]
        assert check.health is Health.BAD
        assert "1 were not delivered" in check.text
        server.says = [answered(Verdict.TAKEN, 250)]
        await runtime.post.retry()
        await runtime.post.deliver_due(fence)
        assert await runtime.post.queue() == []
        assert [m.state for m in await runtime.post.queue(everything=True)] == ["sent"]
        said = [row.what for row in await runtime.audit.rows(correlation_id=mail.name)]
        assert len(said) == 3, said  # given up, put back, sent


async def test_each_recipient_goes_its_own_way(home: Path, clock: StoppedClock) -> None:
    def first(_: Mail) -> DeliveryReport:
        said = {"a@x.test": Verdict.TAKEN, "b@x.test": Verdict.REFUSED, "c@x.test": Verdict.LATER}
        return DeliveryReport(answers={
            a: MailReply(verdict=v, phase=MailPhase.RECIPIENT, code={"taken": 250, "refused": 550}.get(v, 450))
            for a, v in said.items()
        })  # fmt: skip

    server = PlayedServer([first, answered(Verdict.TAKEN, 250)])
    async with opened(home, settings=SERVER.format(port=25), clock=clock, open_mail=server.open) as runtime:
        fence = await held(runtime)
        mail = await queued(runtime, "a@x.test", "b@x.test", "c@x.test")
        await runtime.post.deliver_due(fence)
        clock.advance(60)
        await runtime.post.deliver_due(fence)
        assert [m.waiting for m in server.offered] == [("a@x.test", "b@x.test", "c@x.test"), ("c@x.test",)]
        kept = await runtime.store.mail.get(mail.id)
        assert kept is not None
        assert [(r.state, r.code) for r in kept.recipients] == [
            (RecipientState.SENT, 250), (RecipientState.REFUSED, 550), (RecipientState.SENT, 250),
        ]  # fmt: skip
        (dropped,) = await runtime.post.drop([mail.id])
        assert dropped.state == "dropped"
        assert await runtime.post.queue() == []
        with pytest.raises(NotFound, match="no mail m99"):
            await runtime.post.drop([99])


async def test_what_was_dropped_while_it_was_sent_stays_true_to_what_happened(home: Path, clock: StoppedClock) -> None:
    server = PlayedServer([])
    async with opened(home, settings=SERVER.format(port=25), clock=clock, open_mail=server.open) as runtime:
        fence = await held(runtime)
        mail = await queued(runtime)

        async def deliver(offered: Mail, *, password: Secret | None, handing: Handing) -> DeliveryReport:
            del password, handing
            await runtime.post.drop([offered.id])
            return answered(Verdict.LATER, 450)(offered)

        server.deliver = deliver  # type: ignore[method-assign, assignment]  # this one drops it meanwhile
        await runtime.post.deliver_due(fence)
        kept = await runtime.store.mail.get(mail.id)
        assert kept is not None
        assert kept.state == "dropped"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('[mail]\nto = "a@x.test"', "No mail server"),
        ('[mail]\nhost = "h"\nuser = "u@x.test"\nsecurity = "none"\nto = "a@x.test"', "in clear"),
        ('[mail]\nhost = "h"\nsender = "nobody"\nto = "a@x.test"', "not a mail address"),
        ('[mail]\nhost = "h"\nto = "a@x.test"', "mail.sender is not one address"),
    ],
)
async def test_settings_that_cannot_work_are_said_before_anything_is_sent(
    home: Path, clock: StoppedClock, settings: str, said: str
) -> None:
    server = PlayedServer([answered(Verdict.TAKEN, 250)])
    async with opened(home, settings=settings, clock=clock, open_mail=server.open) as runtime:
        with pytest.raises(BadSetting, match=said):
            await runtime.post.test()
        await queued(runtime)
        await runtime.post.deliver_due(await held(runtime))
        assert server.offered == []
        assert all(mail.waiting for mail in await runtime.post.queue())


async def test_a_killed_process_loses_nothing_and_a_mail_that_was_taken_is_not_sent_again(home: Path) -> None:
    """One mail is taken and one is being handed over when the process is killed: only the second comes again."""
    inbox, hangs = Inbox(), asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        go_on = {"EHLO": b"250 mx\r\n", "DATA": b"354 go on\r\n", ".": b"250 queued\r\n", "RCPT": b"250 OK\r\n"}
        if taken:
            hangs.set()
            await reader.read()
            return
        taken.append(True)
        await replies(go_on)(reader, writer)

    taken: list[bool] = []
    async with told_server(hang) as port:
        settings = SERVER.format(port=port)
        (home / "opsterm/config").mkdir(parents=True, mode=0o700)
        await asyncio.to_thread((home / "opsterm/config/config.toml").write_text, settings)
        async with opened(home, settings=settings) as runtime:
            first, second = await queued(runtime), await queued(runtime)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "opsterm", "serve", cwd=CHECKOUT, stderr=asyncio.subprocess.DEVNULL,
            env={"OPSTERM_HOME": str(home / "opsterm"), "HOME": str(home), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        async with asyncio.timeout(120):
            await hangs.wait()
        process.send_signal(signal.SIGKILL)
        await process.wait()
    async with mail_server(inbox) as port, opened(home, settings=SERVER.format(port=port), workers=True) as runtime:
        kept = {mail.id: mail for mail in await runtime.post.queue(everything=True)}
        assert (kept[first.id].state, kept[second.id].state) == ("sent", "waiting")
        await runtime.post.retry()
        await until(lambda: inbox.taken)
        await until_async(lambda: is_empty(runtime))
    assert [message["Message-ID"] for _, message in inbox.taken] == [second.message_id]


async def test_a_mail_whose_answer_nobody_lived_to_hear_is_flagged_and_not_sent_again(home: Path) -> None:
    """The process is killed behind the last byte of the text: the server may have taken it."""
    heard = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mx.test\r\n")
        while line := await reader.readline():
            writer.write(b"354 go on\r\n" if line.upper().startswith(b"DATA") else b"250 OK\r\n")
            if line.upper().startswith(b"DATA"):
                await reader.readuntil(b"\r\n.\r\n")
                heard.set()
                await reader.read()
                return

    async with told_server(mute) as port:
        settings = SERVER.format(port=port)
        (home / "opsterm/config").mkdir(parents=True, mode=0o700)
        await asyncio.to_thread((home / "opsterm/config/config.toml").write_text, settings)
        async with opened(home, settings=settings) as runtime:
            mail = await queued(runtime, "ana@x.test", "ben@x.test")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "opsterm", "serve", cwd=CHECKOUT, stderr=asyncio.subprocess.DEVNULL,
            env={"OPSTERM_HOME": str(home / "opsterm"), "HOME": str(home), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        async with asyncio.timeout(120):
            await heard.wait()
        process.send_signal(signal.SIGKILL)
        await process.wait()
    inbox, clock = Inbox(), StoppedClock(mail.made_at + 600.0)
    async with mail_server(inbox) as port, opened(home, settings=SERVER.format(port=port), clock=clock) as runtime:
        fence = await held(runtime)
        for _ in range(3):
            await runtime.post.deliver_due(fence)
        assert inbox.taken == [], "it may have it already"
        [kept] = await runtime.post.queue()
        assert (kept.state, {one.state for one in kept.recipients}) == ("perhaps sent", {RecipientState.UNSURE})
        assert "may have taken it" in kept.recipients[0].reply
        [line] = [check for check in await runtime.doctor() if check.name == "mail"]
        assert "1 may have been sent, or not" in line.text
        await runtime.post.retry([kept.id])
        await runtime.post.deliver_due(fence)
    assert [(to, message["Message-ID"]) for to, message in inbox.taken] == [
        (["ana@x.test", "ben@x.test"], mail.message_id)
    ]


async def test_what_is_told_of_the_same_thing_is_queued_once(home: Path, clock: StoppedClock) -> None:
    async with opened(home, settings=SERVER.format(port=25), clock=clock) as runtime:
        post = runtime.post
        first = await post.send(("ana@x.test",), "j1 disk", "91 %", once="j1 at 5")
        clock.advance(60)
        again = await post.send(("ana@x.test",), "j1 disk", "92 %", once="j1 at 5")
        other = await post.send(("ana@x.test",), "j1 disk", "92 %", once="j1 at 6")
        assert (again.id, again.body) == (first.id, first.body)
        assert other.message_id != first.message_id
        assert len(await post.queue()) == 2


async def is_empty(runtime: Runtime) -> bool:
    """Return whether nothing waits."""
    return not await runtime.post.queue()


async def test_alerts_become_mail_once_across_restarts(home: Path, clock: StoppedClock) -> None:
    settings = WATCH_LOAD.format(interval_s=0.1) + SERVER.format(port=25) + NOTIFY.format(more="gather_s = 0")
    server = PlayedServer([answered(Verdict.TAKEN, 250)])
    subjects: list[list[str]] = []

    async def life(work: Callable[[ToldProbe], Awaitable[None]]) -> None:
        probe = ToldProbe(clock)
        try:
            async with opened(
                home, settings=settings, clock=clock, workers=True, open_probe=probe.open, open_mail=server.open
            ) as runtime:
                await until_async(runtime.store.mail.read_upto)
                before = len(server.offered)
                await work(probe)
                await until_async(lambda: told_all(runtime))
                await until_async(lambda: is_empty(runtime))
                subjects.append([mail.subject for mail in server.offered[before:]])
                probe.end()
        finally:
            probe.end()

    await life(lambda probe: probe.say(9, 9))
    await life(lambda probe: probe.say(9, 9))
    await life(lambda probe: probe.say(20, 20))
    await life(lambda probe: probe.say(1, 1, 1))
    assert [len(found) for found in subjects] == [1, 0, 1, 1], subjects
    assert "WARNING localhost" in subjects[0][0]
    assert "CRITICAL localhost" in subjects[2][0]
    assert "resolved localhost" in subjects[3][0]
    assert "opsterm alerts ack a1" in server.offered[0].body


async def told_all(runtime: Runtime) -> bool:
    """Return whether every change of an alert has been looked at."""
    upto = await runtime.store.mail.read_upto() or 0
    return not [f for f in await runtime.store.journal.after(upto, 500) if f.event.kind == "alert.changed"]


async def test_a_secret_in_the_text_of_an_alert_is_masked(home: Path, clock: StoppedClock) -> None:
    async with opened(home, settings=SERVER.format(port=25), clock=clock) as runtime:
        mail = runtime.post.written(("ana@x.test",), "x\r\nBcc: b@x.test", "curl -u ana:hunter22 https://x.test\n")
        assert "hunter22" not in mail.body
        assert "\n" not in mail.subject


def test_a_table_without_addresses_is_refused(home: Path) -> None:
    from opsterm.core.settings_reading import load_settings

    for text, said in (("[[mail.notify]]\n", "nobody to write to"), ('[[mail.notify]]\nto="x"\n', "not a mail address"),
                       ('[[mail.notify]]\nto="a@x.test"\ntarget="tag:"\n', "number 1")):  # fmt: skip
        with pytest.raises(BadSetting, match=said):
            notice_rules(load_settings(file_text=text).settings.mail)
