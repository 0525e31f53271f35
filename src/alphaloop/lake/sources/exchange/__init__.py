"""Market history from exchanges over their REST interfaces, through ccxt.

`fetch` yields frames of the lake page by page, `last_stored` says where to go on,
`instruments` says what can be traded. Needs the extra ``[brokers]``.
"""

from alphaloop.lake.sources.exchange.client import Client
from alphaloop.lake.sources.exchange.fetch import KINDS, Page, Wanted, fetch, last_stored
from alphaloop.lake.sources.exchange.instruments import instruments
from alphaloop.lake.sources.exchange.retry import Patience

__all__ = ["KINDS", "Client", "Page", "Patience", "Wanted", "fetch", "instruments", "last_stored"]
