"""Routes for many requests at once: dial-a-ride problems, solved near the optimum, in time."""
