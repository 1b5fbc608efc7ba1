"""Enter or change a tariff plan: name, seasons, then the periods of each season."""

from abc import abstractmethod
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from homeassistant.data_entry_flow import FlowContext, FlowResult
from homeassistant.helpers.selector import TextSelector
import voluptuous as vol

from ..core.model.tariff_plan import PlanPeriod, PlanSeason, TariffPlan
from ..core.plan_templates import TEMPLATES
from .form_steps import FormSteps
from .forms import translated_choice
from .plan_rows import (
    CONF_PERIODS,
    CONF_SEASONS,
    periods_field,
    rows_from_periods,
    rows_from_seasons,
    seasons_field,
    typed_periods,
    typed_seasons,
)
from .rate_fields import DOLLARS_PER_DAY, charge_field, typed_number
from .retail_steps import CONF_DAILY_CHARGE
from .rows import CONF_NAME
from .service import FormError

CONF_TEMPLATE = "template"
POWERWALL = "powerwall"
"""The choice to begin with what the Powerwall has."""


class PlanEditor[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    FormSteps[ContextT, ResultT, HandlerT]
):
    """Ask for a whole plan, step by step; only a sound one gets to the end."""

    edited_plan: TariffPlan | None = None
    """The plan that is being changed, None for a new one."""
    taken_names: Collection[str] = ()
    """The names of the home's other plans: plans are chosen by their names."""

    _draft: TariffPlan
    """What the forms show at first."""
    _seasons: list[PlanSeason]
    _number: int
    """Which of the seasons is being filled."""

    @abstractmethod
    async def plan_done(self, plan: TariffPlan) -> ResultT:
        """Go on with a sound plan."""

    def powerwall_plan(self) -> TariffPlan | None:
        """Return the tariff of the home's Powerwall, if it has one that fits."""
        return None

    async def async_step_plan(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for name and daily charge, and for what to begin with."""
        error, edited = None, self.edited_plan
        beginnings = dict(TEMPLATES)
        if (found := self.powerwall_plan()) is not None:
            beginnings[POWERWALL] = found
        if user_input is not None:
            try:
                self._draft = _named(
                    edited or beginnings[user_input[CONF_TEMPLATE]],
                    user_input,
                    self.taken_names,
                )
            except FormError as failed:
                error = failed
            else:
                return await self.async_step_plan_seasons()
        fields: dict[vol.Marker, Any] = {vol.Required(CONF_NAME): TextSelector()}
        suggested: dict[str, Any] = {}
        if edited is None:
            fields[vol.Required(CONF_TEMPLATE)] = translated_choice(
                CONF_TEMPLATE, beginnings
            )
        else:
            suggested = {CONF_NAME: edited.name, CONF_DAILY_CHARGE: edited.daily_charge}
        fields[vol.Optional(CONF_DAILY_CHARGE)] = charge_field(DOLLARS_PER_DAY)
        return self.show_form("plan", fields, user_input or suggested, error)

    async def async_step_plan_seasons(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask into which parts the year falls."""
        error = None
        if user_input is not None:
            try:
                self._seasons = await typed_seasons(
                    self.hass, user_input.get(CONF_SEASONS, [])
                )
            except FormError as failed:
                error = failed
            else:
                self._number = 0
                return await self.async_step_plan_periods()
        return self.show_form(
            "plan_seasons",
            {vol.Optional(CONF_SEASONS): seasons_field()},
            user_input or {CONF_SEASONS: rows_from_seasons(self._draft.seasons)},
            error,
        )

    async def async_step_plan_periods(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for the periods of one season after the other."""
        error = None
        if user_input is not None:
            try:
                self._seasons[self._number] = await typed_periods(
                    self.hass,
                    self._seasons[self._number],
                    user_input.get(CONF_PERIODS, []),
                )
            except FormError as failed:
                error = failed
            else:
                self._number += 1
                user_input = None
        if self._number == len(self._seasons):
            return await self.plan_done(
                replace(self._draft, seasons=tuple(self._seasons))
            )
        return self.show_form(
            "plan_periods",
            {vol.Optional(CONF_PERIODS): await periods_field(self.hass)},
            user_input or {CONF_PERIODS: rows_from_periods(self._drafted_periods())},
            error,
            season=self._seasons[self._number].name,
            number=str(self._number + 1),
            count=str(len(self._seasons)),
        )

    def _drafted_periods(self) -> tuple[PlanPeriod, ...]:
        """Return what a season is shown with.

        That is what it had; a new one begins as a copy of the one before it.
        """
        name = self._seasons[self._number].name
        for season in self._draft.seasons:
            if season.name == name:
                return season.periods
        if self._number:
            return self._seasons[self._number - 1].periods
        return self._draft.seasons[0].periods


def _named(
    plan: TariffPlan, user_input: dict[str, Any], taken: Collection[str]
) -> TariffPlan:
    """Return a plan with the name and the charge that were typed."""
    if not (name := user_input[CONF_NAME].strip()):
        raise FormError(CONF_NAME, "plan_no_name")
    if name in taken:
        raise FormError(CONF_NAME, "plan_name_taken")
    charge = user_input.get(CONF_DAILY_CHARGE, plan.daily_charge)
    return replace(
        plan, name=name, daily_charge=typed_number(CONF_DAILY_CHARGE, charge)
    )
