# What liandong department simulate says.

help-department-simulate = Play departments as a process: take their orders over HTTP and answer them, obediently or not. For trying things out, and for those who build a department's side.
argument-departments = the departments' codes; several are played side by side
option-simulate-all = all departments of the directory
option-secret = the department's secret (two during a rotation); without it, what the key table says
option-simulate-host = the address to listen on
option-simulate-port = the port to listen on; 0 picks one that is free
option-simulate-gateway = where the gateway is; where it is left out, the address printed on each order
option-conduct = how they behave
option-simulate-seed = what they decide is drawn from it
option-within = how long an obedient department takes for an order
option-register = enter the endpoints in the directory for as long as this runs
option-for = stop after this time: 90s, 10m, 2h; until Ctrl-C where it is left out

simulating = { $departments ->
    [one] One department answers
   *[other] { $departments } departments answer
 } at { $url }/departments/CODE ({ $conduct }). Ctrl-C ends it.
simulating-private = { $host } is no public address: orders come here only if LIANDONG_ALLOWED_NETWORKS allows it where the worker runs.
column-received = Came in
column-taken = Heard
column-overtaken = Overtaken
column-rightly-refused = Refused as it should be
column-unheard = Not heard
column-wrong = Wrong

error-input-length = { $value } is no length of time; write it like 90s, 10m or 2h.
error-secret-malformed = A secret is whsec_ and base64 after it, as liandong department key show CODE prints it.
error-secret-of-one = --secret belongs to one department: name just one CODE with it.
