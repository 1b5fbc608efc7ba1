"""The simulated home as a process, steered from outside."""

import aiohttp
import pytest

from harness.simulated_services import SimulatedServices


async def test_everything_that_can_be_asked_of_the_process(tmp_path):
    async with SimulatedServices(tmp_path, ["--seed", "3"]) as services:
        where = services.addresses
        site_id = (await services.state())["sites"][0]["site_id"]
        async with aiohttp.ClientSession() as web:
            for url, token in (
                (where.fleet_url, where.fleet_token),
                (where.tessie_url, where.tessie_token),
            ):
                async with web.post(
                    f"{url}/api/1/energy_sites/{site_id}/backup",
                    json={"backup_reserve_percent": 44},
                    headers={"Authorization": f"Bearer {token}"},
                ) as answer:
                    assert answer.status == 200
            await services.set_token("tessie", None)
            await services.add_fault("fleet", "status_503", count=1)
            statuses = []
            for url, token in (
                (where.fleet_url, where.fleet_token),
                (where.fleet_url, where.fleet_token),
                (where.tessie_url, where.tessie_token),
            ):
                async with web.get(
                    f"{url}/api/1/products",
                    headers={"Authorization": f"Bearer {token}"},
                ) as answer:
                    statuses.append(answer.status)
        await services.use_app(mode="backup", reserve=50)
        await services.set_situation(off_grid=True)
        await services.spike(15_000, 30)
        with pytest.raises(ValueError, match="Storm Watch is off"):
            await services.set_situation(storm=True)

        commands, state = await services.commands(), await services.state()

    assert statuses == [503, 200, 401]
    assert [command["via"] for command in commands] == ["fleet", "tessie"]
    assert state["sites"][0]["mode"] == "backup"
    assert state["sites"][0]["reserve_percent"] == 50
    assert state["sites"][0]["grid_w"] == 0
    assert state["spikes"][0]["price"] == 15_000
