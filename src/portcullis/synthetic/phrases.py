"""The phrases of reasons: one of each kind makes a reason, 12,000 different ones. All invented."""

from __future__ import annotations

from portcullis.synthetic.draw import listed

__all__ = ["BEARING", "OPENINGS", "RELEVANCE", "SEQUELS"]

OPENINGS = listed(
    """
    The final order was served in person on;
    A warning for failure to depart was handed over on;
    An officer spoke with the subject on;
    The application for travel documents was discussed on;
    The consulate wrote that papers were ready on;
    The subject telephoned the field office on;
    A hearing on the bond took place on;
    A letter requiring departure was posted on;
    Counsel for the subject wrote on;
    A reporting form was signed on
    """,
    by=";",
)
"""What happened, before its date."""
SEQUELS = listed(
    """
    and no departure was recorded since;
    and the appointment that followed was not kept;
    and the letters sent afterwards came back;
    and two later letters were answered;
    and a later form names another residence;
    and a witness confirms it;
    and the ticket then issued was not used;
    and the passport was not presented;
    and a statement was taken the same week;
    and the receipt is in the case file
    """,
    by=";",
)
"""What came of it."""
RELEVANCE = listed(
    """
    The address on the return shows whether the notice reached the subject's residence;
    The address stated to the tax authority dates the residence during the period;
    An address other than the one stated would show that the notice was misdirected;
    The same address on the return would show that the letter was received;
    The mailing address decides which of two accounts of that year is right;
    The address on file tests the subject's own statement to the officer;
    A return from that address would contradict the claim to have departed;
    The address is compared with the lease in the case file;
    Whether the address was current when the order was served is in dispute;
    The address of that year identifies the witness who signed for the letter;
    The address fixes the district in which the omission took place;
    The address shows whether the form of that year was truthful
    """,
    by=";",
)
"""How the address is relevant."""
BEARING = listed(
    """
    which bears on whether the failure was willful;
    which is an element of the offence;
    which the prosecutor asked to have settled;
    which the defence disputes;
    which the grand jury may ask;
    without which knowledge of the order cannot be shown;
    so that service can be proved;
    so that an innocent explanation can be excluded;
    before charges are considered;
    which decides whether the inquiry is closed
    """,
    by=";",
)
"""What that decides."""
