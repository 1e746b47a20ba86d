"""Synthetic registers and batches for the demonstration, the replay, benchmarks and tests: numpy and pyarrow only, from one seed.

No real person's record was used. Names, cities and streets are made by rule from word stocks; taxpayer numbers stand in ranges that were
never issued; every table says so in its manifest. The assumptions behind the June 2025 file, each with its source tag, stand in `june`.
"""

from portcullis.synthetic.elements import lawful_elements, years
from portcullis.synthetic.june import SyntheticBatch, june_2025
from portcullis.synthetic.people import SIGNER, DemoPerson, officers, people
from portcullis.synthetic.perfected import perfected
from portcullis.synthetic.register import Register, register, write_register
from portcullis.synthetic.rows import as_table, plan_officers
from portcullis.synthetic.score import score
from portcullis.synthetic.small import SmallSet, small

__all__ = [
    "SIGNER",
    "DemoPerson",
    "Register",
    "SmallSet",
    "SyntheticBatch",
    "as_table",
    "june_2025",
    "lawful_elements",
    "officers",
    "people",
    "perfected",
    "plan_officers",
    "register",
    "score",
    "small",
    "write_register",
    "years",
]
