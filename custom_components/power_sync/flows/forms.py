"""The two kinds of form that every service needs: credentials, and which site."""

from collections.abc import Mapping
from typing import Any

from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from ..const import CONF_ADVANCED, CONF_BASE_URL


def token_form(token_field: str) -> vol.Schema:
    """Return a form for a new token."""
    return vol.Schema(
        {
            vol.Required(token_field): TextSelector(
                TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
            )
        }
    )


def account_form(token_field: str, base_url: str) -> vol.Schema:
    """Return a form for a token and, folded away, the service's address."""
    return token_form(token_field).extend(
        {
            vol.Required(CONF_ADVANCED): section(
                vol.Schema(
                    {
                        vol.Required(CONF_BASE_URL, default=base_url): TextSelector(
                            TextSelectorConfig(type=TextSelectorType.URL)
                        )
                    }
                ),
                {"collapsed": True},
            )
        }
    )


def account_answers(user_input: Mapping[str, Any], token_field: str) -> tuple[str, str]:
    """Return token and address from an account form."""
    return (
        user_input[token_field].strip(),
        user_input[CONF_ADVANCED][CONF_BASE_URL].strip().rstrip("/"),
    )


def choice_form(field: str, labels: Mapping[str, str]) -> vol.Schema:
    """Return a form that picks one of several things by its label."""
    return vol.Schema(
        {
            vol.Required(field): SelectSelector(
                SelectSelectorConfig(
                    options=[
                        SelectOptionDict(value=value, label=label)
                        for value, label in labels.items()
                    ]
                )
            )
        }
    )
