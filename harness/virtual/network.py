"""A network in memory: aiohttp's own client and server without a socket between.

Whatever they agree on (keep-alive, chunks, timeouts, WebSockets, dropped connections)
is the real thing; only the bytes travel through the event loop. Hosts are reached by
their public names, https included, so product code keeps its real addresses.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
import socket
import time
from typing import Any, override

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_CLIENT = ("127.0.0.1", 1)
_SERVER_PATIENCE = 0.5
"""Virtual seconds that a server waits for its connections when it stops."""

type Factory = Callable[[], asyncio.Protocol]
type Address = tuple[str, int]


@dataclass(slots=True, kw_only=True)
class Request:
    """One request as it reached a server; ``status`` is None until it answered."""

    at: datetime
    method: str
    host: str
    path: str
    query: str
    status: int | None = None


class MemoryNetwork:
    """Servers by host name, the way to them, and a record of who asked for what.

    ``latency`` is how many seconds each piece of data is under way.
    """

    def __init__(self, latency: float = 0.0) -> None:
        """Create a network without any server."""
        self.latency = latency
        self.requests: list[Request] = []
        self._runners: dict[str, web.AppRunner] = {}

    async def serve(self, host: str, app: web.Application) -> None:
        """Put a server on the network. Raises ValueError if the name is taken."""
        if host in self._runners:
            raise ValueError(f"{host} is already served")
        app.middlewares.insert(0, self._recorder(host))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SERVER_PATIENCE)
        await runner.setup()
        self._runners[host] = runner

    async def close(self) -> None:
        """Stop all servers and drop what is connected to them."""
        while self._runners:
            _, runner = self._runners.popitem()
            await runner.cleanup()

    def connector(self) -> MemoryConnector:
        """Return a connector for an aiohttp client on this network."""
        return MemoryConnector(self)

    def server(self, host: str | None) -> Factory | None:
        """Return what makes the protocol of a server, None for an unknown host."""
        runner = self._runners.get(host or "")
        return runner.server if runner else None

    def _recorder(self, host: str) -> Middleware:
        """Return a middleware that notes every request at its arrival."""

        @web.middleware
        async def record(request: web.Request, handler: Handler) -> web.StreamResponse:
            entry = Request(
                # The wall clock, which the virtual loop moves.
                at=datetime.fromtimestamp(time.time(), UTC),
                method=request.method,
                host=host,
                path=request.path,
                query=request.query_string,
            )
            self.requests.append(entry)
            try:
                response = await handler(request)
            except web.HTTPException as error:
                entry.status = error.status
                raise
            entry.status = response.status
            return response

        return record


class MemoryConnector(aiohttp.BaseConnector):
    """Connects an aiohttp client to the servers of a memory network."""

    def __init__(self, network: MemoryNetwork) -> None:
        """Connect to one network only."""
        super().__init__()
        self._network = network

    @override
    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Any],
        timeout: aiohttp.ClientTimeout,
    ) -> Any:
        server_factory = self._network.server(req.url.host)
        if server_factory is None:
            raise aiohttp.ClientConnectorDNSError(
                req.connection_key,
                socket.gaierror(socket.EAI_NONAME, f"no route to {req.url.host}"),
            )
        client, server = self._factory(), server_factory()
        address = (req.url.host or "", req.url.port or 0)
        latency = self._network.latency
        near = _Pipe(self._loop, client, sock=_CLIENT, peer=address, latency=latency)
        far = _Pipe(self._loop, server, sock=address, peer=_CLIENT, latency=latency)
        near.connect(far)
        far.connect(near)
        server.connection_made(far)
        client.connection_made(near)
        return client


class _Pipe(asyncio.Transport):
    """One end of a connection: what is written here is received at the other."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.Protocol,
        *,
        sock: Address,
        peer: Address,
        latency: float,
    ) -> None:
        """Serve the protocol at this end."""
        super().__init__({"sockname": sock, "peername": peer})
        self._loop = loop
        self._protocol = protocol
        self._latency = latency
        self._other: _Pipe | None = None
        # None marks the end of the connection.
        self._under_way: deque[bytes | None] = deque()
        self._unread: deque[bytes] = deque()
        self._closing = False
        self._paused = False
        self._lost = False

    def connect(self, other: _Pipe) -> None:
        """Name the other end."""
        self._other = other

    @override
    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if data and not self._closing:
            self._send(bytes(data))

    @override
    def writelines(
        self,
        list_of_data: Any,  # an iterable of bytes-like, in asyncio's own words
    ) -> None:
        self.write(b"".join(list_of_data))

    @override
    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._end)
            self._send(None)

    @override
    def abort(self) -> None:
        self.close()

    @override
    def is_closing(self) -> bool:
        return self._closing

    @override
    def get_write_buffer_size(self) -> int:
        return 0

    @override
    def pause_reading(self) -> None:
        self._paused = True

    @override
    def resume_reading(self) -> None:
        self._paused = False
        while self._unread and not self._paused:
            self._protocol.data_received(self._unread.popleft())

    def _send(self, piece: bytes | None) -> None:
        """Put something on its way to the other end."""
        self._under_way.append(piece)
        if self._latency:
            self._loop.call_later(self._latency, self._deliver)
        else:
            self._loop.call_soon(self._deliver)

    def _deliver(self) -> None:
        """Hand over what was sent first.

        Timers of the same instant fire in any order, so they do not carry the
        data themselves.
        """
        piece = self._under_way.popleft()
        if self._other is None:
            return
        if piece is None:
            self._other.end_of_connection()
        else:
            self._other.receive(piece)

    def receive(self, data: bytes) -> None:
        """Take data from the other end."""
        if self._lost:
            return
        if self._paused:
            self._unread.append(data)
        else:
            self._protocol.data_received(data)

    def end_of_connection(self) -> None:
        """Learn that the other end has closed."""
        self._closing = True
        self._end()

    def _end(self) -> None:
        """Tell the protocol, once, that the connection is gone."""
        if not self._lost:
            self._lost = True
            self._protocol.connection_lost(None)
