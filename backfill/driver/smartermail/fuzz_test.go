package smartermail

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzAnswer: whatever a server answers, nothing breaks, no error holds a secret, and a success:false is never well.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		`{"success":true,"accessToken":"a","refreshToken":"b","accessTokenExpiration":"2026-01-01T00:00:00Z","isAdmin":true}`,
		`{"success":true,"message":"TWO_FACTOR_REQUIRED|rfc6238|u@d","accessToken":"a","refreshToken":""}`,
		`{"success":false,"resultCode":500,"message":"USER_ADD_ERROR_NAME_IN_USE"}`,
		`{"success":"false","message":{"a":1}}`,
		`{"userData":{"userName":"joe","securityFlags":{"isDisabled":true},"isTwoFactorEnabled":true}}`,
		`{"domainData":{"autoCleanRules":[{"folder":"Junk E-Mail","days":30,"enabled":true}]}}`,
		`{"version":"100.0.6919","edition":2}`, `null`, `[]`, `{"success":1}`, `{"message":"geheim-1"}`, "<html>", "",
	} {
		f.Add(200, []byte(s))
		f.Add(401, []byte(s))
	}
	const secret = "geheim-1"
	f.Fuzz(func(t *testing.T, status int, raw []byte) {
		a, err := parseAnswer(status, raw)
		if err != nil {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%q", err)
			}
			return
		}
		if a.well() && (status < 200 || status > 299 || a.success != nil && !*a.success) {
			t.Errorf("%d %q is well", status, raw)
		}
		if e := a.refusal("x", "host", secret); strings.Contains(strings.ToLower(e.Error()), secret) || len(e.Error()) > 400 || !utf8.ValidString(e.Error()) {
			t.Errorf("%q", e)
		}
		var g granted
		if a.into(&g) == nil {
			_ = half(a, g)
			_ = life(g.AccessTokenExpiration)
		}
		var u struct {
			UserData userData `json:"userData"`
		}
		if a.into(&u) == nil {
			_ = u.UserData.info()
			if _, err := json.Marshal(u.UserData); err != nil {
				t.Errorf("a user that was read cannot be written back: %v", err)
			}
		}
		var about About
		if a.into(&about) == nil {
			_ = build(about.Version)
		}
		var v any
		if a.into(&v) == nil {
			rules, _ := readRules(v)
			for _, r := range applied(rules, nil) {
				if r.OlderThan < 0 || len(r.Text) > 400 {
					t.Errorf("rule %+v", r)
				}
			}
		}
	})
}
