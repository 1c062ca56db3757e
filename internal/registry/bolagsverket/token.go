package bolagsverket

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// token is an access token of OAuth 2 (RFC 6749).
type token struct {
	access  string
	expires time.Time
}

// margin is how long before its expiry a token is not used any more.
const margin = 30 * time.Second

const (
	maxToken    = 8 << 10 // bytes
	maxLifetime = 24 * time.Hour
)

// access returns the token at hand, or takes a new one. Two calls that find
// none take one each; either will do.
func (d *Driver) access(ctx context.Context) (string, error) {
	d.mu.Lock()
	t := d.token
	d.mu.Unlock()
	if d.clock().Before(t.expires) {
		return t.access, nil
	}
	t, err := d.grant(ctx)
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.token = t
	return t.access, nil
}

// forget drops a token that was refused, so that the next call takes a new one.
func (d *Driver) forget(access string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.token.access == access {
		d.token = token{}
	}
}

// grant asks for a token (RFC 6749, 4.4).
func (d *Driver) grant(ctx context.Context) (token, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.config.TokenURL, strings.NewReader(form))
	if err != nil {
		return token{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	req.SetBasicAuth(url.QueryEscape(d.config.ClientID), url.QueryEscape(d.config.ClientSecret)) // RFC 6749, 2.3.1
	var granted struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int64  `json:"expires_in"` // seconds
	}
	asked := d.clock()
	if err := d.client.Do(req, &granted); err != nil {
		return token{}, err
	}
	if !strings.EqualFold(granted.TokenType, "Bearer") || granted.AccessToken == "" || len(granted.AccessToken) > maxToken ||
		strings.ContainsFunc(granted.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return token{}, errors.New("not one that can be sent")
	}
	lifetime := min(max(granted.ExpiresIn, 0), int64(maxLifetime/time.Second))
	return token{access: granted.AccessToken, expires: asked.Add(time.Duration(lifetime)*time.Second - margin)}, nil
}
