def lookup_order(order_id: str = "") -> str:
    """Look up where an order is."""
    return order_id
