## The way to the departments and back: callbacks, keys, tokens, the gateway

callback-kind-acknowledge = acknowledgement
callback-kind-progress = interim word
callback-kind-reply = reply
callback-kind-return = return
callback-kind-extension = request for more time

callback-outcome-kept = kept, not yet handed to its case
callback-outcome-accepted = accepted
callback-outcome-late = came late, kept
callback-outcome-refused = refused
callback-outcome-after-closing = came after the case was closed, kept as late

token-kind-clerk = clerk
token-kind-client = citizens' channel
token-kind-grid = grid worker

command-progress = give an interim word
command-note-undelivered = note that a department's system did not take the order

fact-kind-order-progress = interim word
fact-kind-order-undelivered = not taken by the department's system, left in its inbox

said-acknowledge = Order { $order } is acknowledged.
said-progress = The interim word on order { $order } is on record; no limit has moved.
said-reply = The reply to order { $order } was received in time.
said-return = Order { $order } is returned.
said-extension = Order { $order } has more time. This was the extension.
said-late = The { $kind } on order { $order } came late; it is kept and shown, and decides nothing.
said-kept = The { $kind } on order { $order } is kept; the engine is away, and its case is told when the engine is back.
said-after-closing = The { $kind } on order { $order } came after its case was closed; it is kept and shown as late.
said-before = The same { $kind } on order { $order } was received before ({ $outcome }); nothing was changed.

left-in-inbox = in the inbox, because the department's system did not take it
endpoint-is = { $department } takes its orders at { $url }, { $concurrency } at a time; what it does not take within { $minutes } minutes is left in its inbox.
endpoint-none = { $department } has no system of its own; its orders wait in its inbox.
key-is = Key { $serial } ({ $until }): { $secret }
key-in-force = in force
token-issued = Token { $token } for { $holder }; it is shown this once:
token-revoked-now = Token { $token } opens nothing any more.
no-tokens = No token has been issued.

column-delivery = Delivery
column-token = Token
column-holder = Holder
column-issued = Issued
column-revoked = Revoked

error-department-unreachable = The system of { $department } does not take the order ({ $reason }); it is tried again.
error-signature-wrong = The request does not prove to come from the department it names: sign its body with the department's secret (Standard Webhooks; liandong department key show CODE), and not more than five minutes before it is sent.
error-not-authenticated = The request does not say who it comes from; send a signature or a token (liandong token issue).
error-token-needed = Reading needs a clerk's token (liandong token issue --kind clerk); a signature is for callbacks.
error-token-revoked = This token was revoked; a new one is needed (liandong token issue).
error-token-opens-another-door = This token opens another door: { $kind }.
error-token-department = A clerk's token names a department, any other one does not.
error-token-unknown = There is no token { $token }; liandong token list shows them.
error-token-revoked-before = Token { $token } was revoked at { $at } already.
error-keys-two-valid = { $department } has two keys that count already; wait until the older one has ended. Possible: { $allowed }.
error-key-unknown = { $department } has no key { $serial } that counts; liandong department key show lists them.
error-key-is-the-last = { $department } has no other key that counts; give it a new one first. Possible: { $allowed }.
error-media-type-wrong = The body must be { $allowed }.
error-body-cut-off = The body ended before it was complete.
error-body-too-slow = The body did not come in within { $seconds } seconds.
error-not-utf8 = The body is no text in UTF-8.

field-kind = kind
field-holder = holder

reason-contradicts-address = it is not the one of the address
reason-contradicts-token = it is not the holder of the token

help-order-progress = Tell what has been done so far; it moves no limit.
help-key = A department's signing keys.
help-key-show = Print the keys that count, with their secrets.
help-key-rotate = Give the department a new key; the one before counts on for a while.
help-key-revoke = End a key at once.
help-department-endpoint = Show or set where a department's own system takes orders.
help-token = Tokens of clerks, citizens' channels and grid workers.
help-token-issue = Issue a token; it is shown once, and only its hash is kept.
help-token-list = List what was issued, the newest first.
help-token-revoke = End a token at once.
argument-serial = the key's number
argument-token = the token's id, as the list shows it
option-callback-id = unique id that the department's system gave the callback; without one the same words are the same callback
option-endpoint-url = the address that takes orders
option-endpoint-inbox = the department has no system any more: its orders wait in its inbox
option-concurrency = how many messages go out to it at a time
option-inbox-after = after how long an order that the system does not take is left in the inbox
option-overlap = how long the key before counts on; 0: it ends now
option-token-kind = who carries it: a department's clerk, a citizens' channel, a grid worker
option-token-holder = the name or staff number of an official, or the name of a channel
option-token-department = the clerk's department

## The Open311 door

open311-above = A higher level decides how it goes on.
open311-answered = It has been answered; the hotline will call back.
open311-asked = { $department } has been asked.
open311-attribute-district = In which district it is, if you know.
open311-attribute-street = In which street's, town's or farm's area it is, if you know.
open311-attribute-urgency = How urgent it is; danger where life or property is at risk now.
open311-awaited = { $department } has it; awaited: { $awaited }
open311-choose-one = One of the values.
open311-closed = Closed: { $closing }.
open311-escalated = Escalated: { $rung }
open311-kept = It is kept, and will be passed on within a minute or so.
open311-overdue = the limit of { $until } has passed
open311-queued = The hotline's operators choose who deals with it.
open311-received = It has been received, and is being passed on.
open311-resting = the time limit rests until { $until }
