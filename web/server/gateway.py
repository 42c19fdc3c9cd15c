"""The application behind an asynchronous server, where waiting requests occupy no thread.

A thread makes an answer and is free again; a long answer is read piece by piece, each when the
client has received the one before. A slow or silent client occupies no thread.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import aclosing, suppress
from functools import partial
from typing import Any, TypeVar

from flask import Flask

from web.auth import admits
from web.route import RouteFacts, Routes
from web.server.connections import CONNECTION, Connection, Phase
from web.server.environ import environ_of, headers_of
from web.server.priority import Requests
from web.server.request_bodies import Bodies, Body
from web.server.responses import WsgiAnswer, answer_of
from web.server.workers import Workers

Result = TypeVar("Result")
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

START, BODY = "http.response.start", "http.response.body"

# Threads that read long answers and write long bodies, piece by piece; followed jobs use three.
STREAM_THREADS = 8

# A client that is still sending would lose the answer if the connection were closed, so the server
# reads and discards its bytes for this long.
LINGER_S = 10.0


class ConnectionClosed(Exception):
    """An error for a client that closed the connection or was too slow."""


class Gateway:
    """An ASGI application that runs a WSGI application in threads."""

    def __init__(self, app: Flask, threads: int) -> None:
        self._app = app
        self._routes = Routes(app)
        self._requests = Requests(threads)
        self._streams = Workers("limn-stream", STREAM_THREADS)
        self._bodies = Bodies(
            app.config["MAX_CONTENT_LENGTH"],
            app.config["MAX_SENT_LENGTH"],
            partial(admits, app.extensions["limn"].tokens),
            lambda call: asyncio.wrap_future(self._streams.submit(call)),
        )

    @property
    def queue_length(self) -> int:
        """Return the number of requests that wait for a thread."""
        return self._requests.queue_length

    def close(self) -> None:
        """Stop the threads once they are idle."""
        self._requests.close()
        self._streams.close()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, with its connection in the ASGI state."""
        connection: Connection = scope["state"][CONNECTION]
        environ = environ_of(scope)
        try:
            connection.enter(Phase.BODY)
            facts = self._routes.facts(environ["REQUEST_METHOD"], environ["PATH_INFO"])
            body = await self._receive(environ, facts, receive)
            connection.enter(Phase.WORK)
            answer = await self._make(environ, facts, body, connection)
            connection.enter(Phase.ANSWER)
            await self._send(answer, body.is_refused, connection, send)
            if body.is_refused:
                await _linger(connection, receive)
        except ConnectionClosed:
            pass
        finally:
            connection.enter(Phase.IDLE)

    async def _receive(self, environ: dict[str, Any], facts: RouteFacts, receive: Receive) -> Body:
        body = await self._bodies.take(facts.files, headers_of(environ), receive)
        if body is None:
            raise ConnectionClosed
        environ["wsgi.input"] = body.file
        if environ.pop("HTTP_TRANSFER_ENCODING", None) or body.length:
            environ["CONTENT_LENGTH"] = str(body.length)
        return body

    async def _make(
        self, environ: dict[str, Any], facts: RouteFacts, body: Body, connection: Connection
    ) -> WsgiAnswer:
        async with self._requests.place(facts.urgency, environ["REMOTE_ADDR"]) as run:
            future = run(partial(answer_of, self._app, environ))
            future.add_done_callback(lambda _: body.close())
            try:
                return await _result(future, connection)
            except ConnectionClosed:
                future.add_done_callback(_discard)
                raise

    async def _send(
        self, answer: WsgiAnswer, is_refused: bool, connection: Connection, send: Send
    ) -> None:
        async def send_body(piece: bytes, more: bool) -> None:
            connection.count_sent(len(piece))
            # The connection stays open after a refusal, as its client may still be sending.
            await send({"type": BODY, "body": piece, "more_body": more or is_refused})

        headers = [*answer.headers, (b"connection", b"close")] if is_refused else answer.headers
        await send({"type": START, "status": answer.status, "headers": headers})
        await send_body(answer.begins, answer.rest is not None)
        if answer.rest is not None:
            async with aclosing(self._rest(answer, connection)) as rest:
                async for piece in rest:
                    await send_body(piece, more=True)
            await send_body(b"", more=False)

    async def _rest(self, answer: WsgiAnswer, connection: Connection) -> AsyncGenerator[bytes]:
        """Yield the rest of an answer, each piece read in a turn of a thread."""
        rest: Any = answer.rest
        future: Future[bytes | None] = Future()
        try:
            while True:
                future = self._streams.submit(partial(next, rest, None))
                piece = await _result(future, connection)
                if piece is None:
                    return
                yield piece
        finally:  # only after the thread that is still reading has ended
            future.add_done_callback(lambda _: answer.close())


async def _result(future: Future[Result], connection: Connection) -> Result:
    """Wait for the result of a call.

    Raises:
        Gone: the client closed the connection first.
    """
    done = asyncio.wrap_future(future)
    await asyncio.wait((done, connection.closed), return_when=asyncio.FIRST_COMPLETED)
    if done.done():
        return done.result()
    done.cancel()  # this also cancels a call that no thread has begun
    raise ConnectionClosed


async def _linger(connection: Connection, receive: Receive) -> None:
    """Discard what the client still sends, so that it receives the answer; then close."""
    with suppress(OSError):  # the client has disconnected
        connection.transport.write_eof()
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while (await receive()).get("more_body"):
                pass
    connection.transport.close()
    await asyncio.wait((connection.closed,))


def _discard(future: Future[WsgiAnswer]) -> None:
    """Close an answer whose client has disconnected."""
    if not future.cancelled() and future.exception() is None:
        future.result().close()
