package providers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/latchkey-go/latchkey/internal/outbound"
)

// keySet holds the public keys of an issuer. It fetches them when a token is
// signed by a key it does not have (OpenID Connect Core, section 10.1.1), once
// for all who wait for it. If that found no such key or failed, it uses only
// the old keys for a minute: an invented key ID must not cost the issuer a call
// each.
type keySet struct {
	url        string
	client     *http.Client
	algorithms []jose.SignatureAlgorithm
	now        func() time.Time
	turn       chan struct{}                     // holds one token: one caller fetches at a time
	known      atomic.Pointer[[]jose.JSONWebKey] // nil until they were fetched
	notBefore  time.Time                         // of the next fetch; guarded by turn
}

var _ oidc.KeySet = (*keySet)(nil)

func newKeySet(url string, client *http.Client, algorithms []string, now func() time.Time) *keySet {
	k := &keySet{url: url, client: client, now: now, turn: make(chan struct{}, 1)}
	k.turn <- struct{}{}
	for _, alg := range algorithms {
		k.algorithms = append(k.algorithms, jose.SignatureAlgorithm(alg))
	}
	return k
}

var errNoKey = errors.New("no key of the issuer verifies the signature")

// VerifySignature returns the payload of a token that one of the keys verifies.
func (k *keySet) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	signed, err := jose.ParseSignedCompact(jwt, k.algorithms)
	if err != nil {
		return nil, errors.New("the token is malformed")
	}
	before := k.known.Load()
	if payload, err := verifyBy(before, signed); err == nil {
		return payload, nil
	}
	select {
	case <-k.turn:
		defer func() { k.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	known := k.known.Load()
	if known != before { // another caller has fetched them meanwhile
		if payload, err := verifyBy(known, signed); err == nil {
			return payload, nil
		}
	}
	if known != nil && k.now().Before(k.notBefore) {
		return nil, errNoKey
	}
	fetched, err := k.fetch(ctx)
	if err == nil {
		k.known.Store(&fetched)
		var payload []byte
		if payload, err = verifyBy(&fetched, signed); err == nil {
			return payload, nil
		}
	}
	if !errors.Is(ctx.Err(), context.Canceled) { // a client that goes away must not delay the next one's new keys
		k.notBefore = k.now().Add(retryAfter)
	}
	return nil, err
}

// verifyBy tries the keys with the ID that the token names, or all of them if
// it names none.
func verifyBy(keys *[]jose.JSONWebKey, signed *jose.JSONWebSignature) ([]byte, error) {
	if keys == nil {
		return nil, errNoKey
	}
	id := signed.Signatures[0].Header.KeyID
	for _, key := range *keys {
		if id == "" || key.KeyID == id {
			if payload, err := signed.Verify(&key); err == nil {
				return payload, nil
			}
		}
	}
	return nil, errNoKey
}

// fetch fetches the issuer's key set. Keys that are not supported are left out
// (RFC 7517, section 5).
func (k *keySet) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	req, err := http.NewRequestWithContext(context.WithValue(ctx, keysKey{}, true), http.MethodGet, k.url, nil)
	if err != nil {
		return nil, errors.New("the URL of the keys is not valid")
	}
	body, _, err := call(k.client, req)
	if err != nil {
		return nil, fmt.Errorf("the issuer's keys: %w", err)
	}
	members, err := outbound.ParseMembers(body)
	var set []json.RawMessage
	if err != nil || json.Unmarshal(members["keys"], &set) != nil {
		return nil, errors.New("the issuer's keys: the response is not a key set")
	}
	var keys []jose.JSONWebKey
	for _, raw := range set {
		if key, err := readKey(raw); err == nil {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// keysKey marks the context of a request for a key set.
type keysKey struct{}

// readKey reads those members of one key that a signature is verified with.
// What is odd about the others, such as a certificate, does not matter.
func readKey(raw json.RawMessage) (key jose.JSONWebKey, err error) {
	members, err := outbound.ParseObject(raw) // no member twice
	if err != nil {
		return key, err
	}
	maps.DeleteFunc(members, func(name string, _ any) bool {
		return !slices.Contains([]string{"kty", "kid", "n", "e", "crv", "x", "y"}, name)
	})
	if raw, err = json.Marshal(members); err != nil {
		return key, err
	}
	return key, key.UnmarshalJSON(raw)
}
