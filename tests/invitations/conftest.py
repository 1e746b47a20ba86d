"""Homes at every station of the journey."""

from journey_home import at, at_both

__all__ = ["at", "at_both"]
