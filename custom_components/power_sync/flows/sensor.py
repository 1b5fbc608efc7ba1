"""Take prices from entities that other integrations keep."""

from collections.abc import Mapping
from typing import Any

from homeassistant.data_entry_flow import FlowContext, FlowResult
from homeassistant.helpers.selector import EntitySelector, EntitySelectorConfig
import voluptuous as vol

from ..clients.errors import ClientError, UnavailableError
from ..clients.forecast_attributes import NoForecastError, UnitUnknownError
from ..clients.list_times import IntervalUnknownError
from ..clients.price_units import PriceUnit
from ..const import (
    CONF_EXPORT_ENTITY,
    CONF_IMPORT_ENTITY,
    CONF_INTERVAL,
    CONF_PROVIDER,
    CONF_UNIT,
    PROVIDER_SENSOR,
)
from .forms import translated_choice
from .service import FormError
from .source_steps import SourceSteps, ask_prices, source_subentry

TITLE = "Home Assistant entity"
INTERVALS = ("5", "15", "30", "60")
"""Minutes for which markets set a price."""
_ENTITIES = (CONF_IMPORT_ENTITY, CONF_EXPORT_ENTITY)
_DETAILS = (CONF_UNIT, CONF_INTERVAL)


class SensorSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    SourceSteps[ContextT, ResultT, HandlerT]
):
    """Choose the entities, and say what they do not say themselves."""

    _entities: dict[str, str]

    async def async_step_sensor(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask which entities have the prices."""
        if user_input is not None:
            self._entities = {
                field: user_input[field] for field in _ENTITIES if field in user_input
            }
            if self._stored_details():
                # They may be what is to be changed.
                return await self.async_step_sensor_details()
            try:
                return await self._done({})
            except FormError as failed:
                if failed.field in _DETAILS:
                    return await self.async_step_sensor_details()
                return self._entity_form(user_input, failed)
        return self._entity_form(self.stored_source)

    def _entity_form(
        self, shown: Mapping[str, Any], error: FormError | None = None
    ) -> ResultT:
        entity = EntitySelector(EntitySelectorConfig(domain=["sensor", "event"]))
        return self.show_form(
            "sensor",
            {
                vol.Required(CONF_IMPORT_ENTITY): entity,
                vol.Optional(CONF_EXPORT_ENTITY): entity,
            },
            shown,
            error,
        )

    async def async_step_sensor_details(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for the unit and for how long a price holds."""
        error = None
        if user_input is not None:
            try:
                return await self._done(user_input)
            except FormError as failed:
                if failed.field not in _DETAILS:
                    return self._entity_form(self._entities, failed)
                error = failed
        return self.show_form(
            "sensor_details",
            {
                vol.Optional(CONF_UNIT): translated_choice(CONF_UNIT, PriceUnit),
                vol.Optional(CONF_INTERVAL): translated_choice(
                    CONF_INTERVAL, INTERVALS
                ),
            },
            user_input or self._stored_details(),
            error,
            entity=", ".join(self._entities.values()),
        )

    async def _done(self, details: Mapping[str, str]) -> ResultT:
        """Store the entities if they have prices right now.

        Raises FormError, about the entity that has none or about the detail that
        is missing.
        """
        data: dict[str, Any] = {CONF_PROVIDER: PROVIDER_SENSOR}
        if unit := details.get(CONF_UNIT):
            data[CONF_UNIT] = unit
        if minutes := details.get(CONF_INTERVAL):
            data[CONF_INTERVAL] = int(minutes)
        # One after the other, so that it is clear which one is in trouble.
        for field, entity in self._entities.items():
            try:
                await ask_prices(self.hass, {**data, CONF_IMPORT_ENTITY: entity})
            except ClientError as error:
                raise _explained(error, field, entity) from error
        return await self.price_source_done(
            source_subentry({**data, **self._entities}, TITLE)
        )

    def _stored_details(self) -> dict[str, str]:
        """Return what was said about the entities, if they are still the same."""
        stored = self.stored_source
        if any(stored.get(field) != self._entities.get(field) for field in _ENTITIES):
            return {}
        return {field: str(stored[field]) for field in _DETAILS if field in stored}


def _explained(error: ClientError, field: str, entity: str) -> FormError:
    """Return the text for what is wrong with an entity."""
    match error:
        case UnitUnknownError():
            return FormError(CONF_UNIT, "unit_unknown")
        case IntervalUnknownError():
            return FormError(CONF_INTERVAL, "interval_unknown")
        case NoForecastError(seen=seen):
            return FormError(
                field, "no_forecast", entity=entity, attributes=", ".join(seen) or "-"
            )
        case UnavailableError():
            return FormError(field, "entity_missing", entity=entity)
        case _:
            return FormError(
                field, "entity_unreadable", entity=entity, reason=str(error)
            )
