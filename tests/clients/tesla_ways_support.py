"""Ways in to a Powerwall that wait for a test to say what they answer."""

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from custom_components.power_sync.clients.errors import ClientError
from custom_components.power_sync.clients.protocols import PowerwallClient
from custom_components.power_sync.core.model.powerwall import (
    ExportRule,
    OperationMode,
)
from custom_components.power_sync.core.model.tariff_document import read_tariff

from .support import stored

type Call = Callable[[PowerwallClient], Awaitable[Any]]

TARIFF = read_tariff(
    stored("tesla_tou_settings_request")["tou_settings"]["tariff_content_v2"]
)
READS: dict[str, Call] = {
    "live_status": lambda site: site.live_status(),
    "site_info": lambda site: site.site_info(),
    "energy_today": lambda site: site.energy_today(),
    "energy_lifetime": lambda site: site.energy_lifetime(),
}
COMMANDS: dict[str, Call] = {
    "send_tariff": lambda site: site.send_tariff(TARIFF),
    "send_operation_mode": lambda site: site.send_operation_mode(OperationMode.BACKUP),
    "send_backup_reserve": lambda site: site.send_backup_reserve(20.0),
    "send_export_rule": lambda site: site.send_export_rule(ExportRule.PV_ONLY),
    "send_grid_charging": lambda site: site.send_grid_charging(False),
    "send_storm_watch": lambda site: site.send_storm_watch(True),
}
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "send_tariff": (TARIFF,),
    "send_operation_mode": (OperationMode.BACKUP,),
    "send_backup_reserve": (20.0,),
    "send_export_rule": (ExportRule.PV_ONLY,),
    "send_grid_charging": (False,),
    "send_storm_watch": (True,),
}


@dataclass
class Question:
    """One request to one way, until it is answered."""

    way: int
    method: str
    arguments: tuple[Any, ...]

    def __await__(self) -> Generator[Question, object, object]:
        answer = yield self
        if isinstance(answer, BaseException):
            raise answer
        return answer


def waiting_client(way: int) -> PowerwallClient:
    """Return a way whose every request is a question to the test."""

    class Client:
        def __getattr__(self, name: str) -> Any:
            async def ask(*arguments: Any) -> Any:
                return await Question(way, name, arguments)

            return ask

    client: Any = Client()
    return client  # type: ignore[no-any-return]


@dataclass
class Running:
    """A call that a test runs by hand, from question to question.

    ``question`` is what it waits for; once that is None, the call is over and has
    either ``result`` or ``error``.
    """

    call: Awaitable[Any]
    question: Question | None = None
    result: Any = None
    error: BaseException | None = None
    asked: list[Question] = field(default_factory=list)
    _steps: Any = None

    def __post_init__(self) -> None:
        """Run it to its first question."""
        self._steps = self.call.__await__()
        self.answer(None)

    def answer(self, answer: object) -> None:
        """Answer the question, with an error by raising it."""
        try:
            self.question = self._steps.send(answer)
        except StopIteration as stop:
            self.question, self.result = None, stop.value
        except (ClientError, KeyboardInterrupt) as error:
            self.question, self.error = None, error
        if self.question is not None:
            self.asked.append(self.question)
