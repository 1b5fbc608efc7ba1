"""What the owner of the simulated home answers to the steps of the config flow."""

from collections.abc import Mapping

from .flows import Answer, Choose, as_suggested, first_option
from .simulated_services import Addresses

SOURCES = ("amber", "aemo", "comed", "plan")
"""Where the home's prices may come from; each is a choice in the flow's first menu."""


def flow_answers(addresses: Addresses, source: str) -> dict[str, Answer]:
    """Return the answers for a home with one of ``SOURCES`` and a Powerwall."""
    return {
        "user": Choose(source),
        **_PRICES[source](addresses),
        "tesla": Choose("teslemetry"),
        "teslemetry": {
            "access_token": addresses.teslemetry_token,
            "advanced": {"base_url": addresses.teslemetry_url},
        },
        "powerwall": first_option("energy_site_id"),
    }


def second_way_answers(addresses: Addresses) -> dict[str, Answer]:
    """Return the answers that give the Powerwall a second way in, through Tessie."""
    return {
        "reconfigure": Choose("tesla"),
        "tesla": Choose("tessie"),
        "tessie": {
            "access_token": addresses.tessie_token,
            "advanced": {"base_url": addresses.tessie_url},
        },
    }


def _amber(addresses: Addresses) -> Mapping[str, Answer]:
    return {
        "amber": {
            "api_token": addresses.amber_token,
            "advanced": {
                "base_url": addresses.amber_url,
                "stream_url": addresses.amber_ws_url,
            },
        },
        "amber_site": first_option("site_id"),
    }


def _aemo(addresses: Addresses) -> Mapping[str, Answer]:
    """Return the answers of a Flow Power customer in Ausgrid's network."""
    return {
        "aemo": {
            "region": "nsw1",
            "retailer": "flow_power",
            "advanced": {
                "base_url": addresses.aemo_url,
                "nemweb_url": addresses.nemweb_url,
            },
        },
        "flow_power": as_suggested(),
        "network": {"network": "ausgrid"},
        "tariff_code": as_suggested(code="NTC EA025"),
        "export": as_suggested(),
        "window_export": as_suggested(),
    }


def _comed(addresses: Addresses) -> Mapping[str, Answer]:
    return {"comed": as_suggested(advanced={"base_url": addresses.comed_url})}


def _plan(_: Addresses) -> Mapping[str, Answer]:
    return {
        "plan": as_suggested(name="Seasonal", template="seasonal"),
        "plan_seasons": as_suggested(),
        "plan_periods": as_suggested(),
    }


_PRICES = {"amber": _amber, "aemo": _aemo, "comed": _comed, "plan": _plan}
