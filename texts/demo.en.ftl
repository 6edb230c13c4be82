# What the demo says.

help-demo = A town in a minute: three told stories and a crowd of real cases climb the whole ladder, on a policy whose working day lasts a second. Uses a state folder of its own and leaves nothing running.
option-cases = how many cases besides the stories
option-seed = what departments and citizens do is drawn from it
demo-ready = Running. Temporal's own page, as long as the demo lasts: { $ui }
demo-headline = { $opened } of { $expected } cases opened, { $closed } closed, { $escalations } limits passed so far
demo-column-rung = Highest rung reached
demo-column-closing = How it ended
demo-column-cases = Cases
demo-open = still open
demo-done = { $cases } cases have lived their lives in { $seconds } s ({ $source ->
    [pingshan] real cases of Pingshan's hotline and three stories
   *[other] cases made for the project and three stories
  }).
demo-story-gate = The blocked gate: 10:30 pm, cars block an estate's gate. Solved within the half hour.
demo-story-shed = The rooftop shed: entered by a grid worker; street, judicial office and urban management side by side.
demo-story-building = The illegal building: nobody moves, until it has climbed all five rungs.
demo-story = { $title } → { $case }: { $closing }, highest rung { $rung }
demo-lateness = { $number } escalations by time: { $median } ms late at the median, { $worst } ms at worst.
demo-delivery = { $number } first orders: { $median } ms from acceptance to the department at the median, { $worst } ms at worst.
demo-trail = The climbing case, { $case }, from its first fact to its last:
demo-ledger = Ledger verified: { $entries } entries of { $cases } cases, every chain recomputed.
demo-unaccounted = Not accounted for: { $case }
demo-problem = Wrong: { $problem }
demo-sound = Every case is accounted for.
demo-unsound = NOT every case is accounted for.
demo-next = What to type next:
      LIANDONG_STATE={ $state } { $program } up          start the same system again, and in another terminal:
      LIANDONG_STATE={ $state } { $program } case list
      LIANDONG_STATE={ $state } { $program } case trail demo-illegal-building
      LIANDONG_STATE={ $state } { $program } ledger verify
error-demo-state-taken = { $path } exists and is not a demo's folder: it is left alone. Name another place with --state.
