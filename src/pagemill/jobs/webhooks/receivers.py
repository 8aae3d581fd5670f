"""Which receivers are refused at once, and not only when there is something to tell them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagemill.errors import BlockedAddressError, InvalidUrlError, UnfetchableUrlError
from pagemill.fetching.egress.rules import EgressRules

if TYPE_CHECKING:
    from pagemill.settings import Settings


def check_receiver(url: str, field: str, settings: Settings) -> None:
    """Raise errors.InvalidUrlError for a URL that no delivery could go to. Names are looked up by each delivery."""
    try:
        EgressRules(settings).check_url(url)
    except (BlockedAddressError, UnfetchableUrlError) as error:
        raise InvalidUrlError(
            f"The field `{field}` is not valid: no webhook can be sent there. {error.message}", field
        ) from None
