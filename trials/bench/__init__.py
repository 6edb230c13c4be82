"""What a case costs: the bare engine, Liandong, and the same lifecycle on DBOS, side by side in one run.

``python -m trials.bench`` starts real servers and real processes, plays the same life of a case on each of
three sides in turn, and prints ratios; ``docs/bench.md`` says what is equal between them and what is not.
"""
