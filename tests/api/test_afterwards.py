"""After the release, over the wire: a recall is fetched, acknowledged, and stops the download; filings are each agency's own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from afterwards import FIRST, SECOND, Afterwards
from api_server import Served
from portcullis.crypto import key_id_of
from portcullis.exchange import about_hash, read_service
from portcullis.journal import stamp
from portcullis.model import LeafType
from portcullis.orders import Scope, impose, order_content
from portcullis.recipient import open_order
from portcullis.safeguards import serve_order

Start = Callable[..., Served]


def test_a_recall_is_fetched_and_acknowledged_and_stops_the_download(served: Start) -> None:
    one = served("dispatched")
    after = Afterwards(one.scene)
    path = f"/v1/batches/{one.scene.batch}/answers"
    assert (one.call("GET", path).status, one.call("GET", "/v1/recalls").json()) == (200, [])
    done = after.recall()
    assert one.call("GET", path).status == 409
    (seen,) = one.call("GET", "/v1/recalls").json()
    assert (seen["matter"], seen["orders"]) == (done.matter, [FIRST, SECOND])
    order = one.call("GET", f"/v1/recalls/{done.matter}/{FIRST}")
    public = one.scene.home.log_key.public
    opened, rows = open_order(order.body, lambda k: public if k == key_id_of(public) else None, one.scene.cast.vault)
    assert (opened.custodian, len(rows)) == (FIRST, 3)
    filing = after.filing("recall.acknowledged", {"matter": done.matter, "custodian": FIRST, "records": 3})
    assert one.call("POST", "/v1/recalls", filing).json() == {"result": ["acknowledged"]}
    assert one.call("POST", "/v1/recalls", filing).status == 422
    assert len(one.scene.leaves(LeafType.FILING_REFUSED)) == 1


def test_filings_go_in_at_their_own_door_and_from_their_own_agency(served: Start) -> None:
    one = served("dispatched")
    after = Afterwards(one.scene)
    done = after.recall()
    about = {"matter": done.matter, "custodian": FIRST, "records": 3}
    assert one.call("POST", "/v1/notices", after.filing("recall.acknowledged", about)).status == 422
    assert one.call("POST", "/v1/recalls", after.filing("recall.acknowledged", about | {"agency": "DEA"})).status == 403
    assert one.call("POST", "/v1/secrets", b"{}").status == 404
    assert one.call("POST", "/v1/recalls", b"{}").status == 422
    for path in (f"/v1/recalls/{done.matter}/..%2f..%2fportcullis", f"/v1/recalls/{done.matter}/ICE-9999", "/v1/recalls/M-1999-000001/x"):
        assert one.call("GET", path).status == 404
    assert one.call("GET", "/v1/recalls", agency="IRS").status == 403


def test_an_order_that_was_served_is_fetched_and_acknowledged_by_that_agency_alone(served: Start) -> None:
    one = served("dispatched")
    after, scene = Afterwards(one.scene), one.scene
    assert one.call("GET", "/v1/orders").json() == []
    scope, now = Scope(agencies=("ICE",)), scene.clock()
    impose(scene.home, "25-cv-1", scope, now, scene.cast.act("IRS-0006", "order.impose", order_content("25-cv-1", scope, now)))
    matters = {}
    for agency in ("ICE", "IRS"):
        about = {"agency": agency, "order": "25-cv-1", "acknowledge_by": stamp(now + 3600), "at": stamp(now)}
        matters[agency] = serve_order(scene.home, about, scene.cast.act("IRS-0006", "order.served", about_hash(about)))
    (seen,) = one.call("GET", "/v1/orders").json()
    assert (seen["matter"], seen["order"], seen["state"]) == (matters["ICE"], "25-cv-1", "open")
    assert one.call("GET", f"/v1/orders/{matters['IRS']}").status == 404, "the other agency's is not handed out"
    statement = one.call("GET", f"/v1/orders/{matters['ICE']}").body
    public = scene.home.log_key.public
    assert read_service(statement, lambda k: public if k == key_id_of(public) else None).agencies == ("ICE",)
    stated = {"matter": matters["ICE"], "order": "25-cv-1", "service": hashlib.sha256(statement).hexdigest()}
    assert one.call("POST", "/v1/orders", after.filing("order.acknowledged", stated | {"agency": "DEA"})).status == 403
    filing = after.filing("order.acknowledged", stated)
    assert one.call("POST", "/v1/recalls", filing).status == 422, "not at another door"
    assert one.call("POST", "/v1/orders", after.filing("order.acknowledged", stated)).json() == {"result": ["acknowledged"]}
    assert [each["state"] for each in one.call("GET", "/v1/orders").json()] == ["acknowledged"]
