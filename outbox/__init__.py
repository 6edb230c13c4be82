"""The transactional outbox: what is stored first and handed over after, at once or by the sweep.

Three things leave by it: a demand to the engine, a department's reply to the case that waits for it, an
order to its department. Each can be handed over twice without a second effect.
"""
