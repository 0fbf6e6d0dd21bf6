"""References between the operations of a bulk (RFC 7644 section 3.7.2)."""

from tests.client import ENTERPRISE

from .bulk import (
    assert_rejected,
    id_of,
    patch,
    post_group,
    post_user,
    results,
    statuses,
    with_manager,
)


def test_blk_17_references_in_every_place(scim):
    response = scim.bulk(
        post_user("boss", "b"),
        post_user("a", "u", **with_manager("bulkId:b")),
        post_group("Guides", "g", ["bulkId:u"]),
        patch("/Groups/bulkId:g", {"op": "add", "path": "members", "value": {"value": "bulkId:b"}}),
        patch(
            "/Users/bulkId:b",
            {"op": "add", "path": f"{ENTERPRISE}:manager.value", "value": "bulkId:u"},
        ),
        patch("/Groups/bulkId:g", {"op": "remove", "path": 'members[value eq "bulkId:u"]'}),
        post_user("c", "c", **{ENTERPRISE: {"manager": {"$ref": "../Users/bulkId:b"}}}),
    )
    assert statuses(response) == ["201", "201", "201", "204", "200", "204", "201"]
    boss, user, group, third = (id_of(results(response)[i]) for i in (0, 1, 2, 6))

    def manager(scim_id):
        return scim.get(f"/Users/{scim_id}").data[ENTERPRISE]["manager"]["value"]

    assert [manager(each) for each in (user, boss, third)] == [boss, user, boss]
    members = scim.get(f"/Groups/{group}").data["members"]
    assert [member["value"] for member in members] == [boss]


def test_blk_18_cycles(scim):
    response = scim.bulk(
        post_user("a", "a", **with_manager("bulkId:c")),
        post_user("b", "b", **with_manager("bulkId:a")),
        post_user("c", "c", **with_manager("bulkId:b")),
        post_user("self", "s", **with_manager("bulkId:s")),
    )
    assert statuses(response) == ["201"] * 4
    ids = [id_of(each) for each in results(response)]
    managers = [scim.get(f"/Users/{each}").data[ENTERPRISE]["manager"]["value"] for each in ids]
    assert managers == [ids[2], ids[0], ids[1], ids[3]]


def test_blk_18_cycle_fails_as_a_whole(scim):
    scim.make_user("c")
    response = scim.bulk(
        post_user("a", "a", **with_manager("bulkId:c")),
        post_user("c", "c", **with_manager("bulkId:a")),
        post_user("d", "d"),
    )
    assert statuses(response) == ["409", "409", "201"]
    assert sorted(each["userName"] for each in scim.find("userName pr")) == ["c", "d"]
    assert "scimType" not in results(response)[0]["response"]
    assert results(response)[1]["response"]["scimType"] == "uniqueness"


def test_blk_19_forward_references(scim):
    response = scim.bulk(post_group("Guides", "g", ["bulkId:1", "bulkId:2"]), post_user("a", "1"),
                         post_user("b", "2"))  # fmt: skip
    assert statuses(response) == ["201"] * 3
    group, *users = (id_of(each) for each in results(response))
    members = scim.get(f"/Groups/{group}").data["members"]
    assert {member["value"] for member in members} == set(users)


def test_blk_20_unresolved_references(scim):
    unknown = scim.bulk(post_group("Guides", "g", ["bulkId:nobody"]))
    assert "nobody" in assert_rejected(unknown, 400, "invalidValue")["detail"]
    response = scim.bulk(
        post_user("", "u"),
        post_group("Guides", "g", ["bulkId:u"]),
        {"method": "DELETE", "path": "/Groups/bulkId:g"},
    )
    assert statuses(response) == ["400", "409", "409"]
    assert scim.get("/Groups").data["totalResults"] == 0


def test_blk_21_texts_are_not_references(scim):
    texts = {"title": "bulkId:1", "displayName": "bulkId:unknown", "externalId": "bulkId:1"}
    made = scim.bulk(post_user("bulkId:1", "1", **texts))
    assert statuses(made) == ["201"]
    user = scim.get(f"/Users/{id_of(results(made)[0])}").data
    assert user["userName"] == "bulkId:1"
    assert {name: user[name] for name in texts} == texts


def test_blk_22_order_of_the_client_is_kept(scim):
    """Independent operations are processed in the order in which they were sent."""
    path = f"/Users/{scim.make_user()['id']}"
    titles = [patch(path, {"op": "replace", "path": "title", "value": t}) for t in "abc"]
    assert statuses(scim.bulk(*titles, post_user("a", "1"))) == ["200"] * 3 + ["201"]
    assert scim.get(path).data["title"] == "c"


def test_blk_22_name_is_freed_before_it_is_used_again(scim):
    """The group waits for its member, but the member does not move before the renaming."""
    path = f"/Users/{scim.make_user('ann')['id']}"
    rename = patch(path, {"op": "replace", "path": "userName", "value": "ann.old"})
    answer = scim.bulk(post_group("G", "g", ["bulkId:1"]), rename, post_user("ann", "1"))
    assert statuses(answer) == ["201", "200", "201"]
    assert scim.get(path).data["userName"] == "ann.old"


def test_blk_22_operations_on_one_resource_stay_in_order(scim):
    """The first operation waits for a new manager, so the second one waits as well."""
    path = f"/Users/{scim.make_user()['id']}"
    first = patch(
        path,
        {"op": "replace", "path": "title", "value": "first"},
        {"op": "replace", "path": f"{ENTERPRISE}:manager.value", "value": "bulkId:1"},
    )
    second = patch(path, {"op": "replace", "path": "title", "value": "second"})
    assert statuses(scim.bulk(first, second, post_user("boss"))) == ["200", "200", "201"]
    assert scim.get(path).data["title"] == "second"


def test_t24_groups_contain_only_users(scim):
    """The groups of this site cannot contain each other, so neither is created."""
    response = scim.bulk(post_group("A", "a", ["bulkId:b"]), post_group("B", "b", ["bulkId:a"]))
    assert statuses(response) == ["400", "400"]
    for each in results(response):
        assert "members: must refer to a User" in each["response"]["detail"]
    assert scim.get("/Groups").data["totalResults"] == 0


def test_t24_two_groups_with_the_same_users(scim):
    response = scim.bulk(
        post_group("A", "a", ["bulkId:1", "bulkId:2"]),
        post_group("B", "b", ["bulkId:2", "bulkId:1"]),
        post_user("one", "1"),
        post_user("two", "2"),
    )
    assert statuses(response) == ["201"] * 4
