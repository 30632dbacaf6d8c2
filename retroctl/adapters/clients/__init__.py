"""The clients: names, facts and what was changed, in an SQLite file of their own (docs/adr/0012-clients.md)."""

from retroctl.adapters.clients.store import FILE_NAME, ClientStore
from retroctl.adapters.clients.training import Begun
from retroctl.app.client_profile import Change, Listed, Profile, Unreadable

__all__ = ["FILE_NAME", "Begun", "Change", "ClientStore", "Listed", "Profile", "Unreadable"]
