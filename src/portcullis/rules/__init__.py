"""The law as data (rules.md): load rules, evaluate them over typed facts, say why, compare two rule sets.

    ruleset = load(folder)                                  # agreement.yaml and rules/*.yaml, all versions
    now = ruleset.as_of(valid_on, known_on)                 # dates: the versions in force
    findings = evaluate(now, "check", facts)                # pa.Table: ordinal, R09, R09_reason, R11, …
    batch_findings = evaluate_batch(now, batch_facts)       # list[Finding]: R01-R08, R10
    totals = summarise(findings, now, "check")              # pa.Table: ordinal, fail_deficient, fail_uniform, refer
    elements = told(findings, now)                          # pa.Table: ordinal, element (what a requester may be told)

What a rule may name is agreements/fields.yaml; what it may say is predicate.py; what it means is reference.py; every engine equals it.
"""

from __future__ import annotations

from portcullis.rules.cases import run_cases
from portcullis.rules.diff import diff, diff_decisions, diff_outcomes
from portcullis.rules.explain import explain_finding, explain_rule
from portcullis.rules.findings import rules_of, summarise, told
from portcullis.rules.load import load
from portcullis.rules.ruleset import RuleSet, rules_json
from portcullis.rules.run import Single, evaluate, evaluate_batch
from portcullis.rules.shipped import agreements_folder

__all__ = [
    "RuleSet",
    "Single",
    "agreements_folder",
    "diff",
    "diff_decisions",
    "diff_outcomes",
    "evaluate",
    "evaluate_batch",
    "explain_finding",
    "explain_rule",
    "load",
    "rules_json",
    "rules_of",
    "run_cases",
    "summarise",
    "told",
]
