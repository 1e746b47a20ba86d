"""The demonstration: two agencies, eight people, a synthetic register, and batches that go the whole way."""

from portcullis.demo.cast import Cast, make_cast
from portcullis.demo.office import make_office
from portcullis.demo.own import play_journey, read_journey
from portcullis.demo.play import authorize_all, check_sample, close_reviews, dispatch_and_acknowledge, send_batch, to_sampled
from portcullis.demo.run import run_demo

__all__ = [
    "Cast",
    "authorize_all",
    "check_sample",
    "close_reviews",
    "dispatch_and_acknowledge",
    "make_cast",
    "make_office",
    "play_journey",
    "read_journey",
    "run_demo",
    "send_batch",
    "to_sampled",
]
