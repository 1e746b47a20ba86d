"""What leaves, and when: minimise, seal, commit, dispatch, receipt."""

from portcullis.release.answers import answer_body, prepare_answers
from portcullis.release.commit import commit_release
from portcullis.release.deliver import deliver
from portcullis.release.dispatch import Withheld, dispatch
from portcullis.release.gather import gather
from portcullis.release.hand_over import hand_over
from portcullis.release.permitted import permitted_in
from portcullis.release.receipt import record_receipt

__all__ = [
    "Withheld",
    "answer_body",
    "commit_release",
    "deliver",
    "dispatch",
    "gather",
    "hand_over",
    "permitted_in",
    "prepare_answers",
    "record_receipt",
]
