"""What moves a batch from one state to the next, one module a step; journey.py is their table of contents."""

from portcullis.steps.answer import answers
from portcullis.steps.check import check_batch
from portcullis.steps.decide import write_decisions
from portcullis.steps.match import match_step

__all__ = ["answers", "check_batch", "match_step", "write_decisions"]
