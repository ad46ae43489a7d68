"""How many of the account's concurrent executions a deployment reserves.

The controller has one, so that ticks never overlap. A function that answers without a token has as
many as its open routes could need: whoever floods them takes no more of the account's, and no other
function stands still for it. It imports nothing, for `leasehold doctor` asks it, too.
"""

CONTROLLER = 1
WEBHOOK = 5  # it answers at once
CONSOLE = 50  # so does this, to pages that ask for all their files together, some thirty each
GATEWAY = 100  # two hundred callers at once, whom the API lets in at ten a second
MODELS = 50  # where a definition's public path is answered by it
PUBLIC_FUNCTION = 10
ALWAYS = CONTROLLER + WEBHOOK + CONSOLE + GATEWAY
