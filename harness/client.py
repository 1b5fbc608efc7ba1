"""Talk to a running Home Assistant as its frontend does: REST and WebSocket."""

import asyncio
from collections.abc import Mapping
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

import aiohttp

from .flows import Answer, FlowError, JsonObject, body_of, check_step

FLOW_STEPS_AT_MOST = 30
PROGRESS_PATIENCE = 120.0
"""Seconds that a step without questions may take."""


class HomeAssistantError(Exception):
    """Home Assistant refused a request; the text says which and why."""


class FlowKind(StrEnum):
    """What a flow is for; each kind has its own address."""

    CONFIG = "/api/config/config_entries/flow"
    OPTIONS = "/api/config/config_entries/options/flow"
    SUBENTRY = "/api/config/config_entries/subentries/flow"
    REPAIR = "/api/repairs/issues/fix"


_DONE = frozenset({"reauth_successful", "reconfigure_successful"})
"""How flows end well that change something instead of creating it."""


class HomeAssistantClient:
    """A logged-in user of one Home Assistant.

    Use it as an asynchronous context manager, log in first.
    """

    def __init__(self, url: str) -> None:
        """Prepare to talk to Home Assistant at `url` (no slash at the end)."""
        self.url = url
        self.token = ""
        self._number = 0

    async def __aenter__(self) -> Self:
        """Open the web session."""
        self._web = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        if self._socket is not None:
            await self._socket.close()
        await self._web.close()

    async def onboard(self, username: str, password: str) -> None:
        """Create the first user, log in, and wait until everything is running.

        Takes a token that outlives the login of half an hour.
        """
        client_id = f"{self.url}/"
        user = await self.request(
            "POST",
            "/api/onboarding/users",
            {
                "client_id": client_id,
                "name": username.capitalize(),
                "username": username,
                "password": password,
                "language": "en",
            },
        )
        form = {
            "grant_type": "authorization_code",
            "client_id": client_id,
            "code": user["auth_code"],
        }
        async with self._web.post(f"{self.url}/auth/token", data=form) as response:
            self.token = (await _content(response))["access_token"]
        self.token = await self.command(
            "auth/long_lived_access_token", client_name="PowerSync demo", lifespan=365
        )
        while (await self.request("GET", "/api/config"))["state"] != "RUNNING":
            await asyncio.sleep(0.1)

    async def request(self, method: str, path: str, body: object = None) -> Any:
        """Send a REST request and return the JSON of its answer.

        Raises HomeAssistantError for any status but 2xx.
        """
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self._web.request(
            method, self.url + path, json=body, headers=headers
        ) as response:
            return await _content(response)

    async def command(self, kind: str, **fields: object) -> Any:
        """Send a WebSocket command and return its result.

        Raises HomeAssistantError if it fails.
        """
        socket = self._socket or await self._open_socket()
        self._number += 1
        message = {"id": self._number, "type": kind, **fields}
        try:
            await socket.send_json(message)
        except aiohttp.ClientConnectionResetError:
            # Between commands nobody answers Home Assistant's pings, and after a
            # minute of that it hangs up.
            socket = await self._open_socket()
            await socket.send_json(message)
        while True:
            answer = await socket.receive_json()
            if answer.get("id") == self._number and answer["type"] == "result":
                if not answer["success"]:
                    raise HomeAssistantError(f"{kind}: {answer['error']['message']}")
                return answer["result"]

    async def _open_socket(self) -> aiohttp.ClientWebSocketResponse:
        socket = await self._web.ws_connect(f"{self.url}/api/websocket", max_msg_size=0)
        await socket.receive_json()  # auth_required
        await socket.send_json({"type": "auth", "access_token": self.token})
        answer = await socket.receive_json()
        if answer["type"] != "auth_ok":
            raise HomeAssistantError("the WebSocket login was refused")
        self._socket = socket
        return socket

    async def run_flow(self, handler: str, answers: Mapping[str, Answer]) -> JsonObject:
        """Set up an integration with the answer to each step, and return its entry.

        Raises FlowError as `answer_flow`.
        """
        step = await self.start_flow(FlowKind.CONFIG, handler=handler)
        return dict((await self.answer_flow(FlowKind.CONFIG, step, answers))["result"])

    async def reconfigure(
        self, entry_id: str, kind: str, answers: Mapping[str, Answer]
    ) -> None:
        """Change the subentry of a kind, of which an entry has one.

        Raises FlowError as `answer_flow`.
        """
        subentry_id = next(
            subentry["subentry_id"]
            for subentry in await self.command(
                "config_entries/subentries/list", entry_id=entry_id
            )
            if subentry["subentry_type"] == kind
        )
        step = await self.start_flow(
            FlowKind.SUBENTRY, handler=[entry_id, kind], subentry_id=subentry_id
        )
        await self.answer_flow(FlowKind.SUBENTRY, step, answers)

    async def start_flow(self, kind: FlowKind, **about: object) -> JsonObject:
        """Begin a flow and return its first step; `about` says what it is for."""
        return dict(await self.request("POST", kind, about))

    async def flow_step(self, kind: FlowKind, flow_id: str) -> JsonObject:
        """Return the step at which a flow is that somebody has begun."""
        return dict(await self.request("GET", f"{kind}/{flow_id}"))

    async def next_step(
        self, kind: FlowKind, step: JsonObject, answer: Answer
    ) -> JsonObject:
        """Answer a step and return the next one, or the same with what is wrong.

        What takes a while is waited for. Raises FlowError if it does not end.
        """
        step = await self.request(
            "POST", f"{kind}/{step['flow_id']}", body_of(answer, step)
        )
        if step["type"] == "progress":
            step = await self._wait_for_progress(kind, step)
        return step

    async def answer_flow(
        self, kind: FlowKind, step: JsonObject, answers: Mapping[str, Answer]
    ) -> JsonObject:
        """Drive a flow from a step on with the answer to each, and return its end.

        Steps may come in any order, and may be left out; what takes a while is waited
        for. Raises FlowError for a step without an answer, an answer that is refused,
        and a flow that gives up.
        """
        for _ in range(FLOW_STEPS_AT_MOST):
            if step["type"] == "create_entry" or step.get("reason") in _DONE:
                return step
            check_step(step, answers)
            step = await self.next_step(kind, step, answers[step["step_id"]])
        raise FlowError(f"the flow goes round in circles at step {step['step_id']}")

    async def _wait_for_progress(self, kind: FlowKind, step: JsonObject) -> JsonObject:
        """Return the step that follows when there is something to tell again."""
        name = step["step_id"]
        try:
            async with asyncio.timeout(PROGRESS_PATIENCE):
                while step["type"] == "progress":
                    await asyncio.sleep(0.1)
                    step = await self.flow_step(kind, step["flow_id"])
        except TimeoutError:
            raise FlowError(f"step {name} does not come to an end") from None
        return step

    async def set_start_page(self, path: str, title: str, config: JsonObject) -> None:
        """Create a dashboard with `config`, and make it what opens first."""
        await self.command(
            "lovelace/dashboards/create",
            url_path=path,
            mode="storage",
            title=title,
            icon="mdi:home-battery",
            show_in_sidebar=True,
            require_admin=False,
        )
        await self.command("lovelace/config/save", url_path=path, config=config)
        await self.command(
            "frontend/set_system_data", key="core", value={"default_panel": path}
        )


async def _content(response: aiohttp.ClientResponse) -> Any:
    """Return the JSON of a response; raise HomeAssistantError if it is a refusal."""
    if response.ok:
        return await response.json()
    text = (await response.text())[:500]
    raise HomeAssistantError(
        f"{response.method} {response.url.path} was answered {response.status}: {text}"
    )
