"""Values, protocols, names and seeds: what every floor above speaks in."""
