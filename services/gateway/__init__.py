"""HTTP to topics and back."""
