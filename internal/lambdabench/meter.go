package lambdabench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/fullmakt/fullmakt/internal/table"
)

// meter stands before DynamoDB Local and adds up what a function asks of it, and
// what that consumes. Where DynamoDB Local does not tell what DynamoDB takes, the
// meter finds it out: what is looked for and not there costs as much as the
// least that is, and two operations of a transaction that consume the same are
// still two. Those are therefore tried one by one, on a table beside.
type meter struct {
	url      string
	upstream string
	beside   string // name of that table
	server   *http.Server
	client   *http.Client

	mu      sync.Mutex
	usage   Usage
	givenUp bool // a call, by the function, which may have been answered all the same
	faults  []error
}

// Usage is what a function took of DynamoDB.
type Usage struct {
	Reads, Writes         int     // calls
	ReadUnits, WriteUnits float64 // request units, as on-demand tables are paid
}

func newMeter(upstream, beside string) (*meter, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("lambdabench: %w", err)
	}
	m := &meter{
		url: "http://" + listener.Addr().String(), upstream: upstream, beside: beside,
		// What is answered is passed on byte by byte: its checksum is in a header.
		client: &http.Client{Transport: &http.Transport{DisableCompression: true}},
	}
	m.server = &http.Server{Handler: m, ReadHeaderTimeout: time.Minute}
	go func() { _ = m.server.Serve(listener) }() // until it is closed
	return m, nil
}

func (m *meter) close() { _ = m.server.Close() }

// take returns what was used since it was last called, and whether the function
// has given up a call, which makes the numbers untrue.
func (m *meter) take() (usage Usage, givenUp bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	usage, givenUp, err = m.usage, m.givenUp, errors.Join(m.faults...)
	m.usage, m.givenUp, m.faults = Usage{}, false, nil
	return usage, givenUp, err
}

// ServeHTTP implements http.Handler.
func (m *meter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := m.pass(w, r)
	m.mu.Lock()
	defer m.mu.Unlock()
	again := r.Header.Get("Amz-Sdk-Request") // "attempt=1; max=6"
	if r.Context().Err() != nil || again != "" && !strings.HasPrefix(again, "attempt=1;") {
		m.givenUp = true
		return
	}
	if err == nil {
		return
	}
	m.faults = append(m.faults, fmt.Errorf("lambdabench: %s: %w", r.Header.Get("X-Amz-Target"), err))
	w.WriteHeader(http.StatusBadGateway)
}

func (m *meter) pass(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	c := call{m, r}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	var units func(answer []byte) (float64, error)
	switch operation {
	case "BatchGetItem":
		units = func(answer []byte) (float64, error) { return batchUnits(body, answer) }
	case "Query":
		units = func(answer []byte) (float64, error) { return queryUnits(body, answer) }
	case "TransactWriteItems":
		written, err := c.transactionUnits(body)
		if err != nil {
			return err
		}
		units = func([]byte) (float64, error) { return written, nil }
	default:
		return errors.New("is it a read or a write?")
	}
	answered, err := c.send(operation, body)
	if err != nil {
		return err
	}
	n := 0.0
	if answered.status == http.StatusOK { // what is refused is a call all the same
		if n, err = units(answered.body); err != nil {
			return err
		}
	}
	m.add(operation == "TransactWriteItems", n)
	maps.Copy(w.Header(), answered.header)
	w.WriteHeader(answered.status)
	_, err = w.Write(answered.body)
	return err
}

func (m *meter) add(write bool, units float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if write {
		m.usage.Writes++
		m.usage.WriteUnits += units
	} else {
		m.usage.Reads++
		m.usage.ReadUnits += units
	}
}

// call is one that a function makes, under whose name the meter makes its own.
type call struct {
	*meter
	*http.Request
}

// object is one of JSON.
type object map[string]json.RawMessage

// reply is what DynamoDB answers.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// send asks DynamoDB for something, and for what that consumes.
func (c call) send(operation string, body []byte) (reply, error) {
	var in object
	if err := json.Unmarshal(body, &in); err != nil {
		return reply{}, err
	}
	in["ReturnConsumedCapacity"] = json.RawMessage(`"INDEXES"`)
	body, err := json.Marshal(in)
	if err != nil {
		return reply{}, err
	}
	request, err := http.NewRequestWithContext(c.Context(), http.MethodPost, c.upstream, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	request.Header = c.Header.Clone() // DynamoDB Local asks who calls, and not whether that is true
	request.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	response, err := c.client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, answer}, err
}

// ask sends what the meter wants to know itself.
func (c call) ask(operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	answered, err := c.send(operation, body)
	if err != nil {
		return err
	}
	if answered.status != http.StatusOK {
		return fmt.Errorf("%s: %s", operation, answered.body)
	}
	return json.Unmarshal(answered.body, out)
}

// consumed is what a call tells that it took.
type consumed struct{ CapacityUnits float64 }

// leastRead is what a read of something that is not there takes.
func leastRead(consistent bool) float64 {
	if consistent {
		return 1
	}
	return 0.5
}

func batchUnits(body, answer []byte) (units float64, err error) {
	var in struct {
		RequestItems map[string]struct {
			Keys           []object
			ConsistentRead bool
		}
	}
	var out struct {
		Responses        map[string][]object
		ConsumedCapacity []consumed
	}
	if err := errors.Join(json.Unmarshal(body, &in), json.Unmarshal(answer, &out)); err != nil {
		return 0, err
	}
	for name, asked := range in.RequestItems {
		units += float64(len(asked.Keys)-len(out.Responses[name])) * leastRead(asked.ConsistentRead)
	}
	for _, c := range out.ConsumedCapacity {
		units += c.CapacityUnits
	}
	return units, nil
}

func queryUnits(body, answer []byte) (float64, error) {
	var in struct{ ConsistentRead bool }
	var out struct{ ConsumedCapacity consumed }
	err := errors.Join(json.Unmarshal(body, &in), json.Unmarshal(answer, &out))
	return max(out.ConsumedCapacity.CapacityUnits, leastRead(in.ConsistentRead)), err
}

// transactionUnits is what a transaction that is about to be sent will consume.
func (c call) transactionUnits(body []byte) (units float64, err error) {
	var in struct{ TransactItems []map[string]object }
	if err := json.Unmarshal(body, &in); err != nil {
		return 0, err
	}
	for _, item := range in.TransactItems {
		for kind, operation := range item {
			n, err := c.operationUnits(kind, operation)
			if err != nil {
				return 0, err
			}
			units += n
		}
	}
	return units, nil
}

// operationUnits tries one operation of a transaction on the table beside, where
// it finds what it will find in the table itself.
func (c call) operationUnits(kind string, operation object) (float64, error) {
	key := operation["Key"]
	if kind == "Put" {
		var item object
		if err := json.Unmarshal(operation["Item"], &item); err != nil {
			return 0, err
		}
		of, err := json.Marshal(object{table.TheSchema.PK: item[table.TheSchema.PK], table.TheSchema.SK: item[table.TheSchema.SK]})
		if err != nil {
			return 0, err
		}
		key = of
	}
	var found struct{ Item json.RawMessage }
	if err := c.ask("GetItem", map[string]any{"TableName": operation["TableName"], "Key": key, "ConsistentRead": true}, &found); err != nil {
		return 0, err
	}
	before, in := "DeleteItem", map[string]any{"TableName": c.beside, "Key": key}
	if found.Item != nil {
		before, in = "PutItem", map[string]any{"TableName": c.beside, "Item": found.Item}
	}
	if err := c.ask(before, in, &struct{}{}); err != nil {
		return 0, err
	}
	alone := maps.Clone(operation)
	name, err := json.Marshal(c.beside)
	if err != nil {
		return 0, err
	}
	alone["TableName"] = name
	var out struct{ ConsumedCapacity []consumed }
	if err := c.ask("TransactWriteItems", map[string]any{"TransactItems": []any{map[string]any{kind: alone}}}, &out); err != nil {
		return 0, err
	}
	units := 0.0
	for _, n := range out.ConsumedCapacity {
		units += n.CapacityUnits
	}
	return units, nil
}
