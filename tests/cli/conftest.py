"""Desks at every station of the journey."""

from cli_desk import at

__all__ = ["at"]
