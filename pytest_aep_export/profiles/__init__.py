"""Fake XDM profiles and events, seeded and columnar."""
