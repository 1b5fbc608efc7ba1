"""Every text that is used exists, and every text that exists is used."""

import ast
from enum import IntEnum, StrEnum
import inspect
import re
from typing import Any

import pytest

from custom_components.power_sync.actions.outcome import IN_VAIN
from custom_components.power_sync.clients.price_units import PriceUnit
from custom_components.power_sync.config_flow import PowerSyncConfigFlow
from custom_components.power_sync.control.log import REPEATS
from custom_components.power_sync.core.demand import DemandRate
from custom_components.power_sync.core.engine import Fallback
from custom_components.power_sync.core.model.decisions import (
    Action,
    Feature,
    Lever,
    Reason,
)
from custom_components.power_sync.core.model.prices import ForecastChoice
from custom_components.power_sync.core.model.retail import Days
from custom_components.power_sync.core.plan_templates import TEMPLATES
from custom_components.power_sync.flows.aemo import REGIONS
from custom_components.power_sync.flows.distributors import MANUAL
from custom_components.power_sync.flows.exports import ExportKind
from custom_components.power_sync.flows.features import NO_REGION
from custom_components.power_sync.flows.flow_power import Adjustment
from custom_components.power_sync.flows.options import PowerSyncOptionsFlow
from custom_components.power_sync.flows.plan_editor import POWERWALL
from custom_components.power_sync.flows.plan_rows import WEEKDAYS
from custom_components.power_sync.flows.price_sources import PRICE_SOURCES
from custom_components.power_sync.flows.retail_steps import Retailer
from custom_components.power_sync.flows.sensor import INTERVALS
from custom_components.power_sync.flows.subentries import (
    PowerwallFlow,
    PriceSourceFlow,
)
from custom_components.power_sync.flows.tariff_plan import TariffPlanFlow
from custom_components.power_sync.repairs import SettleFlow

from .texts import (
    PACKAGE,
    argument,
    calls,
    constant,
    keys,
    leaves,
    read_json,
    shell_modules,
    tree,
)

TEXTS: dict[str, Any] = read_json("translations/en.json")
ROWS = {"name", "days", "start", "end"}
PLAN_ERRORS = ("plan_editor", "plan_rows", "rate_fields", "rows")
SOURCE_ERRORS = (
    *PLAN_ERRORS,
    "amber",
    "distributors",
    "errors",
    "flow_power",
    "rate_windows",
    "sensor",
    "steps",
)
"""The modules whose errors the forms of plans and of price sources can show."""


def own_steps(flow: type) -> set[str]:
    """Return the steps that our own code defines."""
    return {
        name.removeprefix("async_step_")
        for name, method in inspect.getmembers(flow, inspect.isfunction)
        if name.startswith("async_step_")
        and method.__module__.startswith("custom_components.")
    }


def form_errors(*modules: str) -> set[str]:
    """Return the keys of the errors that modules of the flow put into forms."""
    found = set()
    for module in modules:
        for call in calls(PACKAGE / "flows" / f"{module}.py", "FormError"):
            key = constant(call.args[1])
            assert key is not None, "an error whose text cannot be looked up"
            found.add(key)
    return found


def aborts(path: str) -> set[str]:
    """Return the reasons for which a module of the flow gives up."""
    return {
        reason
        for call in calls(PACKAGE / path, "async_abort")
        if (reason := constant(argument(call, "reason")))
    }


def test_texts_of_the_wizard() -> None:
    texts = TEXTS["config"]
    assert texts["step"].keys() == own_steps(PowerSyncConfigFlow) - {"reauth"}
    assert texts["error"].keys() == form_errors(*SOURCE_ERRORS, "tesla")
    assert texts["abort"].keys() == aborts("config_flow.py")
    menu = {*PRICE_SOURCES, "simulated"}
    assert texts["step"]["user"]["menu_options"].keys() == menu


@pytest.mark.parametrize(
    ("kind", "steps", "errors", "module"),
    [
        (
            "price_source",
            own_steps(PriceSourceFlow),
            form_errors(*SOURCE_ERRORS),
            "subentries",
        ),
        (
            "powerwall",
            own_steps(PowerwallFlow) - {"user"},
            form_errors("errors", "tesla", "ways"),
            "subentries",
        ),
        (
            "tariff_plan",
            own_steps(TariffPlanFlow) - {"user", "reconfigure"},
            # The rates of a plan are in rows, which have texts of their own.
            form_errors(*PLAN_ERRORS) - {"implausible_rate"},
            "tariff_plan",
        ),
    ],
)
def test_texts_of_subentries(
    kind: str, steps: set[str], errors: set[str], module: str
) -> None:
    texts = TEXTS["config_subentries"][kind]
    assert texts["step"].keys() == steps
    assert texts["error"].keys() == errors
    assert texts["abort"].keys() == aborts(f"flows/{module}.py")
    assert texts["entry_type"]
    assert texts["initiate_flow"].keys() == {"user", "reconfigure"}


def test_kinds_of_price_source() -> None:
    menu = TEXTS["config_subentries"]["price_source"]["step"]["user"]["menu_options"]
    assert menu.keys() == set(PRICE_SOURCES)


def test_texts_of_options() -> None:
    texts = TEXTS["options"]
    assert texts["step"].keys() == own_steps(PowerSyncOptionsFlow)
    assert texts["error"].keys() == form_errors("rate_fields")
    menu = texts["step"]["init"]["menu_options"]
    assert menu.keys() == texts["step"].keys() - {"init"}


def test_texts_of_choices() -> None:
    choices = {
        "adjustment": set(Adjustment),
        "days": set(Days),
        "export": set(ExportKind),
        "fallback": set(Fallback),
        "forecast": set(ForecastChoice),
        "interval_minutes": set(INTERVALS),
        "market_region": {NO_REGION, *REGIONS},
        "network": {MANUAL},
        "per": set(DemandRate),
        "region": set(REGIONS),
        "retailer": set(Retailer),
        "template": {*TEMPLATES, POWERWALL},
        "unit": set(PriceUnit),
        "weekday": set(WEEKDAYS),
    }
    rows = {
        "periods": ROWS | {"import_rate", "export_rate"},
        "seasons": {"name", "from", "to"},
        "windows": ROWS | {"rate"},
    }
    texts = TEXTS["selector"]
    assert texts.keys() == choices.keys() | rows.keys()
    for key, options in choices.items():
        assert texts[key].keys() == {"options"}
        assert texts[key]["options"].keys() == options, key
    for key, fields in rows.items():
        assert texts[key].keys() == {"fields"}
        assert texts[key]["fields"].keys() == fields, key


def test_every_field_is_described() -> None:
    def check(step: dict[str, Any], where: str) -> None:
        assert step.get("data", {}).keys() == step.get("data_description", {}).keys(), (
            where
        )
        for name, section in step.get("sections", {}).items():
            assert section["name"]
            check(section, f"{where}.{name}")

    for flow in (
        TEXTS["config"],
        TEXTS["options"],
        *TEXTS["config_subentries"].values(),
    ):
        for name, step in flow["step"].items():
            assert step["title"], name
            check(step, name)


def test_same_thing_same_words() -> None:
    """A key that occurs in the wizard and in a subentry says the same in both."""
    wizard = TEXTS["config"]
    for flow in TEXTS["config_subentries"].values():
        for section in ("step", "error"):
            for key in flow[section].keys() & wizard[section].keys():
                said = dict(leaves({key: flow[section][key]}))
                # The wizard's first menu has one choice more.
                assert said.items() <= dict(leaves({key: wizard[section][key]})).items()


def exceptions_in_code() -> set[str]:
    """Return the keys of all exceptions that are raised somewhere."""
    found = {f"push_{action.value}" for action in IN_VAIN}
    for path in shell_modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and argument(node, "translation_domain"):
                if key := constant(argument(node, "translation_key")):
                    found.add(key)
    for node in ast.walk(tree(PACKAGE / "coordinator" / "errors.py")):
        if isinstance(node, ast.Return) and (key := constant(node.value)):
            found.add(key)
    return found


def test_texts_of_exceptions() -> None:
    assert TEXTS["exceptions"].keys() == exceptions_in_code()
    for key, text in TEXTS["exceptions"].items():
        assert text.keys() == {"message"}, key


def test_every_exception_has_a_text() -> None:
    names = {
        "ConfigEntryAuthFailed",
        "ConfigEntryError",
        "ConfigEntryNotReady",
        "HomeAssistantError",
        "ServiceValidationError",
        "UpdateFailed",
    }
    for path in shell_modules():
        for name in names:
            for call in calls(path, name):
                assert argument(call, "translation_domain"), f"{path.name}: {name}"
                assert argument(call, "translation_key"), f"{path.name}: {name}"


def test_texts_of_issues() -> None:
    path = PACKAGE / "control" / "issues.py"
    used = {constant(call.args[0]) for call in calls(path, "_set") if call.args}
    used |= {
        constant(argument(call, "translation_key"))
        for module in (path, PACKAGE / "tesla_ways.py")
        for call in calls(module, "async_create_issue")
    }
    assert TEXTS["issues"].keys() == used - {None}
    for text in TEXTS["issues"].values():
        # One or the other, or Home Assistant shows neither.
        assert text.keys() in ({"title", "description"}, {"title", "fix_flow"})


def test_texts_of_repairs() -> None:
    """What has a flow is fixable; a flow without steps of its own only confirms."""
    fixable = {
        constant(argument(call, "translation_key"))
        for call in calls(PACKAGE / "control" / "issues.py", "async_create_issue")
        if isinstance(value := argument(call, "is_fixable"), ast.Constant)
        and value.value is True
    }
    flows = {
        key: text["fix_flow"]
        for key, text in TEXTS["issues"].items()
        if "fix_flow" in text
    }
    assert flows.keys() == fixable
    asked = {
        constant(call.args[0]) for call in calls(PACKAGE / "repairs.py", "_ask")
    } - {None}
    options = own_steps(SettleFlow) - asked - {"back"}
    settle = flows.pop("not_restored")
    # Without the integration running, Home Assistant asks for a confirmation.
    assert settle["step"].keys() == asked | {"confirm"}
    for step in asked:
        assert settle["step"][step]["menu_options"].keys() == options
    assert settle["progress"].keys() == {"again"}
    for flow in flows.values():
        assert flow.keys() == {"step"}
        assert flow["step"].keys() == {"confirm"}


def words(values: type[StrEnum | IntEnum]) -> set[str]:
    """Return how the members of an enumeration are written in states."""
    return {
        item.value if isinstance(item, StrEnum) else item.name.lower()
        for item in values
    }


def test_texts_of_decisions() -> None:
    entities = TEXTS["entity"]
    result = entities["sensor"]["last_sync_result"]
    event = entities["event"]["decision"]
    assert result["state"].keys() == words(Action)
    for attributes in (result["state_attributes"], event["state_attributes"]):
        for key, values in (
            ("reason", Reason),
            ("lever", Lever),
            ("feature", Feature),
            ("action", Action),
        ):
            assert attributes[key]["state"].keys() == words(values), key
    news = words(Action) - {action.value for action in REPEATS}
    assert event["state_attributes"]["event_type"]["state"].keys() == news


def test_how_texts_are_written() -> None:
    for path, text in leaves(TEXTS):
        assert text, path
        assert text == text.strip(), path
        assert not re.search(r"<[a-z/!]", text), f"HTML in {path}"
        assert not re.search(r"https?://|www\.", text), f"address in {path}"
        assert not re.search(r"'\{\w+\}'", text), f"quoted placeholder in {path}"
        assert text.count("{") == text.count("}"), path
        assert "  " not in text, path


def test_keys_are_slugs() -> None:
    slug = re.compile(r"^(?!.+[_-]{2})(?![_-])[a-z0-9_-]+(?<![_-])$")
    assert [key for key in keys(TEXTS) if not slug.match(key)] == []


def test_top_level() -> None:
    assert TEXTS.keys() == {
        "config",
        "config_subentries",
        "entity",
        "exceptions",
        "issues",
        "options",
        "selector",
        "services",
        "system_health",
    }
