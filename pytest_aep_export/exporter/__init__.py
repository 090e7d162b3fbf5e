"""The export itself: the plan, the engine, and the oracle that proves it."""
