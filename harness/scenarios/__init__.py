"""Whole days through the real integration on a virtual clock, by name.

A scenario is a function from ``Options`` to a ``Report``; to add one, write a module
beside this one and enter it in ``SCENARIOS``.
"""

from collections.abc import Callable, Mapping

from . import sync_day, sync_outcome
from .report import Options, Report

type Scenario = Callable[[Options], Report]

SCENARIOS: Mapping[str, Scenario] = {sync_outcome.NAME: sync_day.scenario}
