"""Intake: receive, verify, type and standardise what was asked."""
