"""Change the ways in to a Powerwall that is already set up."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, assert_never, override

from homeassistant.data_entry_flow import FlowContext, FlowResult
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from ..core.model.powerwall import EnergySite
from ..stored.ways import StoredWay, TokenService, TokenWay, names_of, same_login
from .service import FormError
from .tesla import TeslaSteps

CONF_CHANGED = "changed"
CONF_ORDER = "order"


class WaySteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    TeslaSteps[ContextT, ResultT, HandlerT]
):
    """Add, change, put in order and remove ways; all lead to the same site."""

    @property
    @abstractmethod
    def known_ways(self) -> Sequence[StoredWay]:
        """Return the ways that the Powerwall has, none for a new one."""

    @abstractmethod
    async def ways_done(self, ways: Sequence[StoredWay]) -> ResultT:
        """Store the ways of a Powerwall that is already set up."""

    def show_way_menu(self, step_id: str) -> ResultT:
        """Say which ways there are, and ask what to do with them."""
        options = ["tesla", "order_ways"]
        if any(isinstance(way, TokenWay) for way in self.known_ways):
            options.insert(1, "change_way")
        return self.async_show_menu(
            step_id=step_id,
            menu_options=options,
            description_placeholders={"ways": ", ".join(names_of(self.known_ways))},
        )

    async def async_step_change_way(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask which way gets another token or address; one alone is taken at once."""
        changeable = {
            name: way
            for name, way in self._named_ways().items()
            if isinstance(way, TokenWay)
        }
        if len(changeable) == 1:
            user_input = dict.fromkeys([CONF_CHANGED], next(iter(changeable)))
        if user_input is None:
            field = SelectSelector(SelectSelectorConfig(options=list(changeable)))
            return self.show_form("change_way", {vol.Required(CONF_CHANGED): field}, {})
        self.changed_way = changeable[user_input[CONF_CHANGED]]
        match self.changed_way.service:
            case TokenService.TESLEMETRY:
                return await self.async_step_teslemetry()
            case TokenService.TESSIE:
                return await self.async_step_tessie()
            case TokenService.PROXY:
                return await self.async_step_proxy()
            case other:
                assert_never(other)

    async def async_step_order_ways(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask which ways stay, and which comes first."""
        ways, error = self._named_ways(), None
        if user_input is not None:
            if chosen := dict.fromkeys(user_input[CONF_ORDER]):
                return await self.ways_done([ways[name] for name in chosen])
            error = FormError(CONF_ORDER, "no_way")
        return self.show_form(
            "order_ways",
            {
                vol.Required(CONF_ORDER): SelectSelector(
                    SelectSelectorConfig(
                        options=list(ways),
                        multiple=True,
                        mode=SelectSelectorMode.DROPDOWN,
                    )
                )
            },
            user_input or {CONF_ORDER: list(ways)},
            error,
        )

    @override
    def check_new_way(self, way: StoredWay) -> None:
        others = [known for known in self.known_ways if known != self.changed_way]
        if any(same_login(way, other) for other in others):
            raise FormError("base", "duplicate_way")

    @override
    async def way_done(self, way: StoredWay, site: EnergySite) -> ResultT:
        """Store a further way, or one that was changed in the place it had."""
        if self.changed_way is None:
            return await self.ways_done([*self.known_ways, way])
        return await self.ways_done(
            [way if known == self.changed_way else known for known in self.known_ways]
        )

    def _named_ways(self) -> dict[str, StoredWay]:
        """Return the ways that the Powerwall has, by name."""
        return dict(zip(names_of(self.known_ways), self.known_ways, strict=True))
