"""Addresses: one standard form for both sides of a comparison, and whether an address is genuine (rules.md R12-R15, R35).

Signatures are parsed, not rows: text becomes tokens by byte arithmetic (tokens), each different token gets a class letter (lexicon),
each different sequence of letters is parsed once by plain regular expressions (patterns, grammar, parsing), and roles go back to columns
(assemble). Rows with suspect words are read a second time (doubt), and every different combination of facts is judged once (judge).

Decisions where the rule leaves room, each with its price:
1. City, state and ZIP: R13 wants city and state, with a consistent ZIP. With one of the three missing the place can still be meant for
   certain, so a person decides; with two missing the address is deficient. A missing state is filled from the ZIP for the comparison.
2. A ZIP outside the stated state is a defect. Across one border it is a doubt, because carriers' routes cross borders; the ZIP codes
   known to do so pass.
3. Streets may be named like placeholders or institutions (Unknown Rd, Prison Rd): with number and type they pass. A person sees them
   when the type is the commonest (Unknown St), the number is filler (9999), or the words make a statement (Dont Know Ln).
4. A number and words without a street type pass as a street (350 Broadway) unless a word denies, tells, describes or names an institution.
5. An institution beside a street address goes to a person (it must be confirmed on file); in the place of one it is deficient.
6. Whatever does not parse is deficient, in any language: word lists only give the reason and catch statements that carry a number.
"""

from portcullis.intake.addresses.columns import INPUT_COLUMNS, OUTPUT_COLUMNS
from portcullis.intake.addresses.standardise import standardise_addresses

STANDARDISER_VERSION = "address/3"
"""Changes with every change of a list, pattern or rule here: an index built by another version is not compared with."""

__all__ = ["INPUT_COLUMNS", "OUTPUT_COLUMNS", "STANDARDISER_VERSION", "standardise_addresses"]
