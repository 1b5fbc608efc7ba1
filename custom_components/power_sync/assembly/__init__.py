"""Put the parts of one home together from what its entry stores."""
