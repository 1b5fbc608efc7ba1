"""What hassfest and the HACS action would say about the package, offline."""

import ast
import json
import re
import struct
import subprocess
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version
import pytest
import yaml

from custom_components.power_sync.services import SERVICES

from .texts import PACKAGE, ROOT, read_json, shell_modules, tracked_files, tree

HACS_KEYS = {
    "name",
    "content_in_root",
    "country",
    "filename",
    "hacs",
    "hide_default_branch",
    "homeassistant",
    "persistent_directory",
    "render_readme",
    "zip_release",
}
MANIFEST_KEYS = {
    "domain",
    "name",
    "after_dependencies",
    "codeowners",
    "config_flow",
    "dependencies",
    "documentation",
    "import_executor",
    "integration_type",
    "iot_class",
    "issue_tracker",
    "loggers",
    "requirements",
    "version",
}
BUNDLED = {
    "binary_sensor",
    "button",
    "diagnostics",
    "event",
    "number",
    "repairs",
    "select",
    "sensor",
    "switch",
    "system_health",
    "websocket_api",
}
"""Platforms, and what hassfest lets everybody import."""


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    data: dict[str, Any] = read_json("manifest.json")
    return data


# covers U-06
def test_manifest(manifest: dict[str, Any]) -> None:
    assert list(manifest) == [
        "domain",
        "name",
        *sorted(manifest.keys() - {"domain", "name"}),
    ]
    assert manifest.keys() <= MANIFEST_KEYS
    assert manifest["domain"] == PACKAGE.name
    assert Version(manifest["version"])
    assert all(owner.startswith("@") for owner in manifest["codeowners"])
    for key in ("documentation", "issue_tracker"):
        assert manifest[key].startswith("https://")
    assert manifest["integration_type"] == "hub"
    assert manifest["iot_class"] == "cloud_polling"
    for key in ("dependencies", "after_dependencies"):
        assert manifest[key] == sorted(manifest[key])


def test_requirements_allow_what_home_assistant_pins(manifest: dict[str, Any]) -> None:
    core = {"tesla-fleet-api": "1.19.0"}  # Home Assistant 2026.11
    for line in manifest["requirements"]:
        requirement = Requirement(line)
        assert not any(part.operator == "==" for part in requirement.specifier)
        if requirement.name in core:
            assert requirement.specifier.contains(core[requirement.name])
        assert any(part.operator == "<" for part in requirement.specifier)


def test_same_requirements_in_tests_and_demo(manifest: dict[str, Any]) -> None:
    project = (ROOT / "pyproject.toml").read_text()
    for line in manifest["requirements"]:
        assert project.count(f'"{line}"') == 2


def test_imported_components_are_declared(manifest: dict[str, Any]) -> None:
    declared = {*manifest["dependencies"], *manifest["after_dependencies"]}
    for path in shell_modules():
        for node in ast.walk(tree(path)):
            names = []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
                if node.module == "homeassistant.components":
                    names = [f"{node.module}.{item.name}" for item in node.names]
            elif isinstance(node, ast.Import):
                names = [item.name for item in node.names]
            for name in names:
                if name.startswith("homeassistant.components."):
                    component = name.split(".")[2]
                    assert component in declared | BUNDLED, f"{path.name}: {component}"


# covers U-06
def test_hacs() -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text())
    assert hacs.keys() <= HACS_KEYS
    assert hacs["name"] == "PowerSync"
    assert Version(hacs["homeassistant"]) == Version("2026.10.0")
    assert [
        path.name
        for path in (ROOT / "custom_components").iterdir()
        if path.is_dir() and not path.name.startswith("__")
    ] == [PACKAGE.name]
    for name in ("README.md", "LICENSE"):
        assert (ROOT / name).stat().st_size > 500
    attributes = ROOT / ".gitattributes"
    assert not attributes.exists() or "export-ignore" not in attributes.read_text()


@pytest.mark.parametrize(
    ("name", "size"),
    [("icon.png", 256), ("icon@2x.png", 512)],
)
def test_brand(name: str, size: int) -> None:
    path = PACKAGE / "brand" / name
    head = path.read_bytes()[:26]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, color = struct.unpack(">IIBB", head[16:26])
    assert (width, height) == (size, size)
    assert (depth, color) == (8, 6), "with transparency"


def test_services() -> None:
    services = yaml.safe_load((PACKAGE / "services.yaml").read_text())
    texts = read_json("translations/en.json")["services"]
    icons = read_json("icons.json")["services"]
    assert services.keys() == texts.keys() == icons.keys()
    for name, service in services.items():
        assert texts[name]["name"]
        assert texts[name]["description"]
        fields = service.get("fields", {})
        assert fields.keys() == texts[name].get("fields", {}).keys()
        for field in fields:
            assert texts[name]["fields"][field].keys() == {"name", "description"}
        assert icons[name].keys() == {"service"}

    assert SERVICES.keys() == services.keys()


def test_icons() -> None:
    def check(data: Any) -> None:
        for value in data.values() if isinstance(data, dict) else ():
            if isinstance(value, str):
                assert re.fullmatch(r"mdi:[a-z0-9-]+", value), value
            check(value)

    icons = read_json("icons.json")
    check(icons)
    assert icons.keys() == {"entity", "services"}
    for entries in icons["entity"].values():
        for key, icon in entries.items():
            assert icon.keys() <= {"default", "state", "range"}, key
            assert icon["default"]


def test_nothing_of_this_machine_is_in_the_repository() -> None:
    """Neither a path nor a package index: both are somebody's own."""
    forbidden = re.compile(
        "|".join(
            (
                r"/work/" + r"(main|shared|\.)",
                r"/tmp/" + "brief",
                r"/root" + "/",
                r"files\.pythonhosted\." + "org",
                r"pypi\." + r"org/(simple|packages)",
                r"index" + r"-url",
                r"\.local(host)?:[0-9]+/simple",
            )
        )
    )
    for path in tracked_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found = forbidden.search(text)
        assert found is None, f"{path.relative_to(ROOT)}: {found}"


def test_files_named_in_the_readme_exist() -> None:
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("there is no README yet")
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", readme.read_text())
    assert links
    missing = [link for link in links if not (ROOT / link).exists()]
    assert not missing


def test_links_between_documents() -> None:
    links = [
        (path, link)
        for path in sorted((ROOT / "docs").rglob("*.md"))
        for link in re.findall(
            r"\]\((?!https?://|#|mailto:)([^)#\s]+)", path.read_text()
        )
    ]
    broken = [
        f"{path.name}: {link}"
        for path, link in links
        if not (path.parent / link).exists()
    ]
    assert not broken


def test_scripts_can_be_run() -> None:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "scripts"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    for name in (*listing, ".ci/run"):
        path = ROOT / name
        if path.suffix == "":
            assert path.stat().st_mode & 0o111, name
