package main

import (
	"strings"
	"testing"
)

func TestSieveAddr(t *testing.T) {
	for _, c := range []struct{ source, said, want, err string }{
		{"imaps://old.example.com", "", "", ""},
		{"imaps://old.example.com:1993", "2000", "old.example.com:2000", ""},
		{"imap://[::1]:143?tls=off", "2000", "[::1]:2000", ""},
		{"imaps://old.example.com", "sieve.example.com:4191", "sieve.example.com:4191", ""},
		{"imaps://old.example.com", ":4191", "old.example.com:4191", ""},
		{"imaps://old.example.com", "0", "", "give a port"},
		{"imaps://old.example.com", "70000", "", "give a port"},
		{"imaps://old.example.com", "sieve.example.com", "", "give a port"},
	} {
		got, err := (&settings{Source: c.source, SourceSieve: c.said}).sieveAddr()
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
}
