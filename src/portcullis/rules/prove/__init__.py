"""Proofs (rules.md §3): Z3 asks whether any typed request could break what the statute says, and whether any is answered at all.

report = prove(ruleset)                 # the statute's invariants, every position of the switches, every reviewer
report.proved, report.text(), report.as_json(), report.hash
"""

from __future__ import annotations

from portcullis.rules.prove.faults import refuse_faults
from portcullis.rules.prove.invariant import Invariant, own_invariants
from portcullis.rules.prove.proof import prove
from portcullis.rules.prove.report import Counterexample, Holds, Report

__all__ = ["Counterexample", "Holds", "Invariant", "Report", "own_invariants", "prove", "refuse_faults"]
