package standin

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type obj = map[string]any

// ask makes a call, and returns its status and answer.
func ask(t *testing.T, s *Server, method, path, token string, body any) (int, obj) {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(method, s.API.URL+"/api/v1/"+path, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	var out obj
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return resp.StatusCode, nil
	}
	return resp.StatusCode, out
}

func login(t *testing.T, s *Server, user, secret, client string) (int, obj) {
	t.Helper()
	return ask(t, s, "POST", "auth/authenticate-user", "", obj{"username": user, "password": secret, "clientId": client})
}

func text(o obj, name string) string {
	s, _ := o[name].(string)
	return s
}

// TestTokensEvict: a login with the same client ID ends the session before, with another it does not; a refresh kills the
// refresh token that it was given.
func TestTokensEvict(t *testing.T) {
	s := Start(t, Options{})
	_, a := login(t, s, "admin", "admin-secret", "one")
	_, b := login(t, s, "admin", "admin-secret", "two")
	_, c := login(t, s, "admin", "admin-secret", "one")
	for name, want := range map[string]struct {
		o    obj
		code int
	}{"evicted": {a, 401}, "another client": {b, 200}, "newest": {c, 200}} {
		if code, _ := ask(t, s, "GET", "settings/sysadmin/domain-admins/x", text(want.o, "accessToken"), nil); code != want.code {
			t.Errorf("%s: status %d, want %d", name, code, want.code)
		}
	}
	code, d := ask(t, s, "POST", "auth/refresh-token", "", obj{"token": c["refreshToken"]})
	if code != 200 || text(d, "refreshToken") == text(c, "refreshToken") {
		t.Errorf("refreshed: %d %v", code, d)
	}
	if code, _ := ask(t, s, "POST", "auth/refresh-token", "", obj{"token": c["refreshToken"]}); code != 401 {
		t.Errorf("the old refresh token: %d", code)
	}
	if n := s.IDS.Tally(netip.MustParseAddr("127.0.0.1")).Total; n != 1 {
		t.Errorf("%d failures counted for one dead refresh token", n)
	}
	s.API.Expire()
	if code, _ := ask(t, s, "GET", "settings/sysadmin/domain-admins/x", text(d, "accessToken"), nil); code != 401 {
		t.Errorf("an expired token: %d", code)
	}
}

// TestHalfLogin: it is called a success, and its token is forbidden everything.
func TestHalfLogin(t *testing.T) {
	s := Start(t, Options{})
	s.API.AddAdmin(Admin{Name: "admin", Password: "x", TwoFactor: true})
	code, o := login(t, s, "admin", "x", "c")
	if code != 200 || o["success"] != true || text(o, "accessToken") == "" || text(o, "refreshToken") != "" || text(o, "message") != "TWO_FACTOR_REQUIRED|rfc6238|admin" {
		t.Errorf("%d %v", code, o)
	}
	if code, _ := ask(t, s, "GET", "settings/sysadmin/domain-admins/x", text(o, "accessToken"), nil); code != 403 {
		t.Errorf("the dead token: %d", code)
	}
}

// TestScopes: settings of a domain need a token that acts on one.
func TestScopes(t *testing.T) {
	s := Start(t, Options{})
	s.Directory.AddMailbox(Mailbox{Email: "joe@example.com", Password: "joe-secret"})
	s.Directory.AddMailbox(Mailbox{Email: "boss@example.com", Password: "boss-secret", DomainAdmin: true})
	token := func(user, secret string) string {
		_, o := login(t, s, user, secret, user)
		return text(o, "accessToken")
	}
	root, joe, boss := token("admin", "admin-secret"), token("joe@example.com", "joe-secret"), token("boss@example.com", "boss-secret")
	_, o := ask(t, s, "POST", "settings/sysadmin/manage-domain/example.com", root, nil)
	managed := text(o, "impersonateAccessToken")
	_, o = ask(t, s, "POST", "settings/domain/impersonate-user", managed, obj{"email": "joe@example.com"})
	asJoe := text(o, "impersonateAccessToken")
	for _, c := range []struct {
		who, token, method, path string
		code                     int
		success                  bool
		message                  string
	}{
		{"system", root, "GET", "settings/domain/domain", 200, false, "The domain not found"},
		{"managed", managed, "GET", "settings/domain/domain", 200, true, ""},
		{"boss", boss, "GET", "settings/domain/domain", 200, true, ""},
		{"joe", joe, "GET", "settings/domain/domain", 403, false, "FORBIDDEN"},
		{"joe as joe", asJoe, "GET", "notes/sources", 200, true, ""},
		{"nobody", "nonsense", "GET", "notes/sources", 401, false, "INVALID_TOKEN"},
		{"boss", boss, "POST", "settings/sysadmin/manage-domain/example.com", 403, false, "FORBIDDEN"},
		{"system", root, "GET", "settings/sysadmin/user/joe@example.com", 200, true, ""},
		{"system", root, "GET", "settings/sysadmin/user/nobody@example.com", 200, false, "User does not exist."},
		{"system", root, "GET", "settings/sysadmin/list-users/example.com", 200, true, ""},
	} {
		code, o := ask(t, s, c.method, c.path, c.token, nil)
		if code != c.code || o["success"] != c.success || text(o, "message") != c.message {
			t.Errorf("%s %s: %d %v", c.who, c.path, code, o)
		}
	}
	s.API.Set(func(o *APIOptions) { o.NoImpersonation = true })
	if code, _ := ask(t, s, "POST", "settings/sysadmin/manage-domain/example.com", root, nil); code != 403 {
		t.Errorf("without the right: %d", code)
	}
}

// TestRefusals: a wrong password is refused in each form, and counts with those of other protocols; an address that is
// blocked is not answered.
func TestRefusals(t *testing.T) {
	ip := netip.MustParseAddr("127.0.0.1")
	for how, code := range map[Refusal]int{Refusal401: 401, Refusal400: 400, RefusalIn200: 200} {
		s := Start(t, Options{API: APIOptions{Refusal: how}})
		if got, o := login(t, s, "admin", "wrong", "c"); got != code || o["success"] != false {
			t.Errorf("refused with %d %v, want %d", got, o, code)
		}
		if n := s.IDS.Tally(ip).Total; n != 1 {
			t.Errorf("%d failures counted", n)
		}
	}
	s := Start(t, Options{IDS: IDSOptions{Rules: []IDSRule{{Failures: 3, Within: time.Hour, Block: time.Hour}, {Failures: 2, Within: time.Hour, Delay: 20 * time.Millisecond}}}})
	s.IDS.Failed(ip) // as IMAP would
	login(t, s, "admin", "wrong", "c")
	began := time.Now()
	login(t, s, "admin", "admin-secret", "c")
	if took := time.Since(began); took < 20*time.Millisecond {
		t.Errorf("an answer that was to be delayed came after %v", took)
	}
	for range 3 {
		login(t, s, "admin", "wrong", "c")
	}
	if code, _ := login(t, s, "admin", "admin-secret", "c"); code != 0 {
		t.Errorf("a blocked address was answered %d", code)
	}
}

// TestAuthenticate: mail protocols take a mailbox with a second factor by its application password alone.
func TestAuthenticate(t *testing.T) {
	d := NewDirectory()
	d.AddMailbox(Mailbox{Email: "joe@example.com", Password: "p"})
	d.AddMailbox(Mailbox{Email: "two@example.com", Password: "p", AppPassword: "app", TwoFactor: true})
	d.AddMailbox(Mailbox{Email: "bare@example.com", Password: "p", TwoFactor: true})
	d.AddMailbox(Mailbox{Email: "off@example.com", Password: "p", Disabled: true})
	d.AddMailbox(Mailbox{Email: "old@example.com", Password: "p", PasswordExpired: true})
	for _, c := range []struct {
		login, secret string
		ok            bool
	}{
		{"joe@example.com", "p", true}, {"JOE@Example.com", "p", true}, {"joe", "p", false}, {"joe@example.com", "q", false},
		{"two@example.com", "p", false}, {"two@example.com", "app", true}, {"bare@example.com", "", false},
		{"off@example.com", "p", false}, {"old@example.com", "p", false}, {"nobody@example.com", "p", false},
	} {
		if _, err := d.Authenticate(c.login, c.secret); (err == nil) != c.ok {
			t.Errorf("%s with %q: %v", c.login, c.secret, err)
		}
	}
}

// TestRunClean: rules act when they are told to, on the folders that they name.
func TestRunClean(t *testing.T) {
	d := NewDirectory()
	d.AddDomain(Domain{Name: "b.example", Clean: []Clean{{Folder: "Junk E-Mail", Days: 7}, {Folder: "Sent Items", Days: 3, Disabled: true}, {Folder: "Deleted Items", Megs: 5}}})
	d.AddMailbox(Mailbox{Email: "a@a.example"})
	d.AddMailbox(Mailbox{Email: "b@b.example"})
	got := map[string]time.Duration{}
	d.OnClean(func(email, folder string, age time.Duration) { got[email+" "+folder] = age })
	d.RunClean()
	day := 24 * time.Hour
	want := map[string]time.Duration{"a@a.example Junk E-Mail": 30 * day, "a@a.example Deleted Items": 30 * day, "b@b.example Junk E-Mail": 7 * day}
	if len(got) != len(want) {
		t.Errorf("cleaned %v", got)
	}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s: older than %v, want %v", k, got[k], v)
		}
	}
}
