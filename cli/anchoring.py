"""What anchors and dossiers are signed with, and where anchors go, by the settings."""

from outbox.anchors import Anchoring
from runtime.settings import Settings
from runtime.state import StateFolder


def anchoring_of(settings: Settings) -> Anchoring:
    """By the settings; the key is made in the state folder at the first call. Raises Invalid, Unavailable."""
    from dossiers.seal import Seal

    state = StateFolder(settings.state)
    key = settings.anchor_key or state.anchor_key()
    folder = settings.anchors or state.anchors
    return Anchoring(seal=Seal(key.get_secret_value()), folder=folder, url=settings.anchor_url)
