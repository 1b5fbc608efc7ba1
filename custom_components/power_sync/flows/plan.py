"""Take prices from one of the home's own tariff plans."""

from collections.abc import Mapping
import secrets
from typing import Any, override

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.data_entry_flow import FlowContext, FlowResult
import voluptuous as vol

from ..const import (
    CONF_ACTIVE_PLAN,
    CONF_PROVIDER,
    PROVIDER_PLAN,
    SUBENTRY_TARIFF_PLAN,
)
from ..core.model.tariff_plan import TariffPlan
from ..stored.plan import plan_to_stored
from .forms import choice_field
from .plan_editor import PlanEditor
from .source_steps import SourceSteps, source_subentry

TITLE = "Tariff plan"


class PlanSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    PlanEditor[ContextT, ResultT, HandlerT], SourceSteps[ContextT, ResultT, HandlerT]
):
    """Choose one of the home's plans; a home without one enters one at once."""

    @property
    def home_plans(self) -> Mapping[str, str]:
        """Return the names of the home's plans by their unique id."""
        return {}

    @override
    async def async_step_plan(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask which plan, or for the first one."""
        if user_input is None and self.home_plans:
            return await self.async_step_active_plan()
        return await super().async_step_plan(user_input)

    async def async_step_active_plan(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask which of the home's plans is in force."""
        if user_input is not None:
            return await self.price_source_done(
                self._source(user_input[CONF_ACTIVE_PLAN])
            )
        stored = self.stored_source.get(CONF_ACTIVE_PLAN)
        suggested = stored if stored in self.home_plans else next(iter(self.home_plans))
        return self.show_form(
            "active_plan",
            {vol.Required(CONF_ACTIVE_PLAN): choice_field(self.home_plans)},
            {CONF_ACTIVE_PLAN: suggested},
        )

    @override
    async def plan_done(self, plan: TariffPlan) -> ResultT:
        """Store the plan together with a source that uses it."""
        stored = plan_subentry(plan)
        return await self.price_source_done(
            self._source(str(stored["unique_id"])), stored
        )

    def _source(self, active_plan: str) -> ConfigSubentryData:
        return source_subentry(
            {CONF_PROVIDER: PROVIDER_PLAN, CONF_ACTIVE_PLAN: active_plan}, TITLE
        )


def plan_subentry(plan: TariffPlan) -> ConfigSubentryData:
    """Return what is stored for a new plan."""
    return ConfigSubentryData(
        data=plan_to_stored(plan),
        subentry_type=SUBENTRY_TARIFF_PLAN,
        title=plan.name,
        unique_id=f"{SUBENTRY_TARIFF_PLAN}_{secrets.token_hex(8)}",
    )
