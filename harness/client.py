"""Talk to a running Home Assistant as its frontend does: REST and WebSocket."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

type JsonObject = dict[str, Any]

FLOW_STEPS_AT_MOST = 30


class HomeAssistantError(Exception):
    """Home Assistant refused a request; the text says which and why."""


class FlowError(Exception):
    """A config flow did not end in an entry; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Choose:
    """The answer to a menu: the step to go to."""

    step: str


type Fields = Mapping[str, object]
# The answer to a form: its fields, or a function of the form that Home Assistant sent.
type Answer = Choose | Fields | Callable[[JsonObject], Fields]


def first_option(field: str) -> Callable[[JsonObject], Fields]:
    """Return an answer that takes the first option a form offers for `field`."""

    def answer(form: JsonObject) -> Fields:
        for item in form["data_schema"]:
            if item["name"] == field:
                options = item.get("options") or item["selector"]["select"]["options"]
                first = options[0]
                if isinstance(first, dict):
                    return {field: first["value"]}
                return {field: first[0] if isinstance(first, list) else first}
        raise FlowError(f"step {form['step_id']} has no field {field}")

    return answer


def as_suggested(**changes: object) -> Callable[[JsonObject], Fields]:
    """Return an answer that accepts what a form shows, but for some fields."""

    def answer(form: JsonObject) -> Fields:
        return {**_shown(form["data_schema"]), **changes}

    return answer


def _shown(fields: Sequence[JsonObject]) -> dict[str, object]:
    """Return what a form shows before anything is typed."""
    shown: dict[str, object] = {}
    for item in fields:
        if item.get("type") == "expandable":
            shown[item["name"]] = _shown(item["schema"])
            continue
        suggested = (item.get("description") or {}).get("suggested_value")
        value = item.get("default") if suggested is None else suggested
        if value is not None:
            shown[item["name"]] = value
    return shown


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
        await socket.send_json({"id": self._number, "type": kind, **fields})
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
        """Drive a config flow with the answer to each step, and return its entry.

        Steps may come in any order, and may be left out. Raises FlowError for a step
        without an answer, an answer that is refused, and a flow that gives up.
        """
        path = "/api/config/config_entries/flow"
        step = await self.request("POST", path, {"handler": handler})
        for _ in range(FLOW_STEPS_AT_MOST):
            if step["type"] == "create_entry":
                return dict(step["result"])
            _check_step(step, answers)
            answer = answers[step["step_id"]]
            body: Fields
            if isinstance(answer, Choose):
                body = {"next_step_id": answer.step}
            elif isinstance(answer, Mapping):
                body = answer
            else:
                body = answer(step)
            step = await self.request("POST", f"{path}/{step['flow_id']}", body)
        raise FlowError(f"the flow of {handler} goes round in circles")

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


def _check_step(step: JsonObject, answers: Mapping[str, Answer]) -> None:
    """Raise FlowError unless the step asks for something that we can answer."""
    if step["type"] == "abort":
        raise FlowError(f"the flow gave up: {step['reason']}")
    name = step.get("step_id")
    if step["type"] not in {"form", "menu"}:
        raise FlowError(f"step {name} is of the unknown kind {step['type']}")
    if step.get("errors"):
        raise FlowError(f"step {name} refused its answer: {step['errors']}")
    if name not in answers:
        asked = step.get("menu_options") or [
            item["name"] for item in step.get("data_schema") or ()
        ]
        raise FlowError(f"no answer for step {name}, which asks for {asked}")


async def _content(response: aiohttp.ClientResponse) -> Any:
    """Return the JSON of a response; raise HomeAssistantError if it is a refusal."""
    if response.ok:
        return await response.json()
    text = (await response.text())[:500]
    raise HomeAssistantError(
        f"{response.method} {response.url.path} was answered {response.status}: {text}"
    )
