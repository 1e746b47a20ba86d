"""People's part before a release: clerical review, the sample, dual authorization."""

from portcullis.review.authorize import authorize, authorize_content, return_batch
from portcullis.review.queue import Closed, open_ordinals, record_review, resolutions, review_content
from portcullis.review.root import ReleaseContent, release_content, release_root
from portcullis.review.sample import (
    SAMPLE_STATES,
    commit_stock,
    drawn_ordinals,
    note_verdict,
    noted_verdicts,
    record_sample,
    reveal_and_draw,
    sample_content,
    select_positions,
    stock_content,
)
from portcullis.review.second import View, agreement_rate, may_review, offered, pools, views_of

__all__ = [
    "SAMPLE_STATES",
    "Closed",
    "ReleaseContent",
    "View",
    "agreement_rate",
    "authorize",
    "authorize_content",
    "commit_stock",
    "drawn_ordinals",
    "may_review",
    "note_verdict",
    "noted_verdicts",
    "offered",
    "open_ordinals",
    "pools",
    "record_review",
    "record_sample",
    "release_content",
    "release_root",
    "resolutions",
    "return_batch",
    "reveal_and_draw",
    "review_content",
    "sample_content",
    "select_positions",
    "stock_content",
    "views_of",
]
