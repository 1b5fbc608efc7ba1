"""Ways in to a Tesla energy site, with one parser for all."""
