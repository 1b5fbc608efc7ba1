"""Typed values that cross room borders; wire and disk formats end here."""
