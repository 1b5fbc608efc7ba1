"""Import the integration's pure rooms without running its package `__init__`.

`custom_components/power_sync/__init__.py` is the Home Assistant shell and imports
Home Assistant, which costs seconds and is not installed everywhere. The rooms below
it (`core`, `clients`, `sim`) do not need it. After `install()` the name
`custom_components.power_sync` stands for an empty package with the same folder, so
that `custom_components.power_sync.core` can be imported on its own.

As a pytest plugin (`-p harness.bare`) it does that before any test is collected, and
fails the run if Home Assistant was imported all the same.
"""

from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

PACKAGE = "custom_components.power_sync"
ROOT = Path(__file__).resolve().parent.parent


def install() -> None:
    """Register the integration's package as an empty one.

    Raises RuntimeError if the real package was imported before, because its modules
    would then exist twice.
    """
    existing = sys.modules.get(PACKAGE)
    if existing is not None:
        if existing.__spec__ is not None and existing.__spec__.origin == __file__:
            return
        raise RuntimeError(f"{PACKAGE} was imported before harness.bare.install()")
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    spec = ModuleSpec(PACKAGE, loader=None, origin=__file__, is_package=True)
    spec.submodule_search_locations = [str(ROOT.joinpath(*PACKAGE.split(".")))]
    sys.modules[PACKAGE] = module_from_spec(spec)


def pytest_load_initial_conftests() -> None:
    """Install before the first conftest or test module is imported."""
    install()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if something imported Home Assistant behind our back."""
    if "homeassistant" in sys.modules:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why the run failed."""
    if "homeassistant" in sys.modules:
        terminalreporter.section("not pure", red=True)
        terminalreporter.line(
            "Home Assistant was imported during the pure tests. Find the import with "
            "scripts/lint, or with python -X importtime."
        )
