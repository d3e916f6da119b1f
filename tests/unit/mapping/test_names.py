"""Names in two parts."""

import pytest

from mapping.names import is_east_asian, join_name, split_name


@pytest.mark.parametrize(
    ("last", "first", "full"),
    [
        ("张三", None, "张三"),
        ("张", "三", "张三"),
        ("Lovelace", "Ada", "Ada Lovelace"),
        ("王", "David", "David 王"),
        ("", "Ada", "Ada"),
        (None, None, None),
        ("  ", "", None),
        (" van  der\nBerg ", "Jan", "Jan van der Berg"),
    ],
)
def test_two_parts_make_one_name(last, first, full):
    assert join_name(last, first) == full


@pytest.mark.parametrize(
    ("full", "parts"),
    [
        ("欧阳 娜娜", ("欧阳 娜娜", None)),
        ("张三", ("张三", None)),
        ("Ada King Lovelace", ("Lovelace", "Ada King")),
        ("Plato", ("Plato", None)),
        ("David 王", ("王", "David")),
        ("田中 さくら", ("田中 さくら", None)),
        ("Ada  Lovelace", ("Lovelace", "Ada")),
    ],
)
def test_a_name_is_split_at_its_last_space_unless_it_is_east_asian(full, parts):
    assert split_name(full) == parts


def test_a_name_of_signs_alone_is_not_east_asian():
    assert not is_east_asian("123")
    assert is_east_asian("阿卜杜拉·买买提")
