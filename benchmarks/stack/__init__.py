"""The real stack beside a bare echo of its shape."""
