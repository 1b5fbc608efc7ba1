"""Whole days through the real integration on a virtual clock, by name.

A scenario is a function from ``Options`` to a ``Report``; to add one, write a module
beside this one and enter it in ``SCENARIOS``.
"""

from collections.abc import Callable, Mapping

from . import (
    app_user,
    dst_day,
    force_mix,
    negative_day,
    outage_day,
    spike_day,
    sync_day,
    sync_outcome,
)
from .report import Options, Report

type Scenario = Callable[[Options], Report]

SCENARIOS: Mapping[str, Scenario] = {
    sync_outcome.NAME: sync_day.scenario,
    spike_day.NAME: spike_day.scenario,
    negative_day.NAME: negative_day.scenario,
    outage_day.NAME: outage_day.scenario,
    dst_day.NAME: dst_day.scenario,
    force_mix.NAME: force_mix.scenario,
    app_user.NAME: app_user.scenario,
}
