"""``navette explain``: why a ride of a recorded day got the answer that it got."""
