"""How many requests are to be expected where and when, learned from earlier days."""
