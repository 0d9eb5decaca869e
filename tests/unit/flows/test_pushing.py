"""Open pages are told what changed: each only of what it wants and may get, once a batch, never content."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from mooring.access.rbac import ADMINISTRATOR, Caller
from mooring.errors import ConfigurationError, ForbiddenError, TransientError
from mooring.flows.asked.ticketing import LiveOffError, give_ticket
from mooring.flows.telling.listening import hear, leave
from mooring.flows.telling.newness import news_of, read_topics
from mooring.flows.telling.pushing import push
from mooring.state.connections import LONGEST, TICKET_SECONDS
from mooring.state.endings import Ended
from mooring.state.packing import pack
from tests.doubles.pages import Pages, application, change
from tests.doubles.tables import create_table

ANN = Caller("ann", "Ann", ("payments",), "session")
BOB = Caller("bob", "Bob", (), "session")
POLICY = """
p, payments, applications, get, pay/*, allow
p, bob, applications, get, shop/*, allow
p, bob, clusters, get, https://k.test, allow
"""


@pytest.fixture
def pages() -> Iterator[Pages]:
    with mock_aws():
        yield Pages(create_table(boto3.client("dynamodb", region_name="eu-central-1"), "t"), POLICY)


def test_each_is_told_of_what_it_may_get(pages: Pages) -> None:
    """GIVEN two people with rights in two projects WHEN both change THEN each hears of one, the administrator of both."""
    pages.join("a", "applications", caller=ANN)
    pages.join("b", "applications", caller=BOB)
    pages.join("admin", "applications", caller=ADMINISTRATOR)
    pages.table.put_all([application("argocd/till", "pay"), application("team/web", "shop")])
    told = push(pages.ports, [change("APP#argocd/till", "STATUS"), change("APP#team/web", "OP#1#000001")])
    assert 3 == told
    assert (["argocd/till"], ["team/web"]) == (pages.names("a"), pages.names("b"))
    assert ["argocd/till", "team/web"] == pages.names("admin")


def test_a_message_holds_names_and_no_content(pages: Pages) -> None:
    """Changes of one application in one batch are one entry: which parts, and the newest version."""
    pages.join("admin", "applications", caller=ADMINISTRATOR)
    spec = application("argocd/till", "pay")
    push(
        pages.ports,
        [
            change("APP#argocd/till", "SPEC", 7, after=spec),
            change("APP#argocd/till", "STATUS", 9, after={"sync": "Synced", "body": b""}),
            change("APP#argocd/till", "OP#1#000001", 8),
            change("APP#argocd/till", "LEASE", 10),
        ],
    )
    (message,) = pages.heard["admin"]
    assert {
        "changed": [
            {
                "kind": "application",
                "name": "argocd/till",
                "what": ["operations", "spec", "status"],
                "version": f"{9:040}",
            }
        ]
    } == message


def test_what_nobody_wants_is_not_looked_at(pages: Pages) -> None:
    """Without anybody who wants to know, neither policy nor applications are read."""
    assert 0 == push(pages.ports, [change("APP#argocd/till", "STATUS")])
    pages.join("a", "clusters", "application:argocd/other", caller=ADMINISTRATOR)
    assert 0 == push(pages.ports, [change("APP#argocd/till", "STATUS")])
    assert [] == pages.asked


@pytest.mark.parametrize(
    ("topic", "heard"),
    [
        ("applications", ["argocd/till"]),
        ("application:argocd/till", ["argocd/till"]),
        ("application:argocd/web", []),
        ("drift", ["argocd/till"]),
        ("clusters", ["production"]),
        ("projects", ["pay"]),
        ("settings", [""]),
        ("deliveries", [""]),
        ("repositories", ["https://git.test"]),
        ("promotions", ["argocd/out"]),
        ("applicationsets", ["argocd/all"]),
    ],
)
def test_topics(pages: Pages, topic: str, heard: list[str]) -> None:
    """Who asks for one topic hears of that and of nothing else."""
    pages.join("p", topic, caller=ADMINISTRATOR)
    template = pack({"declared": {"spec": {"template": {"spec": {"project": "pay"}}}}})
    pages.table.put_all(
        [application("argocd/till", "pay"), {"pk": "APPSET#argocd/all", "sk": "SPEC", "body": template}]
    )
    promoted = {"body": pack({"declared": {"spec": {"project": "pay"}}})}
    push(
        pages.ports,
        [
            change("APP#argocd/till", "DRIFT#1"),
            change("CLUSTERS", "production", after={"server": "https://k.test"}),
            change("CLUSTERS", "#project#pay"),
            change("CLUSTERS", "#settings"),
            change("CLUSTERS", "#promotion#argocd/out"),
            change("DELIVERIES", "1"),
            change("DELIVERIES", "2"),
            change("CREDENTIALS", "https://git.test"),
            change("PROMOTION#argocd/out", "SPEC", before=promoted),
            change("APPSET#argocd/all", "STATUS"),
        ],
    )
    assert heard == pages.names("p")


def test_an_application_that_moves_is_told_to_both(pages: Pages) -> None:
    """Who could see it before must learn that it is gone from the list, and who can now that it is there."""
    pages.join("a", "applications", caller=ANN)
    pages.join("b", "applications", caller=BOB)
    moved = change("APP#argocd/x", "SPEC", before=application("argocd/x", "pay"), after=application("argocd/x", "shop"))
    push(pages.ports, [moved])
    assert (["argocd/x"], ["argocd/x"]) == (pages.names("a"), pages.names("b"))


def test_an_application_that_is_gone(pages: Pages) -> None:
    """Its removal is told to whoever could see it; what comes after it, to nobody."""
    pages.join("a", "applications", caller=ANN)
    pages.join("b", "applications", caller=BOB)
    push(pages.ports, [change("APP#argocd/x", "SPEC", before=application("argocd/x", "pay"))])
    push(pages.ports, [change("APP#argocd/x", "OP#9#000002")])
    assert (["argocd/x"], []) == (pages.names("a"), pages.names("b"))


def test_clusters_of_projects(pages: Pages) -> None:
    """A cluster is known by its address, and by its project where it has one."""
    pages.join("b", "clusters", caller=BOB)
    push(pages.ports, [change("CLUSTERS", "prod", after={"server": "https://k.test", "project": "pay"})])
    assert [] == pages.names("b")
    push(pages.ports, [change("CLUSTERS", "prod", after={"server": "https://k.test", "project": ""})])
    assert ["prod"] == pages.names("b")


def test_a_changed_policy_counts_from_the_next_message(pages: Pages) -> None:
    """Rights are those of the moment at which something is pushed."""
    pages.join("a", "applications", caller=ANN)
    pages.table.put_all([application("argocd/till", "pay")])
    pages.policy = "p, payments, applications, get, other/*, allow"
    push(pages.ports, [change("APP#argocd/till", "STATUS")])
    assert [] == pages.names("a")


def test_a_connection_that_is_gone_is_forgotten(pages: Pages) -> None:
    """GIVEN a connection that API Gateway does not know any more WHEN it is told THEN the others are, and it is gone."""
    pages.join("a", "applications", caller=ADMINISTRATOR)
    pages.join("b", "applications", caller=ADMINISTRATOR)
    pages.gone = {"a"}
    pages.table.put_all([application("argocd/till", "pay")])
    push(pages.ports, [change("APP#argocd/till", "STATUS")])
    assert ["argocd/till"] == pages.names("b")
    assert ["b"] == [each.id for each in pages.connections.all()]


def test_who_could_not_be_told_is_told_again(pages: Pages) -> None:
    """A fault raises, so that the stream tells the same again; nothing is forgotten."""
    pages.join("a", "applications", caller=ADMINISTRATOR)
    pages.table.put_all([application("argocd/till", "pay")])
    pages.broken = True
    with pytest.raises(TransientError):
        push(pages.ports, [change("APP#argocd/till", "STATUS")])
    pages.broken = False
    push(pages.ports, [change("APP#argocd/till", "STATUS")])
    assert ["argocd/till"] == pages.names("a")


def test_a_session_that_ends_takes_its_connections_along(pages: Pages) -> None:
    """At its time, and at once when an administrator ends all sessions, nothing more is told."""
    pages.epoch = "one"
    pages.join("a", "applications", caller=ANN, ends=pages.now + 60, epoch="one")
    pages.join("b", "applications", caller=ANN, epoch="one")
    pages.table.put_all([application("argocd/till", "pay")])
    pages.now += 60
    push(pages.ports, [change("APP#argocd/till", "STATUS")])
    assert ([], ["argocd/till"], ["a"]) == (pages.names("a"), pages.names("b"), pages.ended)
    pages.epoch = "two"
    push(pages.ports, [change("APP#argocd/till", "STATUS")])
    assert (["argocd/till"], ["a", "b"]) == (pages.names("b"), pages.ended)
    assert [] == pages.connections.all()


def test_many_changes_fit_their_frames(pages: Pages) -> None:
    """No message is larger than what API Gateway takes in one frame."""
    pages.join("a", "applications", caller=ADMINISTRATOR)
    names = [f"{'n' * 60}/{'a' * 240}{number:03}" for number in range(100)]
    pages.table.put_all([application(name, "pay") for name in names])
    push(pages.ports, [change(f"APP#{name}", "STATUS") for name in names])
    assert names == pages.names("a")
    assert all(len(str(message)) < 32 * 1024 for message in pages.heard["a"])


def test_a_ticket_opens_one_connection(pages: Pages) -> None:
    """GIVEN a ticket WHEN it is shown twice THEN the second is sent away, and the first hears."""
    given = give_ticket(pages.connections, "wss://live.test/live", ANN, pages.now)
    text = f'{{"ticket": "{given["ticket"]}", "topics": ["applications", "applications"]}}'
    hear(pages.ports, "a", text)
    hear(pages.ports, "b", text)
    assert [{"listening": ["applications"], "seconds": LONGEST}] == pages.heard["a"]
    assert "ticket" == pages.heard["b"][0]["error"]["field"]
    assert ["b"] == pages.ended
    assert [ANN] == [each.caller for each in pages.connections.all()]


def test_an_old_or_forged_ticket_opens_nothing(pages: Pages) -> None:
    """A ticket is good for a minute, and one that was never given for nothing."""
    given = give_ticket(pages.connections, "wss://live.test/live", ANN, pages.now)
    pages.now += TICKET_SECONDS + 1
    for ticket in (given["ticket"], "forged"):
        hear(pages.ports, "a", f'{{"ticket": "{ticket}", "topics": []}}')
    hear(pages.ports, "a", '{"topics": ["applications"]}')
    hear(pages.ports, "a", '{"ticket": 5, "topics": []}')
    assert ["ticket"] * 4 == [each["error"]["field"] for each in pages.heard["a"]]
    assert (["a"] * 4, []) == (pages.ended, pages.connections.all())


def test_what_a_page_says_later(pages: Pages) -> None:
    """It may want something else, and may say that it is there; what is wrong is named, and the line stays open."""
    pages.join("a", "applications", caller=ADMINISTRATOR)
    hear(pages.ports, "a", '{"topics": ["drift"]}')
    hear(pages.ports, "a", '{"ping": 7}')
    for wrong in ("{", "[]", '{"topics": "drift"}', '{"topics": ["nothing"]}', '{"hello": 1}', "x" * 40_000):
        hear(pages.ports, "a", wrong)
    listening, pong, *errors = pages.heard["a"]
    assert (["drift"], {"pong": 7}) == (listening["listening"], pong)
    fields = ["message", "message", "topics", "topics", "hello", "message"]
    assert fields == [each["error"]["field"] for each in errors]
    assert [] == pages.ended
    leave(pages.ports, "a")
    assert [] == pages.connections.all()


def test_a_page_that_left_meanwhile_is_forgotten(pages: Pages) -> None:
    """The answer to its first message finds nobody: then nothing is kept of it."""
    given = give_ticket(pages.connections, "wss://live.test/live", ANN, pages.now)
    pages.gone = {"a"}
    hear(pages.ports, "a", f'{{"ticket": "{given["ticket"]}", "topics": []}}')
    assert [] == pages.connections.all()


def test_only_a_digest_of_a_ticket_is_kept(pages: Pages) -> None:
    """Who can read the table can't connect as somebody else."""
    given = give_ticket(pages.connections, "wss://live.test/live", ANN, pages.now)
    answer = pages.table._client.scan(TableName="t")
    assert given["ticket"] not in str(answer["Items"])
    assert (TICKET_SECONDS, pages.now + TICKET_SECONDS) == (given["expiresIn"], given["expires"])


def test_where_pages_are_not_told(pages: Pages) -> None:
    """Without an address there is no ticket, and the page is told to ask again by itself."""
    with pytest.raises(LiveOffError, match="from time to time"):
        give_ticket(pages.connections, "", ANN, pages.now)


def test_limits_of_a_token_come_along(pages: Pages) -> None:
    """Who asks by a narrow token is told no more than it may get."""
    from mooring.access.policycsv import Rule

    limits = (Rule("", "applications", "get", "pay/other", allow=True),)
    pages.join("a", "applications", caller=Caller("ann", "Ann", ("payments",), "token", "role:readonly", limits))
    assert limits == pages.connections.all()[0].caller.limits
    pages.table.put_all([application("argocd/till", "pay"), application("argocd/other", "pay")])
    push(pages.ports, [change("APP#argocd/till", "STATUS"), change("APP#argocd/other", "STATUS")])
    assert ["argocd/other"] == pages.names("a")


def test_topics_have_limits() -> None:
    """As many as a page shows, and no more."""
    for wrong in (
        [f"application:argocd/{number}" for number in range(51)],
        ["application:" + "x" * 500],
        ["clusters:"],
    ):
        with pytest.raises(ConfigurationError):
            read_topics(wrong)
    assert ("drift", "cluster:prod") == read_topics(["drift", "cluster:prod", "drift"])


def test_nothing_is_kept_of_what_is_no_news() -> None:
    """Items that no page shows are none, even where a filter let them through."""
    assert [] == news_of([change("CLUSTERS", "#access"), change("APP#argocd/x", "LEASE"), change("SETTINGS", "x")])


def test_a_stranger_can_not_change_topics(pages: Pages) -> None:
    """A connection that showed no ticket is not known."""
    with pytest.raises(ForbiddenError):
        pages.connections.retopic("a", ("drift",))


def test_whoever_was_ended_is_told_nothing(pages: Pages) -> None:
    """GIVEN pages of several sessions and of a token WHEN one session, one token, or somebody is ended THEN theirs are
    closed and hear nothing, and the others do; so with a session of before anything was ever ended.
    """
    robot = Caller("ann", "ann (token nightly)", ("payments",), "token")
    pages.join("phone", "applications", caller=ANN, proof="S1", began=900.0)
    pages.join("desk", "applications", caller=ANN, proof="S2", began=1000.0)
    pages.join("later", "applications", caller=ANN, proof="S3", began=2000.0)
    pages.join("robot", "applications", caller=robot, proof="T1", began=3000.0)
    pages.join("admin", "applications", caller=ADMINISTRATOR)
    pages.table.put_all([application("argocd/till", "pay")])
    for over, ended in (
        (Ended(frozenset({"S1"})), ["phone"]),
        (Ended(frozenset({"S1"}), {"ann": 1000.0}), ["phone", "desk"]),
        (Ended(frozenset({"S1", "T1"}), {"ann": 1000.0}), ["phone", "desk", "robot"]),
    ):
        pages.over = over
        push(pages.ports, [change("APP#argocd/till", "STATUS")])
        assert ended == pages.ended
    pages.epoch = "E1"
    push(pages.ports, [change("APP#argocd/till", "STATUS")])
    assert ["phone", "desk", "robot", "later"] == pages.ended
    assert [0, 1, 3, 2, 4] == [len(pages.heard[name]) for name in ("phone", "desk", "later", "robot", "admin")]


def test_a_ping_without_a_ticket_is_the_last_thing_that_is_heard(pages: Pages) -> None:
    """GIVEN a connection that brought no ticket, and one whose time is over WHEN they ping THEN they are sent away."""
    pages.join("ann", "applications", caller=ANN, ends=pages.now + 60)
    hear(pages.ports, "ann", '{"ping": 1}')
    assert [{"pong": 1}] == pages.heard["ann"]
    hear(pages.ports, "stranger", '{"ping": 1}')
    pages.now += 60
    hear(pages.ports, "ann", '{"ping": 2}')
    assert ["stranger", "ann"] == pages.ended
    assert ["ticket", "ticket"] == [pages.heard[name][-1]["error"]["field"] for name in ("stranger", "ann")]
