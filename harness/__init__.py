"""Development tools that are never shipped with the integration."""
