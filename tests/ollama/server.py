"""An Ollama server for tests: real TCP, its own words for every fault, and an account of what was asked of it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.ollama.models import MADE_AT, BadDurationError, FakeModel, Fault, Loaded, keep_alive_s
from tests.ollama.scripts import Said, formed, vector
from tests.ollama.tokens import count_tokens, tokens_seen
from tests.ollama.wire import Exchange, serve_connection

VERSION = "0.12.6"
FOR_EVER_S = 100 * 365 * 86400.0
USUAL_CONTEXT = 4096
LOCAL = ("localhost", "127.0.0.1", "[::1]", "[")


class FakeOllama:
    """The server.

    Attributes:
        models: what is on its disk, the newest first.
        loaded: what is in its memory, by name.
        memory: bytes that fit.
        load_s: seconds to load a model.
        token_s: seconds a token takes.
        queue: requests that may wait for a model; more are refused.
        slicing: see `Exchange`.
        faults: what the next requests for an answer meet, one each: see `_broken`.
        silent: whether it takes questions and answers none.
        token: what a proxy before it wants, "" for none.
        shift_s: how far its clock is ahead of ours.
        library: what can be fetched, name -> sizes of its parts.
        asked: every request: method, path, headers, body.
        disconnects, generated: clients that cut the line, tokens that were made.
        at_once: the most requests that one model had at the same time, those that waited among them.
    """

    def __init__(self, *models: FakeModel) -> None:
        self.models = list(models) or [FakeModel("qwen3.5:4b")]
        self.loaded: dict[str, Loaded] = {}
        self.memory = 24_000_000_000
        self.load_s = self.token_s = self.shift_s = 0.0
        self.queue = 512
        self.on_gpu = 1.0
        self.slicing = "line"
        self.faults: list[str] = []
        self.token = ""
        self.silent = False
        self.library: dict[str, Sequence[int]] = {}
        self.fetched: dict[str, int] = {}
        self.asked: list[tuple[str, str, Mapping[str, str], Any]] = []
        self.disconnects = self.generated = self.at_once = 0
        self._locks: dict[str, asyncio.Lock] = {}
        self._asking = 0
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    # ----------------------------------------------------------------------------------- serving

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, *, port: int = 0, socket: Path | None = None) -> None:
        """Listen."""
        if socket is not None:
            self._server = await asyncio.start_unix_server(self._one, str(socket))
        else:
            self._server = await asyncio.start_server(self._one, "127.0.0.1", port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Vanish: every line is cut."""
        if self._server is not None:
            self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        self._server = None

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await serve_connection(reader, writer, self._answer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self._connections.discard(task)

    def bodies(self, path: str) -> list[Any]:
        """Return the bodies of the requests to a path."""
        return [body for _, asked, _, body in self.asked if asked == path]

    async def _answer(self, exchange: Exchange) -> None:
        exchange.slicing = self.slicing
        body = json.loads(exchange.body) if exchange.body else None
        self.asked.append((exchange.method, exchange.path, exchange.headers, body))
        if not exchange.headers.get("host", "").startswith(LOCAL):
            await exchange.send(403, b"", "text/plain")
            return
        if self.token and exchange.headers.get("authorization") != f"Bearer {self.token}":
            await exchange.send_json({"error": "unauthorized"}, 401)
            return
        if self.silent:
            await exchange.for_ever()
            return
        routes = {
            "/": self._root, "/api/version": self._version, "/api/tags": self._tags, "/api/ps": self._ps,
            "/api/show": self._show, "/api/chat": self._chat, "/api/generate": self._generate,
            "/api/embed": self._embed, "/api/pull": self._pull, "/api/delete": self._delete,
        }  # fmt: skip
        route = routes.get(exchange.path)
        try:
            if route is None:
                await exchange.send(404, b"404 page not found", "text/plain")
            elif body is None and exchange.method == "POST":
                raise Fault(400, "missing request body")
            else:
                await route(exchange)
        except Fault as fault:
            await exchange.send_json({"error": fault.text}, fault.status)
        except BadDurationError as error:
            await exchange.send_json({"error": str(error)}, 400)

    # ------------------------------------------------------------------------------------- models

    def now(self) -> float:
        return time.time() + self.shift_s

    def _find(self, body: Mapping[str, Any], text: str = "model '{}' not found") -> FakeModel:
        name = str(body.get("model") or body.get("name") or "")
        if not name:
            raise Fault(400, "model is required")
        full = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
        for model in self.models:
            if model.name.lower() == full.lower():
                return model
        raise Fault(404, text.format(name))

    def _expire(self) -> None:
        self.loaded = {name: one for name, one in self.loaded.items() if one.expires_at > self.now()}

    async def _load(self, model: FakeModel, body: Mapping[str, Any]) -> tuple[Loaded, int]:
        """Return the model in memory and the nanoseconds that this took."""
        self._expire()
        alive = keep_alive_s(body.get("keep_alive"))
        context = int((body.get("options") or {}).get("num_ctx") or USUAL_CONTEXT)
        context = min(context, model.trained)
        began = time.perf_counter()
        one = self.loaded.get(model.name)
        if one is None or one.context != context:
            self.loaded.pop(model.name, None)
            one = Loaded(model=model, context=context, expires_at=math.inf, on_gpu=self.on_gpu)
            if one.size > self.memory:
                said = f"model requires more system memory ({one.size / 1e9:.1f} GiB) than is available"
                raise Fault(500, said)
            while self.loaded and sum(other.size for other in self.loaded.values()) + one.size > self.memory:
                self.loaded.pop(min(self.loaded, key=lambda name: self.loaded[name].expires_at))
            await asyncio.sleep(self.load_s)
            self.loaded[model.name] = one
        one.expires_at = self.now() + (alive if alive >= 0 else FOR_EVER_S)
        return one, int((time.perf_counter() - began) * 1e9)

    async def _root(self, exchange: Exchange) -> None:
        await exchange.send(200, b"Ollama is running", "text/plain; charset=utf-8")

    async def _version(self, exchange: Exchange) -> None:
        await exchange.send_json({"version": VERSION})

    async def _tags(self, exchange: Exchange) -> None:
        await exchange.send_json({"models": [model.row() for model in self.models]})

    async def _ps(self, exchange: Exchange) -> None:
        self._expire()
        rows = [
            {
                "name": one.model.name, "model": one.model.name, "size": one.size, "digest": one.model.digest,
                "details": one.model.details, "size_vram": int(one.size * one.on_gpu), "context_length": one.context,
                "expires_at": datetime.fromtimestamp(one.expires_at, tz=UTC).isoformat(),
            }
            for one in sorted(self.loaded.values(), key=lambda one: -one.expires_at)
        ]  # fmt: skip
        await exchange.send_json({"models": rows})

    async def _show(self, exchange: Exchange) -> None:
        await exchange.send_json(self._find(exchange.json()).card())

    async def _delete(self, exchange: Exchange) -> None:
        model = self._find(exchange.json())
        self.models.remove(model)
        self.loaded.pop(model.name, None)
        await exchange.send(200, b"", "text/plain")

    async def _pull(self, exchange: Exchange) -> None:
        name = str(exchange.json().get("model") or exchange.json().get("name"))
        await exchange.begin()
        await exchange.line({"status": "pulling manifest"})
        sizes = self.library.get(name)
        if sizes is None:
            await exchange.line({"error": "pull model manifest: file does not exist"})
            await exchange.end()
            return
        digests = [hashlib.sha256(f"{name}{n}".encode()).hexdigest() for n in range(len(sizes))]
        steps = 5
        for step in range(steps + 1):
            for digest, size in zip(digests, sizes, strict=True):  # the parts come side by side
                self.fetched[digest] = max(self.fetched.get(digest, 0), size * step // steps)
                row = {"status": f"pulling {digest[:12]}", "digest": f"sha256:{digest}", "total": size}
                await exchange.line(row if not self.fetched[digest] else {**row, "completed": self.fetched[digest]})
            await asyncio.sleep(self.token_s)
            if exchange.gone.is_set():
                self.disconnects += 1
                return
        for status in ("verifying sha256 digest", "writing manifest", "removing unused layers", "success"):
            await exchange.line({"status": status})
        self.models.insert(0, FakeModel(name))
        await exchange.end()

    async def _embed(self, exchange: Exchange) -> None:
        body = exchange.json()
        model = self._find(body, 'model "{}" not found, try pulling it first')
        texts = [body["input"]] if isinstance(body["input"], str) else list(body["input"])
        one, load = await self._load(model, body)
        tokens = [count_tokens(text) for text in texts]
        if body.get("truncate") is False and max(tokens, default=0) > one.context:
            raise Fault(400, "the input length exceeds the context length")
        size = int(body.get("dimensions") or model.dimensions)
        vectors = [vector(text, size) for text in texts if text]
        await exchange.send_json({"model": body["model"], "embeddings": vectors, "total_duration": load + 1000,
                                  "load_duration": load, "prompt_eval_count": sum(tokens)})  # fmt: skip

    # ------------------------------------------------------------------------------------- answers

    async def _generate(self, exchange: Exchange) -> None:
        await self._chat(exchange, prompt=True)

    async def _chat(self, exchange: Exchange, *, prompt: bool = False) -> None:
        body = exchange.json()
        model = self._find(body)
        self._require_able(model, body)
        if not body.get("prompt" if prompt else "messages"):
            await self._load_only(exchange, model, body)
            return
        fault = self.faults.pop(0) if self.faults else ""
        if await self._broken(exchange, fault):
            return
        lock = self._locks.setdefault(model.name, asyncio.Lock())
        if (lock.locked() and self._asking > self.queue) or fault == "busy":
            raise Fault(503, "server busy, please try again.  maximum pending requests exceeded")
        self._asking += 1
        self.at_once = max(self.at_once, self._asking)
        try:
            async with lock:
                one, load = await self._load(model, body)
                await self._say(exchange, one, body, load, fault, prompt=prompt)
        finally:
            self._asking -= 1

    def _require_able(self, model: FakeModel, body: Mapping[str, Any]) -> None:
        if not model.has("completion"):
            raise Fault(400, f'"{model.name}" does not support chat')
        if body.get("tools") and not model.has("tools"):
            raise Fault(400, f"registry.ollama.ai/library/{model.name} does not support tools")
        if body.get("think") and not model.has("thinking"):
            raise Fault(400, f'"{model.name}" does not support thinking')

    async def _load_only(self, exchange: Exchange, model: FakeModel, body: Mapping[str, Any]) -> None:
        if keep_alive_s(body.get("keep_alive")) == 0:
            self.loaded.pop(model.name, None)
            reason = "unload"
        else:
            await self._load(model, body)
            reason = "load"
        await exchange.send_json({"model": body["model"], "created_at": MADE_AT,
                                  "message": {"role": "assistant", "content": ""}, "done_reason": reason,
                                  "done": True})  # fmt: skip

    async def _broken(self, exchange: Exchange, fault: str) -> bool:
        """Answer as a broken server does, if the fault needs no model: "silence", "html"."""
        if fault == "silence":
            await exchange.for_ever()
        elif fault == "html":
            await exchange.send(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", "text/html")
        elif fault == "page":
            await exchange.send(200, b"<html><body>Please log in</body></html>", "text/html")
        return fault in ("silence", "html", "page")

    def _pieces(self, one: Loaded, body: Mapping[str, Any]) -> Iterable[Said]:
        model = one.model
        thinks = model.has("thinking") and (model.ignores_think or body.get("think", True))
        for said in model.script(body):
            if "thinking" in said and not thinks:
                continue
            yield said

    async def _say(
        self, exchange: Exchange, one: Loaded, body: Mapping[str, Any], load: int, fault: str, *, prompt: bool
    ) -> None:
        seen, cached = tokens_seen(one, body)
        pieces = list(formed(one.model.form, body, self._pieces(one, body)))
        limit = int((body.get("options") or {}).get("num_predict") or -1)
        stream = body.get("stream", True)
        base = {"model": body["model"], "created_at": MADE_AT}
        if stream:
            await exchange.begin()
        kept: dict[str, Any] = {"role": "assistant", "content": ""}
        made = 0
        for said in pieces if limit < 0 else pieces[:limit]:
            await asyncio.sleep(self.token_s)
            if exchange.gone.is_set():
                self.disconnects += 1
                return
            made += 1
            self.generated += 1
            for key, value in said.items():
                kept[key] = kept[key] + value if key in kept else value
            if stream:
                row = {"response": said.get("content", "")} if prompt else {"message": {"role": "assistant", **said}}
                await exchange.line({**base, **row, "done": False})
                if await self._spoilt(exchange, fault, made):
                    return
        counts = {"total_duration": load + 1000 * made, "load_duration": load, "eval_duration": 1000 * made,
                  "prompt_eval_count": 0 if cached else seen, "eval_count": made,
                  "prompt_eval_duration": 0 if cached else 1000 * seen}  # fmt: skip
        reason = "length" if made < len(pieces) else "stop"
        last = {**base, "done": True, "done_reason": reason, "an_unknown_field": {"of": "tomorrow"}}
        last |= {key: value for key, value in counts.items() if value}
        whole = kept if not stream else {"role": "assistant", "content": ""}
        last |= {"response": whole["content"]} if prompt else {"message": whole}
        if not stream:
            await exchange.send_json(last)
        elif fault != "unfinished":
            await exchange.line(last)
        if stream:
            await exchange.end()

    async def _spoilt(self, exchange: Exchange, fault: str, made: int) -> bool:
        """Break off after the second token: "stall", "error", "reset"."""
        if made < 2 or fault not in ("stall", "error", "reset"):
            return False
        if fault == "stall":
            await exchange.for_ever()
            self.disconnects += 1
        elif fault == "error":
            await exchange.line(
                {"error": "an error was encountered while running the model: CUDA error: out of memory"}
            )
            await exchange.end()
        else:
            exchange.reset()
        return True


@asynccontextmanager
async def ollama_server(*models: FakeModel, socket: Path | None = None) -> AsyncIterator[FakeOllama]:
    """Serve, with some models."""
    server = FakeOllama(*models)
    await server.start(socket=socket)
    try:
        yield server
    finally:
        await server.stop()
