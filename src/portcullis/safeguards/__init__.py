"""After the release: obligations, notices, redisclosure, recall, incidents, disposal."""

from portcullis.safeguards.disposal import answer_retention, certify_disposal, witness_disposal
from portcullis.safeguards.doors import DOORS, take_at
from portcullis.safeguards.due import Due, due
from portcullis.safeguards.filing import take
from portcullis.safeguards.incidents import close_incident, determine, identify, report_text, reported, tell
from portcullis.safeguards.notices import answer_notice, file_notice, withdraw_notice
from portcullis.safeguards.obligations import obligations, take_access_log
from portcullis.safeguards.pictures import effects_picture, matter_picture
from portcullis.safeguards.recall import acknowledge_recall, certify_recall, close_recall, open_recall, prepare_recall, witness_recall
from portcullis.safeguards.records import read_records
from portcullis.safeguards.redisclosure import ask_redisclosure, decide_redisclosure
from portcullis.safeguards.service import serve_order, services
from portcullis.safeguards.status import matter_view, reminders, status

__all__ = [
    "DOORS",
    "Due",
    "acknowledge_recall",
    "answer_notice",
    "answer_retention",
    "ask_redisclosure",
    "certify_disposal",
    "certify_recall",
    "close_incident",
    "close_recall",
    "decide_redisclosure",
    "determine",
    "due",
    "effects_picture",
    "file_notice",
    "identify",
    "matter_picture",
    "matter_view",
    "obligations",
    "open_recall",
    "prepare_recall",
    "read_records",
    "reminders",
    "report_text",
    "reported",
    "serve_order",
    "services",
    "status",
    "take",
    "take_access_log",
    "take_at",
    "tell",
    "withdraw_notice",
    "witness_disposal",
    "witness_recall",
]
