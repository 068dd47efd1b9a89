from __future__ import annotations

import pytest

from agentrun.tools.docstring import parse_docstring

GOOGLE = """Look up an order.

    Use it when the caller asks
    where a parcel is.

    Args:
        order_id: The number of the order,
            for example: A1001.
        limit (int, optional): How many.

    Returns:
        order: not a parameter.
    """
NUMPY = """Look up an order.

    Use it when the caller asks
    where a parcel is.

    Parameters
    ----------
    order_id : str
        The number of the order,
        for example: A1001.
    limit : int, optional
        How many.

    Returns
    -------
    order : dict
        Not a parameter.
    """
SPHINX = """Look up an order.

    Use it when the caller asks
    where a parcel is.

    :param str order_id: The number of the order,
        for example: A1001.
    :param limit: How many.
    :returns: order: not a parameter.
    """


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX], ids=["google", "numpy", "sphinx"])
def test_three_styles_say_the_same(text: str) -> None:
    doc = parse_docstring(text)
    assert doc.description == "Look up an order.\n\nUse it when the caller asks where a parcel is."
    assert doc.parameters == {
        "order_id": "The number of the order, for example: A1001.",
        "limit": "How many.",
    }


def test_no_docstring_and_one_without_sections() -> None:
    assert parse_docstring(None).description == ""
    assert parse_docstring("Returns the order: quickly.").description == "Returns the order: quickly."


def test_korean() -> None:
    doc = parse_docstring("예약을 취소합니다.\n\n    Args:\n        name: 환자의 이름.\n")
    assert (doc.description, doc.parameters) == ("예약을 취소합니다.", {"name": "환자의 이름."})
