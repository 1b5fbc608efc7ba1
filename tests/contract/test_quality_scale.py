"""The quality scale is filled in for every rule, and says what is so."""

import ast
from typing import Any

import pytest
import yaml

from .texts import PACKAGE, ROOT, argument, calls, read_json, shell_modules, tree

RULES = (
    "action-setup",
    "appropriate-polling",
    "brands",
    "common-modules",
    "config-flow",
    "config-flow-test-coverage",
    "dependency-transparency",
    "docs-actions",
    "docs-conditions",
    "docs-triggers",
    "docs-high-level-description",
    "docs-installation-instructions",
    "docs-removal-instructions",
    "entity-event-setup",
    "entity-unique-id",
    "has-entity-name",
    "runtime-data",
    "test-before-configure",
    "test-before-setup",
    "unique-config-entry",
    "action-exceptions",
    "config-entry-unloading",
    "docs-configuration-parameters",
    "docs-installation-parameters",
    "entity-unavailable",
    "integration-owner",
    "log-when-unavailable",
    "parallel-updates",
    "reauthentication-flow",
    "test-coverage",
    "devices",
    "diagnostics",
    "discovery",
    "discovery-update-info",
    "docs-data-update",
    "docs-examples",
    "docs-known-limitations",
    "docs-supported-devices",
    "docs-supported-functions",
    "docs-troubleshooting",
    "docs-use-cases",
    "dynamic-devices",
    "stale-devices",
    "entity-category",
    "entity-device-class",
    "entity-disabled-by-default",
    "entity-translations",
    "exception-translations",
    "icon-translations",
    "reconfiguration-flow",
    "repair-issues",
    "async-dependency",
    "inject-websession",
    "strict-typing",
)
PLATFORMS = (
    "binary_sensor",
    "button",
    "event",
    "number",
    "select",
    "sensor",
    "switch",
)


@pytest.fixture(scope="module")
def rules() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(
        (PACKAGE / "quality_scale.yaml").read_text()
    )
    assert loaded.keys() == {"rules"}
    found: dict[str, Any] = loaded["rules"]
    return found


def status(rule: Any) -> str:
    return rule if isinstance(rule, str) else rule["status"]


def test_every_rule_is_there(rules: dict[str, Any]) -> None:
    assert len(RULES) == 54
    assert set(rules) == set(RULES)
    for name, rule in rules.items():
        assert status(rule) in {"done", "todo", "exempt"}, name
        if not isinstance(rule, str):
            assert rule.keys() == {"status", "comment"}, name
            assert len(rule["comment"]) > 20, name
        elif rule != "done":
            raise AssertionError(f"{name} is {rule} without a reason")


def functions(module: str) -> dict[str, ast.AsyncFunctionDef | ast.FunctionDef]:
    """Return the functions of a module, methods included."""
    path = PACKAGE / f"{module}.py"
    if not path.exists():
        path = PACKAGE / module / "__init__.py"
    return {
        node.name: node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)
    }


def test_action_setup() -> None:
    source = ast.unparse(functions("__init__")["async_setup"])
    assert "async_setup_services" in source
    assert "async_register" not in ast.unparse(
        functions("__init__")["async_setup_entry"]
    )


def test_common_modules() -> None:
    assert (PACKAGE / "coordinator" / "__init__.py").exists()
    assert (PACKAGE / "entity.py").exists()


def test_config_flow() -> None:
    assert read_json("manifest.json")["config_flow"] is True
    steps = functions("config_flow")
    assert {"async_step_user", "async_step_reauth"} <= steps.keys()
    source = (PACKAGE / "config_flow.py").read_text()
    assert "async_set_unique_id" in source
    assert "_abort_if_unique_id_configured" in source


def test_unloading() -> None:
    assert {"async_unload_entry", "async_remove_entry"} <= functions("__init__").keys()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_platforms(platform: str) -> None:
    path = PACKAGE / f"{platform}.py"
    if not path.exists():
        path = PACKAGE / platform / "__init__.py"
    limits = {
        target.id: node.value
        for node in tree(path).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    limit = limits["PARALLEL_UPDATES"]
    assert isinstance(limit, ast.Constant)
    # Where commands go out, one at a time.
    assert limit.value == (
        1 if platform in {"button", "number", "select", "switch"} else 0
    )
    setup = functions(platform)["async_setup_entry"]
    kinds = [
        ast.unparse(item.annotation) for item in setup.args.args if item.annotation
    ]
    assert kinds == [
        "HomeAssistant",
        "PowerSyncConfigEntry",
        "AddConfigEntryEntitiesCallback",
    ]


def test_platforms_are_all_there() -> None:
    found = {
        path.stem if path.name != "__init__.py" else path.parent.name
        for path in shell_modules()
        if "AddConfigEntryEntitiesCallback" in path.read_text()
    }
    assert found == set(PLATFORMS)


def test_entities() -> None:
    source = (PACKAGE / "entity.py").read_text()
    assert source.count("_attr_has_entity_name = True") == source.count("class ")
    for path in shell_modules():
        text = path.read_text()
        assert "_attr_name" not in text, path.name
        assert "_attr_icon" not in text, path.name
        assert "hass.data[" not in text, path.name
        assert "self.entity_id =" not in text, path.name


def test_diagnostics_and_health() -> None:
    assert "async_get_config_entry_diagnostics" in functions("diagnostics")
    assert "async_register" in functions("system_health")


def test_websession_is_injected() -> None:
    for path in sorted(PACKAGE.rglob("*.py")):
        if "sim" in path.relative_to(PACKAGE).parts:
            continue
        assert not list(calls(path, "ClientSession")), path.name


def test_coordinators_know_their_entry() -> None:
    for call in calls(PACKAGE / "coordinator" / "base.py", "__init__"):
        assert argument(call, "config_entry") is not None
        assert argument(call, "always_update") is not None


def test_typing() -> None:
    assert (PACKAGE / "py.typed").exists()
    assert "strict = true" in (ROOT / "pyproject.toml").read_text()


def test_no_owner_without_a_name() -> None:
    assert read_json("manifest.json")["codeowners"]
