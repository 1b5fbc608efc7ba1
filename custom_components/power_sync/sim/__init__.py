"""A simulated home behind real HTTP services.

One seeded model of a household (weather, load, Powerwall, prices) that speaks the
wire formats of Amber and of Tesla's energy endpoints. Start reading at ``home``.
"""
