package domain

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestErrorsCompareByCode(t *testing.T) {
	wrapped := fmt.Errorf("reading: %w", ErrUnavailable.Because(errors.New("socket")))
	if !errors.Is(wrapped, ErrUnavailable) || errors.Is(wrapped, ErrNotFound) {
		t.Error("an error with a cause is no longer found by its code")
	}
	if KindOf(wrapped) != Unavailable || KindOf(errors.New("other")) != Internal {
		t.Error("kinds are not those of the wrapped errors")
	}
	if ErrUnavailable.Cause != nil {
		t.Error("Because changed the error it was called on")
	}
}

func TestFaultsAreToldTogether(t *testing.T) {
	var f Faults
	if f.Err() != nil {
		t.Error("no faults are an error")
	}
	f.Add("/a", "required", "x")
	f.Add("/b", "too-long", "y")
	e, ok := errors.AsType[*Error](f.Err())
	if !ok || e.Kind != Invalid || !slices.Equal(e.Fields, []FieldError{{"/a", "required", "x"}, {"/b", "too-long", "y"}}) {
		t.Errorf("faults: %+v", e)
	}
}
