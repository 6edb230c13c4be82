"""The search attributes that a case shows to Temporal: what lists and operators filter by.

They stay in clear even where payloads are encrypted, so nothing about a citizen is ever put here. Names
are registered in every namespace (``runtime.temporal.ensure_search_attributes``): add, never rename.
"""

from typing import Any, Final

from temporalio.common import SearchAttributeKey

RUNG: Final = SearchAttributeKey.for_keyword("LiandongRung")
"""The rung that the case is on."""
STATUS: Final = SearchAttributeKey.for_keyword("LiandongStatus")
"""How the case stands."""
DEPARTMENT: Final = SearchAttributeKey.for_keyword("LiandongDepartment")
"""Code of the lead department."""

SEARCH_ATTRIBUTES: Final[tuple[SearchAttributeKey[Any], ...]] = (RUNG, STATUS, DEPARTMENT)
"""All of them."""
