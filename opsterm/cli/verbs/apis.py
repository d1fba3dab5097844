"""Verbs of HTTP APIs: learn one, look at it, call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from opsterm.changes.change import Change, ChangeState, OutcomeState
from opsterm.cli.prompt import ask_line, is_asked_on_a_terminal, read_text
from opsterm.cli.run import Context
from opsterm.cli.verbs.changes import describe, describe_content
from opsterm.cli.verbs.running import exit_code, run_to_the_end
from opsterm.core.errors import BadInput, ExitCode, OpstermError, Refused
from opsterm.core.http_request import HttpRequest
from opsterm.core.secret import Secret
from opsterm.core.text import clean_bytes
from opsterm.core.units import age_text, parse_duration
from opsterm.inventory.apis.calls import Call, body_fields, call_words
from opsterm.inventory.apis.description import ApiDescription, Operation
from opsterm.inventory.apis.schemas import schema_words
from opsterm.policy.approval import POLICY
from opsterm.runtime.api_refresh import RefreshedApi
from opsterm.runtime.api_tokens import TokenPlace
from opsterm.runtime.apis import NewApi
from opsterm.runtime.ports_apis import Api

_SHOWN_LEFT_OUT = 5


async def add_api(context: Context) -> int:
    """Learn an API."""
    apis = await context.runtime.apis()
    given = context.invocation
    new = await apis.read(given.text("source"), name=given.text("name"), server=given.text("server"))
    _tell(context, new)
    if not given.yes("yes"):
        await _ask(new.api.name, "add")
    api = await apis.add(new)
    if context.printer.json:
        extra = {"warnings": new.warnings, "left_out": new.description.left_out, "added": True}
        context.printer.record({**_record(api), **extra})
    else:
        context.printer.say(f"{api.name} is added. What it offers: opsterm apis show {api.name}")
    return ExitCode.DONE


def _tell(context: Context, new: NewApi) -> None:
    """Say what was found, before anybody says yes."""
    api, operations = new.api, new.description.operations
    reads = sum(one.only_reads for one in operations)
    said = [
        f"{api.title} {api.version} (OpenAPI {api.openapi})",
        f"{len(operations)} operations: {reads} only read, {len(operations) - reads} need an approval",
        f"Requests go to {api.server}, as the target {api.name}.",
        *new.warnings,
    ]
    left = new.description.left_out
    if left:
        said += [f"Left out, or taken in part: {len(left)}", *(f"  {line}" for line in left[:_SHOWN_LEFT_OUT])]
    context.printer.say("\n".join(said))


async def _ask(what: str, verb: str) -> None:
    """Ask on the terminal for a yes. Raises Refused without one."""
    done = {"add": "added", "accept": "accepted"}[verb]
    if not is_asked_on_a_terminal():
        raise Refused(f"{what} was not {done}: nobody said yes.", next_step="Read the lines above, and give --yes.")
    if (await ask_line(f"Type y to {verb} it: ")).strip().lower() != "y":
        raise Refused(f"{what} was not {done}.")


def _record(api: Api) -> dict[str, object]:
    """Return an API with the keys of `json_keys.API_KEYS`."""
    return asdict(api)


async def list_apis(context: Context) -> int:
    """List the APIs that are known."""
    apis = await context.runtime.apis()
    found = await apis.all()
    if context.printer.json:
        for api in found:
            context.printer.record(_record(api))
        return ExitCode.DONE
    if not found:
        context.printer.say("No API is known yet. Add one: opsterm apis add URL-or-file")
        return ExitCode.DONE
    now = context.runtime.clock.now()
    context.printer.table(
        ("api", "title", "version", "operations", "server", "read"),
        [
            (one.name, one.title, one.version, str(one.operations), one.server, age_text(now - one.read_at))
            for one in found
        ],
        right=("operations",),
    )  # fmt: skip
    return ExitCode.DONE


async def show_api(context: Context) -> int:
    """List an API's operations, or say what one takes."""
    apis = await context.runtime.apis()
    name = context.invocation.text("name")
    description = await apis.description(name)
    wanted = context.invocation.text("operation")
    chosen = [description.operation(wanted)] if wanted else description.operations
    if context.printer.json:
        for one in chosen:
            context.printer.record(_operation(description, one))
    elif wanted:
        _print_operation(context, name, description, chosen[0])
    else:
        context.printer.table(
            ("operation", "method", "path", "what"),
            [(one.id, one.method, one.path, _what(one)) for one in chosen],
        )
        context.printer.say(
            "GET and HEAD that say they read run at once, the others become proposals. What one takes: "
            f"opsterm apis show {name} OPERATION"
        )
    return ExitCode.DONE


def _what(operation: Operation) -> str:
    return f"{'(deprecated) ' if operation.deprecated else ''}{operation.summary}"


def _operation(description: ApiDescription, one: Operation) -> Mapping[str, object]:
    body = one.body
    return {
        "operation": one.id,
        "method": one.method,
        "path": one.path,
        "summary": one.summary,
        "tags": one.tags,
        "deprecated": one.deprecated,
        "reads": one.only_reads,
        "parameters": [
            {"name": p.name, "place": p.place, "required": p.required, "schema": description.closed(p.schema),
             "about": p.about}
            for p in one.parameters
        ],
        "body": None if body is None else {
            "required": body.required, "media_type": body.media_type, "offered": body.offered,
            "schema": description.closed(body.schema),
        },
        "security": one.security,
    }  # fmt: skip


def _print_operation(context: Context, name: str, description: ApiDescription, one: Operation) -> None:
    line, named = context.printer.line, description.schemas
    line(f"{one.id}  {one.method} {one.path}")
    if _what(one):
        line(_what(one))
    line("It only reads: it runs at once." if one.only_reads else "It may change something: it becomes a proposal.")
    ways = [" and ".join(way) or "nothing" for way in one.security]
    if ways:
        line(f"It is let in with {' or '.join(ways)}.")
    rows = [
        (p.name, p.place, "required" if p.required else "", schema_words(p.schema, named), p.about)
        for p in one.parameters
    ]
    if one.body is not None:
        kind = one.body.media_type or f"not sent here: {', '.join(one.body.offered)}"
        required = "required" if one.body.required else ""
        rows.append(("--body", "body", required, schema_words(one.body.schema, named), kind))
        rows += [
            (field, "body", "required" if must else "", schema_words(schema, named), "")
            for field, must, schema in body_fields(description, one)
        ]
    if rows:
        context.printer.table(("name", "where", "", "value", "about"), rows)
    context.printer.say(f"opsterm apis call {name} {one.id}{' NAME=VALUE …' if rows else ''}")


async def accept_api(context: Context) -> int:
    """Say that an operation only reads, or yes to a description that has changed."""
    name, operation = context.invocation.text("name"), context.invocation.text("operation")
    apis = await context.runtime.apis()
    if not operation:
        return await _accept_description(context, name)
    found = await apis.accept(name, operation)
    if context.printer.json:
        context.printer.record({"api": name, "operation": found.id, "reads": True})
    context.printer.say(f"{found.id} of {name} runs at once from now on: {found.method} {found.path}")
    return ExitCode.DONE


async def _accept_description(context: Context, name: str) -> int:
    """Read a description again, show what is different, and put it in force when the operator says yes."""
    apis = await context.runtime.apis()
    read = await apis.again.read(name)
    _show_differences(context, read)
    if read.waits:
        if not context.invocation.yes("yes"):
            await _ask(f"The description of {name}", "accept")
        await apis.again.accept(read)
        context.printer.say(f"It is in force. What it offers: opsterm apis show {name}")
    if context.printer.json:
        context.printer.record({"api": name, "operation": "", "reads": False})
    return ExitCode.DONE


async def refresh_api(context: Context) -> int:
    """Read a description again."""
    apis = await context.runtime.apis()
    read = await apis.again.read(context.invocation.text("name"))
    api, differences = read.api, read.differences
    if context.printer.json:
        context.printer.record({
            "name": api.name, "version": api.version, "operations": api.operations, "added": differences.added,
            "removed": differences.removed, "accepted": not read.waits,
            "changed": [{"operation": name, "what": what} for name, what in differences.changed],
        })  # fmt: skip
        return ExitCode.DONE
    _show_differences(context, read)
    if read.waits:
        context.printer.say(f"The one before stays in force until you accept it: opsterm apis accept {api.name}")
    return ExitCode.DONE


def _show_differences(context: Context, read: RefreshedApi) -> None:
    """Show what a description says otherwise than the one in force; of what is new, whether it would run at once."""
    differences, operation = read.differences, read.description.operation
    rows = []
    for name in differences.added:
        one = operation(name)
        runs = "runs at once" if one.only_reads else "is asked about"
        rows.append(("added", name, f"{one.method} {one.path}, {runs}"))
    rows += [("removed", name, "") for name in differences.removed]
    rows += [("changed", name, what) for name, what in differences.changed]
    if not context.printer.json and rows:
        context.printer.table(("how", "operation", "what"), rows)
    counted = "no operation differs." if differences.none else f"{len(rows)} operations differ."
    context.printer.say(f"{read.api.name} {read.api.version}: {counted}")


async def remove_api(context: Context) -> int:
    """Forget an API."""
    apis = await context.runtime.apis()
    name = context.invocation.text("name")
    secrets = await apis.remove(name)
    if context.printer.json:
        context.printer.record({"name": name, "secrets_kept": secrets})
    else:
        context.printer.say(f"{name} is forgotten, and its target with it.")
        for account in secrets:
            context.printer.say(f"A secret of it is still kept: opsterm vault remove opsterm:api {account}")
    return ExitCode.DONE


async def login_api(context: Context) -> int:
    """Keep what an API wants to let us in."""
    apis, name = await context.runtime.apis(), context.invocation.text("name")
    scheme = context.invocation.text("scheme") or await _only_scheme(context, name)
    kind = await apis.require_scheme(name, scheme)
    if await context.runtime.credentials.state() == "locked":
        await context.runtime.credentials.unlock(await _ask_secret("Passphrase of the vault: "))
    given = context.invocation
    if given.yes("client"):
        client = await _ask_secret(f"CLIENT_ID:CLIENT_SECRET for {scheme}: ")
        place = TokenPlace(url=given.text("token_url"), scope=given.text("scope"))
        url = await apis.keep_secret(name, scheme, client, tokens=place)
        if context.printer.json:
            context.printer.record({"api": name, "scheme": scheme, "kept": True})
        context.printer.say(f"Kept. Tokens are fetched from {url}.")
        return ExitCode.DONE
    prompt = {"basic": "USER:PASSWORD", "apiKey": "API key"}.get(kind, "Token")
    await apis.keep_secret(name, scheme, await _ask_secret(f"{prompt} for {scheme}: "))
    if context.printer.json:
        context.printer.record({"api": name, "scheme": scheme, "kept": True})
    else:
        context.printer.say("Kept.")
    return ExitCode.DONE


async def _only_scheme(context: Context, name: str) -> str:
    apis = await context.runtime.apis()
    schemes = [one.name for one in (await apis.description(name)).schemes if one.kind != "other"]
    if len(schemes) != 1:
        raise BadInput(
            f"{name} has {len(schemes)} security schemes that can be used.",
            next_step=f"Say which: {', '.join(schemes)}." if schemes else "There is nothing to keep.",
        )
    return schemes[0]


async def _ask_secret(prompt: str) -> Secret:
    secret = Secret(await ask_line(prompt, echo=False))
    if not secret:
        raise BadInput("Nothing was given.", next_step="Type it, or send one line to standard input.")
    return secret


async def call_api(context: Context) -> int:
    """Call an operation, or propose the call."""
    given, apis = context.invocation, await context.runtime.apis()
    body = given.text("body") if given.values.get("body") is not None else None
    if body == "-":
        body = await read_text("the body")
    call = Call(operation=given.text("operation"), words=call_words(given.texts("words")), body=body)
    if given.yes("dry_run"):
        return _print_request(context, await apis.request(given.text("name"), call))
    timeout = given.text("timeout")
    change = await apis.call(
        given.text("name"), call, origin="command line", reason=given.text("reason"),
        timeout_s=parse_duration(timeout) if timeout else None,
    )  # fmt: skip
    if change.state is not ChangeState.APPROVED or change.decided_by != POLICY:
        return await _not_sent(context, change)
    if is_asked_on_a_terminal() and await context.runtime.credentials.state() == "locked":
        await context.runtime.credentials.unlock(await _ask_secret("Passphrase of the vault: "))
    context.runtime.follow()
    ended = await run_to_the_end(context, change)
    if isinstance(ended, OpstermError):
        raise ended
    return await _print_answer(context, ended)


def _print_request(context: Context, request: HttpRequest) -> int:
    if context.printer.json:
        context.printer.record(_call_record(None, request=request.text))
    else:
        context.printer.block(request.text)
    return ExitCode.DONE


def _call_record(
    change: Change | None, *, request: str = "", status: int | None = None, headers: Mapping[str, str] | None = None,
    body: str = "", message: str = "",
) -> Mapping[str, object]:  # fmt: skip
    return {
        "change": change.name if change else "",
        "state": change.state if change else "",
        "request": change.order.command if change else request,
        "risk": change.risk if change else None,
        "digest": change.digest if change else "",
        "status": status,
        "headers": headers or {},
        "body": body,
        "message": message,
    }


async def _not_sent(context: Context, change: Change) -> int:
    """Say that it waits for an approval."""
    if context.printer.json:
        context.printer.record(_call_record(change))
    describe(context, change)
    await describe_content(context, change)
    context.printer.say(
        f"It may change something, so it was not sent: {change.name} waits for an approval.\n"
        f"Read it and approve it: opsterm approve {change.name}"
    )
    return ExitCode.REFUSED


async def _print_answer(context: Context, change: Change) -> int:
    (outcome,) = change.outcomes
    output = await context.runtime.changes.output(change.id, outcome.target, limit=outcome.kept_bytes or 1)
    head, _, body = output.partition(b"\n\n")
    first, *lines = head.decode("utf-8", errors="backslashreplace").split("\n")
    code = first.split(" ")[1] if first.startswith("HTTP ") else ""
    if context.printer.json:
        context.printer.record(_call_record(
            change, status=int(code) if code.isdigit() else None, headers=_pairs(lines),
            body=body.decode("utf-8", errors="backslashreplace"), message=outcome.message,
        ))  # fmt: skip
        return exit_code(change)
    if body:
        context.printer.block(clean_bytes(body, limit=10 * len(body)))
    if first:
        leads = _pairs(lines).get("Location", "")
        also = f"; it leads to {leads}, and redirects are not followed" if code[:1] == "3" and leads else ""
        context.printer.say(f"{first.removeprefix('HTTP ')} ({change.name}){also}")
    if outcome.state not in (OutcomeState.DONE, OutcomeState.FAILED) or outcome.message:
        context.printer.say(f"{outcome.target}: {outcome.state}\n{outcome.message}".strip())
    if outcome.kept_bytes < outcome.output_bytes:
        context.printer.say(f"{outcome.output_bytes - outcome.kept_bytes} more bytes came and were not kept.")
    return exit_code(change)


def _pairs(lines: Sequence[str]) -> Mapping[str, str]:
    return {name: value for name, _, value in (line.partition(": ") for line in lines)}
