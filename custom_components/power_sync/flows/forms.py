"""The two kinds of form that every service needs: credentials, and which site."""

from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from ..const import CONF_ADVANCED


def token_form(token_field: str) -> vol.Schema:
    """Return a form for a new token."""
    return vol.Schema(
        {
            vol.Required(token_field): TextSelector(
                TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
            )
        }
    )


def account_form(token_field: str, defaults: Mapping[str, str]) -> vol.Schema:
    """Return a form for a token and, folded away, the service's addresses."""
    return token_form(token_field).extend(
        {vol.Required(CONF_ADVANCED): addresses(defaults)}
    )


def addresses(defaults: Mapping[str, str]) -> section:
    """Return the folded part of a form in which services have their addresses."""
    address = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
    return section(
        vol.Schema(
            {
                vol.Required(field, default=default): address
                for field, default in defaults.items()
            }
        ),
        {"collapsed": True},
    )


def typed_addresses(user_input: Mapping[str, Any]) -> dict[str, str]:
    """Return the addresses from the folded part of a form."""
    return {
        field: address.strip().rstrip("/")
        for field, address in user_input[CONF_ADVANCED].items()
    }


def account_answers(
    user_input: Mapping[str, Any], token_field: str
) -> tuple[str, dict[str, str]]:
    """Return token and addresses from an account form."""
    return user_input[token_field].strip(), typed_addresses(user_input)


def choice_form(field: str, labels: Mapping[str, str]) -> vol.Schema:
    """Return a form that picks one of several things by its label."""
    return vol.Schema({vol.Required(field): choice_field(labels)})


def choice_field(labels: Mapping[str, str]) -> SelectSelector:
    """Return a choice of things that have names of their own."""
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=value, label=label)
                for value, label in labels.items()
            ]
        )
    )


def translated_choice(
    key: str,
    values: Iterable[str],
    mode: SelectSelectorMode = SelectSelectorMode.DROPDOWN,
) -> SelectSelector:
    """Return a choice whose labels are texts of ours, found under ``key``."""
    return SelectSelector(
        SelectSelectorConfig(options=list(values), translation_key=key, mode=mode)
    )
