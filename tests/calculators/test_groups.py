"""Batches are split without losing, repeating or reordering anything."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from amalgamics.calculators.groups import consecutive_groups


@given(st.lists(st.integers(1, 30)), st.integers(1, 40))
def test_groups_keep_the_order_and_the_limit(sizes, limit):
    groups = [sizes[part] for part in consecutive_groups(sizes, limit)]
    assert [size for group in groups for size in group] == sizes
    assert all(group and (len(group) == 1 or sum(group) <= limit) for group in groups)
    # None could have been joined with the next one's first member.
    assert all(sum(group) + following[0] > limit for group, following in pairwise(groups))


def test_groups_keep_every_member_and_the_order():
    sizes = [4, 6, 1, 20, 3, 0, 7, 1]
    groups = [sizes[group] for group in consecutive_groups(sizes, 10)]
    assert groups == [[4, 6], [1], [20], [3, 0, 7], [1]]
    assert list(consecutive_groups([], 10)) == []
