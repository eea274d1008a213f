"""Messages as bytes: protobuf codec and topics."""
