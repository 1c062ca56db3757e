# Functions to try the demo data with while `make run` runs: `. profiles/try.sh` in bash; needs curl and jq.
# Everybody gets the same password, which is fine for people who do not exist.
api=${api:-http://127.0.0.1:8080} # of another ADDR, set it before
password='correct horse battery'

# call METHOD PATH [JSON]: a request, as whoever has entered last.
call() {
  local send=(-sS -X "$1" -H 'Content-Type: application/json')
  [ -z "$token" ] || send+=(-H "Authorization: Bearer $token")
  [ -z "$3" ] || send+=(-d "$3")
  curl "${send[@]}" "$api$2"
}

# enter EMAIL: activates the account by the mails in the mailbox and signs in. From then on $token is the session's
# and $org the person's first organization.
enter() {
  local link session try
  token=
  for try in 1 2 3 4 5; do # a mail leaves a moment after what it tells of
    for link in $(curl -sS -H 'Accept: application/json' "$api/_local/mail" | jq -r --arg to "$1" '.[] | select(.to == $to).links[]'); do
      call POST /v1/activations "{\"token\": \"${link#*token=}\", \"password\": \"$password\"}" > /dev/null
    done
    session=$(call POST /v1/sessions "{\"email\": \"$1\", \"password\": \"$password\"}")
    token=$(jq -r '.token // empty' <<< "$session")
    [ -z "$token" ] || break
    sleep 1
  done
  [ -n "$token" ] || echo "$1 cannot sign in: $(jq -r .detail <<< "$session")" >&2
  org=$(jq -r '.memberships[0].organizationId // empty' <<< "$session")
}

# may EMAIL RIGHT [PLACE]: asks as another module of the portal does. The place is the name of a resource in the
# person's organization or of another organization; none is the person's own organization.
may() {
  local token=$token org own user place kind
  enter "$1"
  enter operator@example.com
  own=$(for org in $(call GET /v1/organizations | jq -r '.items[].id'); do
    user=$(call GET "/v1/organizations/$org/users?limit=200" | jq -r --arg e "$1" '.items[] | select(.email == $e).id')
    [ -z "$user" ] || echo "$org $user"
  done | head -1)
  read -r own user <<< "$own"
  place=$(call GET /v1/organizations | jq -c --arg n "${3:-}" --arg own "$own" '.items[] | select(.name == $n or $n == "" and .id == $own) | {type: "organization", id}')
  for kind in $(call GET /v1/profile | jq -r '.resourceTypes[].key'); do
    [ -n "$place" ] || place=$(call GET "/v1/organizations/$own/resources?type=$kind&limit=200" |
      jq -c --arg n "$3" --arg o "$own" '.items[] | select(.name == $n) | {type, id, properties: {organization: $o}}')
  done
  token=$(call POST /v1/services '{"name": "try.sh", "scopes": ["evaluate"]}' | jq -r .token)
  call POST /access/v1/evaluation "{\"subject\": {\"type\": \"user\", \"id\": \"$user\", \"properties\": {\"organization\": \"$own\"}},
    \"action\": {\"name\": \"$2\"}, \"resource\": $place}" | jq -c .
}
