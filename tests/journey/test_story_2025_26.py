"""The whole of 2025-26 on synthetic data, by typed commands: one home, one clock, one chapter a test.

    agreement, published with bars · two over-broad requests refused · the June batch refused as it came · perfected · dispatched ·
    a defect found, an incident reported within a day · recall · a stay, served and acknowledged · another court's permit · disposal ·
    the annual report · the public's report · the agreement unsealed · the evidence, before both verifiers

The dates are those that were reported [R], moved where a step needs a day of its own; the people, the addresses and every figure are
made. The chapters are read, and run, in order: each takes the home as the one before left it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from shutil import copytree

import pytest

from cli_desk import traces
from portcullis.demo.run import truth_by_ordinal
from story_desks import Year, june

CHAPTERS: list[str] = []


def chapter(test: Callable[[Year], None]) -> Callable[[Year], None]:
    """A chapter whose predecessors were not all told to their end is not told: what it stands on is not there."""
    before = list(CHAPTERS)
    CHAPTERS.append(test.__name__)

    @wraps(test)
    def told(year: Year) -> None:
        if year.told != before:
            pytest.skip("an earlier chapter of the story was not told, or did not end well")
        test(year)
        year.told.append(test.__name__)

    return told


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    """Both agencies' desks in an empty directory."""
    with Year(tmp_path_factory.mktemp("year")) as desks:
        yield desks


# ---- 2025 ---------------------------------------------------------------------------------------------------------------------------
@chapter
def test_april_two_agencies_sign_an_agreement_that_was_proved(year: Year) -> None:
    """Nothing is in force before both roots have signed exactly the same text."""
    year.to("2025-04-06")
    year.found()
    year.type("agreement", "validate", "irs-ice-2025")
    for agency in ("IRS", "ICE"):
        year.type("agreement", "adopt", "irs-ice-2025", code=1)
        assert year.leaves("agreement.in_force") == []
        year.type("agreement", "sign", "irs-ice-2025", "--agency", agency, "--key", year.key(f"root-{agency}"))
    year.to("2025-04-07")
    year.type("agreement", "adopt", "irs-ice-2025")
    assert [each["agency"] for each in year.leaves("agreement.signed")] == ["IRS", "ICE"]
    assert len(year.leaves("agreement.in_force")) == 1
    assert year.load_register() == len(set(june()[0].persons["person_id"].to_pylist()))


@chapter
def test_the_agreement_is_published_with_two_clauses_under_bars(year: Year) -> None:
    """The public sees what was signed and what is hidden; a bar stands on a commitment that both parties signed."""
    year.to("2025-04-10")
    named = ("--clause", "2", "--clause", "4", "--out", year.folder / "public.json", "--page", year.folder / "public.html")
    year.type("agreement", "redact", "irs-ice-2025", *named)
    year.file("trust.json", [year.type("ledger", "trust").out])
    told = year.type("agreement", "verify-public", year.folder / "public.json", "--trust", year.folder / "trust.json").out
    assert told
    hidden = [clause["text"] for clause in year.clauses() if clause["number"] in ("2", "4")]
    shown = [clause["text"] for clause in year.clauses() if clause["number"] not in ("2", "4")]
    for name in ("public.json", "public.html"):
        text = (year.folder / name).read_text(encoding="utf-8")
        assert not [each for each in hidden if each in text] and all(each in text for each in shown)


@chapter
def test_early_june_a_request_for_more_than_addresses_is_refused_whole(year: Year) -> None:
    """The first over-broad request asks for a class of data that the gate does not open; its every row is on record all the same."""
    year.to("2025-06-05")
    rows = june()[1].requests.to_pylist()
    folder = year.ask("first", rows, {"ICE-0002": range(1, len(rows) + 1)}, "--data-class", "return_information")
    before, got = year.size(), year.receive("first", folder, code=3)
    assert (got["state"], got["rule"], got["reason"]) == ("refused", "R05", "B-WRONG-GATE")
    assert [(leaf["type"], leaf["entries"]) for leaf in year.leaves("batch.refused")] == [("batch.refused", len(rows))]
    assert year.size() == before + 1 and year.left() == {}
    year.type("batch", "run", got["batch"], code=(0, 1))
    assert year.leaves("request.decided") == [] and year.leaves("inspection") == []


@chapter
def test_late_june_a_request_for_everybody_is_refused_whole(year: Year) -> None:
    """The second asks for addresses only, and for everybody on the register, under the hand of somebody who may not ask."""
    year.to("2025-06-24")
    persons = june()[0].persons.slice(0, 500).to_pylist()
    named = ("given_name", "middle_name", "family_name", "suffix", "date_of_birth", "taxpayer_number")
    rows = [{"request_id": f"ALL-{n:07d}"} | {name: each[name] and str(each[name]) for name in named} for n, each in enumerate(persons, 1)]
    got = year.receive("second", year.ask("second", rows, {"ICE-0002": range(1, 501)}, "--delegation", "D-0624"), code=3)
    assert (got["state"], got["rule"], got["reason"]) == ("refused", "R03", "B-DELEGATE-UNSUPPORTED")
    assert [leaf["entries"] for leaf in year.leaves("batch.refused")][1:] == [500]
    assert year.left() == {} and year.leaves("inspection") == []


@chapter
def test_the_june_file_gets_no_answer_as_it_came(year: Year) -> None:
    """One officer for all, addresses that are none, elements left out: each request is refused for what it lacks, none is answered."""
    year.to("2025-06-27")
    came = june()[1]
    got = year.receive("june", year.ask("june", came.requests.to_pylist(), came.plan))
    assert got["state"] == "received"
    found = year.decide(got["batch"])
    assert sum(found["by_decision"].values()) == came.requests.num_rows
    assert set(found["by_decision"]) == {"deficient"}, "what is lacking is told; whether anybody is on the register is not"
    assert year.answered(got["batch"]) == [] and year.left() == {} and year.leaves("disclosure") == []


@chapter
def test_july_the_same_people_asked_for_lawfully(year: Year) -> None:
    """Perfected: each request complete, officers in plausible number. What is confirmed may be answered; the sample finds no defect."""
    year.to("2025-07-15")
    again = june()[2]
    got = year.receive("perfected", year.ask("perfected", again.requests.to_pylist(), again.plan))
    batch, lawful = got["batch"], truth_by_ordinal(again)
    found = year.decide(batch)
    answered = year.sample(batch, 2, lawful)
    assert answered and all(lawful[ordinal][1] for ordinal in answered), "only what would be lawful is answered"
    assert len(answered) == found["by_decision"]["disclose"] + found["by_decision"].get("confirm", 0)
    year.type("release", "commit", batch, code=1)
    assert year.left() == {}, "nobody has authorized it"


@chapter
def test_august_two_people_authorize_and_it_is_dispatched(year: Year) -> None:
    """Sealed to the officers' vault; each answer is in the accounting before it leaves; the officers open what is theirs."""
    year.to("2025-08-07")
    batch = year.batches["perfected"]
    year.authorize(batch)
    year.type("release", "commit", batch)
    assert year.left() == {} and year.leaves("disclosure") == []
    year.type("release", "dispatch", batch)
    answered = year.answered(batch)
    assert year.left() == {batch: len(answered)} and len(year.leaves("disclosure")) == len(answered)
    opened = [each for officer in june()[2].plan for each in year.opens(batch, officer)]
    assert sorted(each["ordinal"] for each in opened) == answered
    signed = ("--officer", "ICE-1001", "--vkey", year.folder / "vkey", "--key", year.key("ICE-1001"))
    year.type("recipient", "acknowledge", year.release(batch), "--out", year.folder / "receipt.json", *signed)
    year.type("release", "receipt", batch, year.folder / "receipt.json")
    (use,) = year.type("safeguard", "status", "--json").json["obligations"]
    assert (use["batch"], use["records"], use["disposed"], use["overdue"]) == (batch, len(answered), 0, 0)
    year.matters["use"] = use["matter"]


# ---- 2026 ---------------------------------------------------------------------------------------------------------------------------
@chapter
def test_january_a_defect_is_found_and_reported_within_a_day(year: Year) -> None:
    """The clock runs from the time of identification; the report holds no taxpayer data; who was told when is on record."""
    found = year.to("2026-01-23", "09:00")
    batch = year.batches["perfected"]
    answered = year.answered(batch)
    year.affected = sorted({answered[0], answered[len(answered) // 2], answered[-1]})  # of several officers
    list_ = year.file("affected.txt", [f"{batch}/{ordinal}" for ordinal in year.affected])
    named = ("--agency", "ICE", "--kind", "address_unconfirmed", "--identified", found, "--records", list_)
    matter = year.type("safeguard", "incident", "identify", *named, *year.acting("IRS-SAFEGUARDS"), "--json").json["matter"]
    year.matters["incident"] = matter
    (due,) = [each for each in year.type("safeguard", "status", "--json").json["reminders"] if each["matter"] == matter]
    assert (due["due"], due["overdue"]) == ("2026-01-24T09:00:00Z", 0)
    year.type("safeguard", "incident", "close", matter, *year.acting("IRS-SAFEGUARDS"), code=1)
    year.to("2026-01-23", "16:00")
    report = year.folder / "incident.txt"
    year.type("safeguard", "incident", "report", matter, "--out", report, *year.acting("IRS-SAFEGUARDS"))
    assert year.leaves("incident.reported")[-1]["late"] == 0, "seven hours after it was identified"
    assert traces(report.read_bytes(), year.personal()) == [] and f"{batch}: 3" in report.read_text()
    for whom, day in (("office_of_safeguards", "2026-01-23T16:05:00Z"), ("tigta", "2026-01-23T16:10:00Z")):
        year.to("2026-01-23", "16:30")
        year.type("safeguard", "incident", "tell", matter, "--whom", whom, "--told", day, *year.acting("IRS-SAFEGUARDS"))


@chapter
def test_the_records_are_recalled_and_nothing_else_leaves_meanwhile(year: Year) -> None:
    """Each custodian is ordered, acknowledges, certifies, and is witnessed; until all have, the next batch stays where it is."""
    discovered = year.to("2026-01-23", "17:00")
    lawful = [row for row, (_, right) in zip(june()[2].requests.to_pylist(), truth_by_ordinal(june()[2]).values(), strict=True) if right]
    rows = [row | {"request_id": f"W26-{n:07d}"} for n, row in enumerate(lawful, 1)]
    batch = year.receive("winter", year.ask("winter", rows, {"ICE-1001": range(1, len(rows) + 1)}))["batch"]
    year.decide(batch)
    year.sample(batch, 3, {n: ("", True) for n in range(1, len(rows) + 1)})
    year.authorize(batch)
    year.type("release", "commit", batch)
    named = ("--agency", "ICE", "--records", year.folder / "affected.txt", "--reason", "address_unconfirmed", "--discovered", discovered)
    recall = year.type(
        "safeguard", "recall", "open", *named, "--incident", year.matters["incident"], *year.acting("IRS-SAFEGUARDS"), "--json"
    ).json
    year.matters["recall"] = recall["matter"]
    assert recall["records"] == 3
    withheld = year.type("release", "dispatch", batch, "--json", code=3).json["withheld"]
    assert any("X-RECALL-OPEN" in reason for reason in withheld) and set(year.left()) == {year.batches["perfected"]}

    orders = sorted((year.home / "outbox" / recall["matter"]).glob("*.json"))
    assert {path.stem for path in orders} <= set(june()[2].plan) and len(orders) == recall["custodians"]
    year.to("2026-01-26")
    for path in orders:
        opened = ("--vault-key", year.key("vault"), "--recalled", year.folder / "no-use.txt")
        took = year.filing("recall", path, *opened, officer=path.stem, out=f"acknowledged-{path.stem}.json")
        year.type("safeguard", "recall", "take", took)
        year.type("safeguard", "recall", "take", took, code=1)  # the same again: an order is acknowledged once
    assert [leaf["reason"] for leaf in year.leaves("filing.refused")] != []
    assert {each["ordinal"] for officer in june()[2].plan for each in year.opens(year.batches["perfected"], officer)} == set(
        year.answered(year.batches["perfected"])
    ) - set(year.affected), "what is on the no-use list is not opened again"
    year.type("safeguard", "recall", "close", recall["matter"], *year.acting("IRS-SAFEGUARDS"), code=1)

    (first, *_) = [path.stem for path in orders]
    early = year.filing("dispose", recall["matter"], *year.proof(recall["matter"], first), officer=first, out=f"certified-{first}.json")
    year.type("safeguard", "recall", "take", early)
    seen = ("--certificate", year.matters["content"], "--custodian", first)
    year.type("safeguard", "recall", "take", year.filing("witness", recall["matter"], *seen, officer="ICE-0002", out=f"seen-{first}.json"))
    drawn = year.picture("after-recall", "safeguard", "status", "--matter", recall["matter"])
    assert all(path.stem in drawn for path in orders) and f"{first}: " in drawn and " records, disposed" in drawn

    year.to("2026-02-09")
    state = year.type("safeguard", "status", "--matter", recall["matter"], "--json").json["custodians"]
    for who in (who for who, each in state.items() if each["state"] != "disposed"):
        took = year.filing("dispose", recall["matter"], *year.proof(recall["matter"], who), officer=who, out=f"certified-{who}.json")
        year.type("safeguard", "recall", "take", took)
        seen = ("--certificate", year.matters["content"], "--custodian", who)
        year.type(
            "safeguard", "recall", "take", year.filing("witness", recall["matter"], *seen, officer="ICE-0002", out=f"seen-{who}.json")
        )
    year.type("safeguard", "recall", "close", recall["matter"], *year.acting("IRS-SAFEGUARDS"))
    assert len(year.leaves("recall.closed")) == 1
    assert len(year.leaves("disclosure")) == len(year.answered(year.batches["perfected"])), "a recall takes nothing from the record"


@chapter
def test_counsel_decides_about_notices_and_the_court_is_told_with_the_lag_shown(year: Year) -> None:
    """Nineteen days passed before the court was told, and that stands in the record; no record is determined by silence."""
    told = year.to("2026-02-11", "15:00")
    matter, act = year.matters["incident"], year.acting("IRS-SAFEGUARDS")
    year.type("safeguard", "incident", "tell", matter, "--whom", "court", "--told", told, *act)
    year.type("safeguard", "incident", "close", matter, *act, code=1)
    listed = ("--records", year.folder / "affected.txt", "--determination", "notify")
    year.type("safeguard", "incident", "determine", matter, *listed, *year.acting("IRS-COUNSEL"))
    year.type("safeguard", "incident", "close", matter, *act)
    lags = {each["whom"]: each["hours"] for each in year.type("safeguard", "status", "--matter", matter, "--json").json["lags"]}
    assert lags == {"office_of_safeguards": 7, "tigta": 7, "court": 19 * 24 + 6}
    drawn = year.picture("after-incident", "safeguard", "status", "--matter", matter)
    assert "+ 7 h" in drawn and "+ 19 days" in drawn and traces(drawn.encode(), year.personal()) == []


@chapter
def test_february_a_court_stays_the_flow(year: Year) -> None:
    """From the imposing on nothing leaves: what was sealed is taken back, what is sent in is refused, and lifting would revive nothing."""
    year.to("2026-02-26", "08:00")
    batch = year.batches["winter"]
    year.authorize(batch)
    year.type("release", "commit", batch)
    year.to("2026-02-26", "15:00")
    stated = ("--court-time", "2026-02-26T10:00:00Z", "--agency", "ICE")
    done = year.type("order", "impose", "25-cv-0457", *stated, *year.acting("IRS-COUNSEL"), "--json").json
    assert (done["held"], done["withheld"]) == ([year.batches["june"], batch], [batch])
    assert done["already_left"] == [year.batches["perfected"]]
    year.type("release", "dispatch", batch, code=1)
    year.type("review", "authorize", batch, *year.acting("IRS-AUTHORIZER-1"), code=1)
    rows = june()[2].requests.slice(0, 4).to_pylist()
    got = year.receive("stayed", year.ask("stayed", rows, {"ICE-1001": range(1, 5)}), code=3)
    assert (got["rule"], got["reason"]) == ("R07", "B-ENJOINED")
    assert set(year.left()) == {year.batches["perfected"]} and len(year.leaves("release.dispatched")) == 1
    (leaf,) = year.leaves("order.imposed")
    assert (leaf["court_time"], leaf["time"]) == ("2026-02-26T10:00:00Z", "2026-02-26T15:00:00Z")


@chapter
def test_the_order_is_served_and_acknowledged_and_what_it_did_is_listed(year: Year) -> None:
    """Both agencies are bound and say that they know; what was withheld and what had left is there for the court, by number."""
    for agency, who in (("ICE", "ICE-0001"), ("IRS", "IRS-SAFEGUARDS")):
        served = year.type("order", "serve", "25-cv-0457", "--agency", agency, *year.acting("IRS-COUNSEL"), "--json").json
        statement = year.home / served["file"]
        own = ("--agency", agency, "--officer", who, "--key", year.key(who), "--vkey", year.folder / "vkey")
        out = year.folder / f"acknowledged-by-{agency}.json"
        year.type("recipient", "served", statement, *own, "--record", year.folder / f"own-{agency}.log", "--out", out)
        year.type("order", "acknowledge", out)
        year.type("order", "acknowledge", out, code=1)
    (order,) = year.type("order", "list", "--json").json
    assert {each["agency"]: each["state"] for each in order["served"]} == {"ICE": "acknowledged", "IRS": "acknowledged"}
    assert order["hours_between"] == 5, "the court's time and the imposing are apart"
    left = year.folder / "left.txt"
    done = year.type("order", "effects", "25-cv-0457", "--records", left, "--json").json
    winter, perfected = year.batches["winter"], year.batches["perfected"]
    (taken,) = [each for each in done["withheld"] if each["batch"] == winter]
    assert (taken["state"], taken["authorizations_voided"], taken["answers_withheld"]) == ("committed", 2, len(year.answered(winter)))
    assert [each["batch"] for each in done["already_left"]] == [perfected] and done["left_between"] == []
    assert done["refused_at_receipt"] == 1
    drawn = year.picture("orders-effects", "order", "effects", "25-cv-0457")
    assert f"{winter} held, was committed" in drawn and f"{perfected} leaves" in drawn
    assert left.read_text().split() == [f"{perfected}/{ordinal}" for ordinal in year.answered(perfected)]


@chapter
def test_another_court_permits_the_flow_and_the_stay_holds(year: Year) -> None:
    """Counsel is shown that two orders contradict each other; the program decides nothing, and nothing leaves."""
    entered = ("26-cv-0009", "--court-time", year.to("2026-02-27"), "--agreement", "irs-ice-2025")
    assert year.type("order", "permit", *entered, *year.acting("IRS-COUNSEL"), "--json").json["conflicts"] == ["25-cv-0457"]
    assert [each["holds"] for each in year.type("order", "conflicts", "--json").json] == ["the stay"]
    year.type("release", "dispatch", year.batches["winter"], code=1)
    year.type("review", "authorize", year.batches["winter"], *year.acting("IRS-AUTHORIZER-1"), code=1)
    assert set(year.left()) == {year.batches["perfected"]}


@chapter
def test_march_what_was_received_is_disposed_of(year: Year) -> None:
    """The case is over: the recipient destroys the rest, another person witnesses it, and the use ends; our evidence stays."""
    year.to("2026-03-02")
    use, leaves = year.matters["use"], len(year.leaves("disclosure"))
    took = year.filing("dispose", use, "--method", "destroyed", "--witness", "ICE-1002", officer="ICE-1001", out="disposed.json")
    year.type("safeguard", "dispose", "take", took)
    certificate = year.matters["content"]
    alone = year.filing("witness", use, "--certificate", certificate, officer="ICE-1001", out="alone.json")
    year.type("safeguard", "dispose", "take", alone, code=1)  # nobody is their own witness
    seen = year.filing("witness", use, "--certificate", certificate, officer="ICE-1002", out="seen.json")
    year.type("safeguard", "dispose", "take", seen)
    (owed,) = year.type("safeguard", "status", "--json").json["obligations"]
    assert (owed["state"], owed["disposed"]) == ("disposed", owed["records"]) and len(year.leaves("disclosure")) == leaves


@chapter
def test_the_annual_report_counts_what_the_ledger_holds(year: Year) -> None:
    """Due 90 days after the year: every request, refused ones too; every instance of disclosure; every person once."""
    year.to("2026-03-30")
    (due,) = year.type("safeguard", "due", "--who", "overseer", "--json").json
    assert (due["kind"], due["due"], due["overdue"]) == ("annual_report", "2026-03-31T23:59:59Z", False)
    report = year.type("report", "annual", 2025, "--as", "IRS-OVERSEER", "--json").json
    (ice,) = [each for each in report["agencies"] if each["agency"] == "ICE"]
    answered, asked = len(year.leaves("disclosure")), june()[1].requests.num_rows
    assert (ice["requests"], ice["refused_batches"]) == (3 * asked + 500, 2)
    assert (ice["instances"], ice["taxpayers"]) == (answered, answered) and sum(ice["purposes"].values()) == answered
    assert report["due"] == "2026-03-31T23:59:59Z" and report["gaps"] == []


@chapter
def test_the_publics_report_tells_of_the_year_and_of_nobody(year: Year) -> None:
    """Figures per quarter, small cells suppressed; the same ledger gives the same bytes."""
    year.to("2026-04-15")
    first, second = (year.type("report", "transparency", "--json").json for _ in range(2))
    assert first == second
    quarters = {each["quarter"]: each for each in first["quarters"]}
    summer, winter = quarters["2025-Q2"], quarters["2026-Q1"]
    assert (summer["refused_batches"], winter["incidents"], winter["recalls"], winter["records_recalled"]) == (2, 1, 1, 3)
    (asked,) = year.column("SELECT count FROM batch WHERE id = ?", year.batches["winter"])
    assert winter["withheld_by_stay"] == asked, "so many were asked for; how many would have been answered stays untold"
    shown = [each[name] for each in first["quarters"] for name in ("deficient", "disclosed", "confirmed", "denied", "other")]
    assert all(value is None or value == 0 or value >= first["small_cell"] for value in shown)


@chapter
def test_the_agreement_is_unsealed_and_is_the_one_that_was_published(year: Year) -> None:
    """A court unseals the clauses; anybody can check that the bars of 2025 hid exactly these words, signed by both parties."""
    year.to("2026-04-30")
    year.type("agreement", "redact", "irs-ice-2025", "--out", year.folder / "unsealed.json")
    both, trust = (year.folder / "public.json", year.folder / "unsealed.json"), ("--trust", year.folder / "trust.json")
    year.type("agreement", "verify-public", *both, *trust)
    assert all(clause["text"] in both[1].read_text(encoding="utf-8") for clause in year.clauses())
    changed = year.folder / "changed.json"
    words = next(clause["text"] for clause in year.clauses() if clause["number"] == "4")
    changed.write_text(both[1].read_text(encoding="utf-8").replace(words, words.replace("only", "also")), encoding="utf-8")
    assert changed.read_bytes() != both[1].read_bytes()
    year.type("agreement", "verify-public", both[0], changed, *trust, code=4)


@chapter
def test_both_verifiers_accept_the_whole_year_and_neither_a_changed_byte(year: Year) -> None:
    """Offline, from the bundle and the trust file alone; the standalone verifier shares no code with the product."""
    year.to("2026-05-01")
    own, other = year.verify("bundle")
    assert own["verified"] and own["authenticated"] and own["size"] == year.size(), own
    assert other.returncode == 0 and "VERIFIED" in other.stdout, other.stdout + other.stderr
    damaged = year.folder / "damaged"
    copytree(year.folder / "bundle", damaged)
    tile = max((path for path in (damaged / "tile" / "entries").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    data = bytearray(tile.read_bytes())
    data[len(data) // 2] ^= 1
    tile.write_bytes(data)
    trust = ("--trust", year.folder / "bundle.trust.json")
    assert not year.type("ledger", "verify", damaged, *trust, "--json", code=4).json["verified"]
    assert year.judge(damaged).returncode == 4
