"""Steps of the config flow, one module per service."""
