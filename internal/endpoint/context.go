package endpoint

import (
	"context"
	"crypto/rand"
	"encoding/hex"
)

type contextKey int

const (
	requestIDKey contextKey = iota
	sourceKey
)

// WithRequest gives a request its id and the address that it comes from. Only
// the gateway knows that address: nothing the caller sends is asked for it.
func WithRequest(ctx context.Context, requestID, source string) context.Context {
	ctx = context.WithValue(ctx, requestIDKey, requestID)
	return context.WithValue(ctx, sourceKey, source)
}

// RequestID is the request's id, for the log, the audit and the problem document.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}

// Source is the address that the request comes from.
func Source(ctx context.Context) string {
	s, _ := ctx.Value(sourceKey).(string)
	return s
}

// NewRequestID makes an id where no gateway has made one.
func NewRequestID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
