"""Give a Powerwall back whose home is removed, disabled or gone."""

from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..clients.errors import ClientError
from ..clients.protocols import PowerwallClient
from ..clients.tesla.failover import FailoverPowerwall
from ..const import CONF_ENERGY_SITE_ID, CONF_SIMULATED, LOGGER, SUBENTRY_POWERWALL
from ..control.actuator import Actuator
from ..control.debts import Debt, Remainder, drop, owe, take_over
from ..control.issues import Issues
from ..control.levers import Levers
from ..control.log import DecisionLog
from ..control.notes import Notes
from ..control.still_owed import still_different
from ..control.store import DAMAGED, StateStore
from ..core.day_plan import TariffTerms, plain_tariff
from ..core.model.decisions import Reason
from ..core.model.powerwall import SiteInfo
from ..core.standing import Standing
from ..runtime import PowerSyncConfigEntry, Powerwall
from ..stored.standing import journal_from_stored, journal_to_stored
from ..tesla_ways import WayAddresses, build_ways


async def give_back(
    hass: HomeAssistant, entry: PowerSyncConfigEntry, powerwall: Powerwall
) -> None:
    """Give a Powerwall back that is still under control.

    What cannot be put back now is owed from here on, and not by the home any more.
    """
    journal = await powerwall.controller.release(Reason.REMOVED)
    left = still_different(journal, powerwall.site.known)
    if left and not entry.data.get(CONF_SIMULATED):
        await owe(
            hass,
            entry.title,
            powerwall.subentry_id,
            powerwall.subentry.data,
            journal_to_stored(journal),
            left,
        )
    await powerwall.controller.forget()


async def give_back_removed(hass: HomeAssistant, entry: PowerSyncConfigEntry) -> None:
    """Give the Powerwall of a removed home back; nothing of it runs any more."""
    store = StateStore(hass, entry.entry_id)
    await store.load()
    journal = store.standing.journal
    if entry.data.get(CONF_SIMULATED) or not journal.entries:
        return
    for subentry in entry.get_subentries_of_type(SUBENTRY_POWERWALL):
        debt = Debt(
            debt_id=subentry.subentry_id,
            title=entry.title,
            data=subentry.data,
            journal=journal_to_stored(journal),
            left=(),
            since=dt_util.utcnow(),
        )
        remainder = await put_back(hass, debt)
        if remainder.left:
            await owe(
                hass,
                debt.title,
                debt.debt_id,
                debt.data,
                remainder.journal,
                remainder.left,
            )


async def put_back(hass: HomeAssistant, debt: Debt) -> Remainder:
    """Try to put back what a debt is about; return what is still different."""
    try:
        journal = journal_from_stored(dict(debt.journal))
    except DAMAGED:
        # Nobody knows what it was about; the user has been told what was left.
        return Remainder(left=debt.left, journal=debt.journal)
    client = FailoverPowerwall(
        build_ways(hass, MappingProxyType(dict(debt.data)), WayAddresses()),
        now=dt_util.utcnow,
        # Whoever asks only once cannot wait for a third failure.
        strikes=1,
    )
    site, keeper = _Site(client), _Keeper(Standing(journal=journal))
    issues = Issues(hass, debt.debt_id)
    notes = Notes(site, DecisionLog(hass, debt.debt_id), issues)
    levers = Levers(Actuator(client, site, keeper), site, keeper, notes)
    await site.async_refresh()
    # What somebody has chosen since is not ours to put back.
    await levers.observe(dt_util.utcnow())
    await levers.release(
        Reason.REMOVED,
        instead=plain_tariff(TariffTerms(utility="", currency=hass.config.currency)),
    )
    issues.close()
    journal = keeper.standing.journal
    return Remainder(
        left=still_different(journal, site.known), journal=journal_to_stored(journal)
    )


async def take_over_debts(
    hass: HomeAssistant, subentry: ConfigSubentry, store: StateStore
) -> None:
    """Let a home owe what was owed for its Powerwall before it was there."""
    for debt in await take_over(hass, subentry.data[CONF_ENERGY_SITE_ID]):
        try:
            journal = journal_from_stored(dict(debt.journal))
        except DAMAGED:
            LOGGER.error("What is owed for the Powerwall is damaged")
        else:
            standing = store.standing
            # What the home knows itself is newer.
            merged = replace(
                standing.journal,
                entries={**journal.entries, **standing.journal.entries},
                echoes={**journal.echoes, **standing.journal.echoes},
            )
            await store.put(replace(standing, journal=merged))
        # Only now, because until here it was written down nowhere else.
        await drop(hass, debt.debt_id)


class _Site:
    """The settings of a site that no coordinator looks after."""

    data: SiteInfo

    def __init__(self, client: PowerwallClient) -> None:
        self._client = client
        self.known: SiteInfo | None = None
        self.last_update_success = False

    async def async_refresh(self) -> None:
        """Read the site."""
        try:
            self.data = self.known = await self._client.site_info()
            self.last_update_success = True
        except ClientError:
            self.last_update_success = False

    def start_reauth(self) -> None:
        """Do nothing: there is no entry that could ask for a login."""


class _Keeper:
    """A state that is written down by whoever asked for it, when all is done."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing

    async def put(self, standing: Standing) -> None:
        """Change the state."""
        self.standing = standing

    async def put_sometimes(self, standing: Standing, _now: datetime) -> None:
        """Change the state."""
        self.standing = standing
