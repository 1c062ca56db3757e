package job

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Event is one of EventBridge's, as far as it counts here. It comes at least
// once, and in no order; source and id are the same each time.
type Event struct {
	ID     string          `json:"id"`
	Source string          `json:"source"`
	Type   string          `json:"detail-type"`
	Detail json.RawMessage `json:"detail"`
}

// Refused is ErrEvent with all that is wrong in a detail, by the pointers of its
// members and without their values.
func Refused(faults domain.Faults) error {
	if len(faults) == 0 {
		return nil
	}
	var all []string
	for _, f := range faults {
		all = append(all, "detail"+f.Pointer+": "+f.Detail)
	}
	return fmt.Errorf("%w: %s", ErrEvent, strings.Join(all, " "))
}

// Key tells events apart.
func (e Event) Key() string { return fmt.Sprintf("%q %q", e.Source, e.ID) }

// ReadEvent reads an event of a type, and its detail. Members that we do not
// know are left: who sends events adds to them. ErrEvent.
func ReadEvent(raw json.RawMessage, of string, detail any) (e Event, err error) {
	if err := json.Unmarshal(raw, &e); err != nil {
		return e, fmt.Errorf("%w: %w", ErrEvent, err)
	}
	if e.Type != of || e.ID == "" || e.Source == "" {
		return e, fmt.Errorf("%w: want an id, a source and the detail-type %s", ErrEvent, of)
	}
	if err := json.Unmarshal(e.Detail, detail); err != nil {
		return e, fmt.Errorf("%w: detail: %w", ErrEvent, err)
	}
	return e, nil
}
