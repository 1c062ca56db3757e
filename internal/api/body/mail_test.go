package body

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// A topic that is new has its member in what is shown and in what is read.
func TestEveryTopicIsSaidAndShown(t *testing.T) {
	t.Parallel()
	for _, topic := range domain.MailTopics {
		var said MailSettings
		text := `{"` + string(topic) + `":false}`
		if err := json.Unmarshal([]byte(text), &said); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(domain.MailSettings{topic: false}, said.Read()); diff != "" {
			t.Errorf("read from %s (-want +got):\n%s", text, diff)
		}
		shown, err := json.Marshal(MailOf(func(t domain.MailTopic) bool { return t == topic }))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{}
		for _, other := range domain.MailTopics {
			want[string(other)] = other == topic
		}
		got := map[string]bool{}
		if err := json.Unmarshal(shown, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s shown (-want +got):\n%s", topic, diff)
		}
	}
	if got := (MailSettings{}).Read(); len(got) != 0 {
		t.Errorf("read from nothing: %v", got)
	}
}
