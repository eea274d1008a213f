"""Riders by the thousand, over HTTP and nothing else: Locust's gevent and asyncio do not mix."""
