"""A browser's cookie is its secret; its owner's name is not."""

import pytest

from webui.jobs.identity import new_cookie, owner_of


def test_a_cookie_is_random_and_leads_to_one_owner() -> None:
    cookies = {new_cookie() for _ in range(100)}
    assert len(cookies) == 100
    assert all(len(cookie) == 32 for cookie in cookies)
    owners = {owner_of(cookie) for cookie in cookies}
    assert len(owners) == 100
    assert None not in owners
    assert owners & cookies == set()
    cookie = cookies.pop()
    assert owner_of(cookie) == owner_of(cookie)


@pytest.mark.parametrize(
    "cookie", [None, "", "api", "0" * 31, "0" * 33, "G" * 32, "A" * 32, "0" * 31 + "\n", "٠" * 32]
)
def test_anything_else_is_nobody(cookie: str | None) -> None:
    assert owner_of(cookie) is None
