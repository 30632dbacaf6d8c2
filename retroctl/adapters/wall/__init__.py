"""The client's wall screen: one read-only page behind the belt, fed by server-sent events. Needs the extra `wall`."""
