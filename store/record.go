package store

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// record is what is kept as JSON: readable in a dump, and a field can be added without a new schema version.
type record[T any] interface {
	// escaped returns a copy whose texts all went through the function.
	escaped(func(string) (string, error)) (T, error)
}

func encodeRecord[T record[T]](r T) ([]byte, error) {
	r, err := r.escaped(escape)
	if err != nil {
		return nil, err
	}
	return json.Marshal(r)
}

func decodeRecord[T record[T]](value []byte) (T, error) {
	var r, none T
	if err := json.Unmarshal(value, &r); err != nil {
		return none, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	r, err := r.escaped(unescape)
	if err != nil {
		return none, err
	}
	return r, nil
}

// mark begins a text that JSON cannot carry.
const mark = "\x00b64:"

// escape makes a server's text fit for JSON, which would silently replace bytes that are not UTF-8: a folder
// whose raw name is Latin-1 would be lost.
func escape(s string) (string, error) {
	if utf8.ValidString(s) && !strings.HasPrefix(s, mark) {
		return s, nil
	}
	return mark + base64.StdEncoding.EncodeToString([]byte(s)), nil
}

func unescape(s string) (string, error) {
	raw, ok := strings.CutPrefix(s, mark)
	if !ok {
		return s, nil
	}
	b, err := base64.StdEncoding.DecodeString(raw)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return string(b), nil
}

// texts sends texts through a function and keeps its first error.
type texts struct {
	by  func(string) (string, error)
	err error
}

func (t *texts) one(s string) string {
	out, err := t.by(s)
	if err != nil && t.err == nil {
		t.err = err
	}
	return out
}

func (t *texts) all(in []string) []string {
	if in == nil {
		return nil
	}
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = t.one(s)
	}
	return out
}
