"""Talk to the services: async I/O without Home Assistant, wire formats end here."""
