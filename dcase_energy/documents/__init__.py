"""From bytes to data with positions. Nothing here raises for what an input holds; it yields findings."""
