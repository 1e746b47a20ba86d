"""Receiving a batch: the envelope, the data file, the engagements, and the batch's own rules."""

from portcullis.intake.batch.receive import Received, receive

__all__ = ["Received", "receive"]
