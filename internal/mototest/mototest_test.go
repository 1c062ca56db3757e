package mototest

import (
	"net/http"
	"testing"
)

func TestServerLivesAsLongAsItsTest(t *testing.T) {
	t.Parallel()
	var endpoint string
	t.Run("running", func(t *testing.T) {
		endpoint = Start(t)
		answer, err := http.Get(endpoint + "/moto-api/data.json")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("status %d", answer.StatusCode)
		}
	})
	if answer, err := http.Get(endpoint); err == nil {
		answer.Body.Close()
		t.Error("the server still answers")
	}
}
