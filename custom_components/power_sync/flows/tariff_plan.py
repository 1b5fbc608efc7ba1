"""Add or change one of a home's tariff plans."""

from typing import Any, override

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigSubentryFlow,
    SubentryFlowContext,
    SubentryFlowResult,
)

from ..const import CONF_SIMULATED, SUBENTRY_TARIFF_PLAN
from ..core.model.decisions import Lever
from ..core.model.tariff_plan import TariffPlan
from ..core.plan_tariff import NoPlanInTariffError, plan_from_tariff
from ..stored.plan import plan_from_stored, plan_to_stored
from .plan import plan_subentry
from .plan_editor import PlanEditor


class TariffPlanFlow(
    PlanEditor[SubentryFlowContext, SubentryFlowResult, tuple[str, str]],
    ConfigSubentryFlow,
):
    """A tariff plan, of which a home may have several."""

    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Start a new one."""
        if self._get_entry().data.get(CONF_SIMULATED):
            return self.async_abort(reason="simulated")
        self.taken_names = self._names()
        return await self.async_step_plan(user_input)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change one, from what it is now."""
        stored = self._get_reconfigure_subentry()
        self.edited_plan = plan_from_stored(stored.title, stored.data)
        self.taken_names = self._names() - {stored.title}
        return await self.async_step_plan(user_input)

    def _names(self) -> set[str]:
        """Return the names of the home's plans."""
        plans = self._get_entry().get_subentries_of_type(SUBENTRY_TARIFF_PLAN)
        return {plan.title for plan in plans}

    @override
    def powerwall_plan(self) -> TariffPlan | None:
        return powerwall_plan(self._get_entry())

    @override
    async def plan_done(self, plan: TariffPlan) -> SubentryFlowResult:
        """Store the plan; the entry reloads by itself."""
        if self.source == SOURCE_RECONFIGURE:
            return self.async_update_and_abort(
                self._get_entry(),
                self._get_reconfigure_subentry(),
                title=plan.name,
                data=plan_to_stored(plan),
            )
        stored = plan_subentry(plan)
        return self.async_create_entry(
            title=stored["title"], data=stored["data"], unique_id=stored["unique_id"]
        )


def powerwall_plan(entry: ConfigEntry[Any]) -> TariffPlan | None:
    """Return the owner's own tariff as a plan; None if there is none that fits.

    While PowerSync keeps the Powerwall's tariff, the owner's is the one it will put
    back.
    """
    if entry.state is not ConfigEntryState.LOADED:
        return None
    if (powerwall := entry.runtime_data.powerwall) is None:
        return None
    kept, site = powerwall.controller.journal.entry(Lever.TARIFF), powerwall.site.known
    tariff = kept.owner if kept else site and site.tariff
    if tariff is None:
        return None
    try:
        return plan_from_tariff(tariff, tariff.buy.name)
    except NoPlanInTariffError:
        return None
