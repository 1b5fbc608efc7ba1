"""Show forms that keep what was typed and say what is wrong with it."""

from collections.abc import Mapping
from typing import Any

from homeassistant.data_entry_flow import FlowContext, FlowHandler, FlowResult
import voluptuous as vol

from .service import FormError


class FormSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    FlowHandler[ContextT, ResultT, HandlerT]
):
    """What every step with a form does the same way."""

    def show_form(
        self,
        step_id: str,
        fields: Mapping[Any, Any],
        suggested: Mapping[str, Any],
        error: FormError | None = None,
        **placeholders: str,
    ) -> ResultT:
        """Show a form filled in with ``suggested`` and, if there is one, an error.

        ``placeholders`` are what the texts of the form name.
        """
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema(fields), suggested
            ),
            errors={error.field: error.key} if error else {},
            description_placeholders={
                **placeholders,
                **(error.placeholders if error else {}),
            },
        )
