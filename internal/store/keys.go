package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/table"
)

// Every key shape of the table. An organization's things share its partition
// only as far as they are read together; the prefix of a partition key says
// whose it is, so that a permission can be cut to it.

func organizationKey(id domain.OrganizationID) table.Key {
	return table.Key{PK: "ORG#" + string(id), SK: "ORG"}
}

func administratorsKey(id domain.OrganizationID) table.Key {
	return table.Key{PK: "ORG#" + string(id), SK: "ADMINS"}
}

func membershipKey(org domain.OrganizationID, person domain.PersonID) table.Key {
	return table.Key{PK: "ORG#" + string(org), SK: "USER#" + string(person)}
}

func resourceKey(org domain.OrganizationID, id domain.ResourceID) table.Key {
	return table.Key{PK: "ORG#" + string(org), SK: "RES#" + string(id)}
}

func referenceKey(org domain.OrganizationID, ref domain.ResourceRef) table.Key {
	return table.Key{PK: "ORG#" + string(org), SK: "REF#" + string(ref.Type) + "#" + ref.Reference}
}

func mandatesKey(principal, agent domain.OrganizationID) table.Key {
	return table.Key{PK: "ORG#" + string(principal), SK: "MANDATES#" + string(agent)}
}

// subscriptionKey hashes the id, which may be somebody's telephone number.
func subscriptionKey(org domain.OrganizationID, id domain.SubscriptionID) table.Key {
	sum := sha256.Sum256([]byte(id))
	return table.Key{PK: "ORG#" + string(org), SK: "SUB#" + hex.EncodeToString(sum[:])}
}

// nationalIDKey has a keyed hash, never a code.
func nationalIDKey(org domain.OrganizationID, hash string) table.Key {
	return table.Key{PK: "ORG#" + string(org), SK: "NID#" + hash}
}

func serviceKey(id domain.ServiceID) table.Key {
	return table.Key{PK: "SERVICES", SK: string(id)}
}

func personKey(id domain.PersonID) table.Key {
	return table.Key{PK: "PERSON#" + string(id), SK: "PERSON"}
}

// linkKey has one place per person and purpose, and per organization where the
// purpose is an organization's: a newer link takes the older one's.
func linkKey(ref domain.LinkRef) table.Key {
	sk := "LINK#" + string(ref.Purpose)
	if ref.Purpose == domain.ForActivation {
		sk += "#" + string(ref.Organization)
	}
	return table.Key{PK: "PERSON#" + string(ref.Person), SK: sk}
}

func sessionKey(person domain.PersonID, id domain.SessionID) table.Key {
	return table.Key{PK: "SESSION#" + string(person), SK: string(id)}
}

// emailKey hashes the address: keys turn up in traces and metrics.
func emailKey(e domain.Email) table.Key {
	sum := sha256.Sum256([]byte(e))
	return table.Key{PK: "EMAIL#" + hex.EncodeToString(sum[:]), SK: "EMAIL"}
}

func businessKey(country domain.Country, id string) table.Key {
	return table.Key{PK: "BUSINESS#" + string(country) + "#" + id, SK: "BUSINESS"}
}

func auditKey(org domain.OrganizationID, id domain.AuditID) table.Key {
	return table.Key{PK: "AUDIT#" + string(org), SK: string(id)}
}

// sealKey sorts by number, below chainKey.
func sealKey(org domain.OrganizationID, number int64) table.Key {
	return table.Key{PK: "SEAL#" + string(org), SK: fmt.Sprintf("%012d", number)}
}

func chainKey(org domain.OrganizationID) table.Key {
	return table.Key{PK: "SEAL#" + string(org), SK: "CHAIN"}
}

var sweepKey = table.Key{PK: "SEAL#SWEEP", SK: "SWEEP"}

func erasureKey(id domain.PersonID) table.Key {
	return table.Key{PK: "ERASED", SK: string(id)}
}

func mailKey(id domain.MailID) table.Key {
	return table.Key{PK: "MAIL#" + string(id), SK: string(id)}
}

func attemptsKey(key string) table.Key {
	return table.Key{PK: "ATTEMPTS#" + key, SK: "ATTEMPTS"}
}

func runKey(job string) table.Key {
	return table.Key{PK: "JOB#" + job, SK: "RUN"}
}

func digestKey(ref domain.DigestRef) table.Key {
	return table.Key{PK: "DIGEST#" + string(ref.Organization), SK: string(ref.Day)}
}

func receiptKey(key string) table.Key {
	return table.Key{PK: "RECEIPT#" + key, SK: "RECEIPT"}
}

// registerKey is of a public register's answer; key begins with the country.
func registerKey(key string) table.Key {
	return table.Key{PK: "REGISTER#" + key, SK: "REGISTER"}
}

var signingKey = table.Key{PK: "SIGNING", SK: "SIGNING"}

// Index by name.

func usersByName(org domain.OrganizationID) string { return "ORG#" + string(org) }

func removedByName(org domain.OrganizationID) string { return "ORG#" + string(org) + "#REMOVED" }

func resourcesByName(org domain.OrganizationID, of domain.ScopeType) string {
	return "ORG#" + string(org) + "#RES#" + string(of)
}

// receivedByName begins with the agent, whose list it is.
func receivedByName(agent domain.OrganizationID) string { return "ORG#" + string(agent) + "#RECEIVED" }

const organizationsByName = "ORGS"

// mailsByPerson is where the outbox items to a person are, by their ids.
func mailsByPerson(id domain.PersonID) string { return "PERSON#" + string(id) + "#MAIL" }

// Index by time.

// mailsByTime is where outbox items are that somebody has to see to.
var mailsByTime = map[domain.MailShelf]string{
	domain.MailsDue: "MAIL#DUE", domain.MailsAside: "MAIL#ASIDE", domain.MailsDead: "MAIL#DEAD", domain.MailsUndelivered: "MAIL#UNDELIVERED",
}

// A day's audit of all organizations is in several partitions, so that none has
// to take all writes; an organization's is in one of them.
const auditShards = 8

func auditByTime(day time.Time, shard byte) string {
	return fmt.Sprintf("AUDIT#DAY#%s#%d", day.UTC().Format(time.DateOnly), shard)
}

func auditShard(org domain.OrganizationID) byte {
	sum := sha256.Sum256([]byte(org))
	return sum[0] % auditShards
}

// agendaByTime is where memberships wait for the clock.
func agendaByTime(shard int) string { return fmt.Sprintf("AGENDA#%d", shard) }

// agendaAside is where those are that could not be seen to.
const agendaAside = "AGENDA#ASIDE"

func agendaShard(person domain.PersonID) int {
	sum := sha256.Sum256([]byte(person))
	return int(sum[0]) % domain.AgendaShards
}

func agendaKey(m *domain.Membership) table.Key {
	return table.Key{PK: agendaByTime(agendaShard(m.Person)), SK: timeKey(m.Agenda.Next, string(m.Organization)+"#"+string(m.Person))}
}

const timeForm = "2006-01-02T15:04:05.000Z"

// timeKey sorts as times do.
func timeKey(t time.Time, id string) string {
	return t.UTC().Format(timeForm) + "#" + id
}
