"""All that prices can come from, for the wizard and for a home that exists."""

from typing import Any

from homeassistant.data_entry_flow import FlowContext, FlowResult

from ..const import (
    PROVIDER_AEMO,
    PROVIDER_AMBER,
    PROVIDER_COMED,
    PROVIDER_PLAN,
    PROVIDER_SENSOR,
)
from .aemo import AemoSteps
from .amber import AMBER
from .comed import ComedSteps
from .plan import PlanSteps
from .sensor import SensorSteps
from .steps import ServiceSteps

PRICE_SOURCES = (
    PROVIDER_AMBER,
    PROVIDER_AEMO,
    PROVIDER_COMED,
    PROVIDER_PLAN,
    PROVIDER_SENSOR,
)
"""The menu: each is also the name of the first step of its kind."""


class PriceSourceSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    ServiceSteps[ContextT, ResultT, HandlerT],
    AemoSteps[ContextT, ResultT, HandlerT],
    ComedSteps[ContextT, ResultT, HandlerT],
    PlanSteps[ContextT, ResultT, HandlerT],
    SensorSteps[ContextT, ResultT, HandlerT],
):
    """The steps of every kind of price source."""

    async def async_step_amber(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for the Amber account."""
        return await self.ask_account(AMBER, user_input)

    async def async_step_amber_site(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask which Amber site."""
        return await self.ask_site(AMBER, user_input)
