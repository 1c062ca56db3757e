package table

// Schema describes the table. It is one value: the tests, the local run and
// the CDK app make their tables from it, so the tested table is the deployed one.
type Schema struct {
	PK, SK  string // attribute names of the primary key
	Version string
	Expires string // epoch seconds; the attribute of DynamoDB's time to live
	Body    string
	Indexes []IndexSchema
}

// IndexSchema describes a sparse secondary index that projects whole items.
type IndexSchema struct {
	Name   Index
	PK, SK string
}

// The indexes, by what they are for.
const (
	ByName Index = "by-name" // lists in the order of a name
	ByTime Index = "by-time" // work that is due at a time
)

// TheSchema is the one table.
var TheSchema = Schema{
	PK: "pk", SK: "sk", Version: "v", Expires: "expires", Body: "body",
	Indexes: []IndexSchema{
		{Name: ByName, PK: "n_pk", SK: "n_sk"},
		{Name: ByTime, PK: "t_pk", SK: "t_sk"},
	},
}
