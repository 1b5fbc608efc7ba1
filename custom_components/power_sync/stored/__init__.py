"""What subentries and options store, and the typed values it stands for."""
