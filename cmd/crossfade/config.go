package main

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// defaultState is where a proxy keeps what it knows unless told otherwise.
const defaultState = "/var/lib/crossfade"

// settings are all the names that the configuration knows: flags, environment and file share them.
type settings struct {
	Source                   string `koanf:"source" placeholder:"URL" help:"The old server, which is never changed: imaps://host[:port] or imap://host[:port]. Append ?tls=skip-verify, ?tls=pin:SHA256 or ?tls=off."`
	Destination              string `koanf:"destination" placeholder:"URL" help:"The new server, in the same form."`
	DestinationAPI           string `koanf:"destination-api" placeholder:"URL" help:"SmarterMail's API, for a new server that is one: https://mail.example.com, with ?tls=skip-verify or ?tls=pin:SHA256 where needed."`
	DestinationAPIUser       string `koanf:"destination-api-user" placeholder:"NAME" help:"A system administrator there, or an administrator of the domain that moves, without a second factor."`
	DestinationAPIPassword   string `koanf:"destination-api-password-file" name:"destination-api-password-file" placeholder:"FILE" help:"The administrator's password: the first line of this file."`
	MailboxLanguage          string `koanf:"mailbox-language" placeholder:"TAG" help:"Language of mailboxes that are made, such as de or pt-BR (default: auto, that of the old mailbox's folder names)."`
	MailboxSize              string `koanf:"mailbox-size" placeholder:"SIZE" help:"Most mail that such a mailbox may hold, such as 10GB (default: as the domain says)."`
	LoginMode                string `koanf:"login-mode" placeholder:"MODE" help:"Who decides about logins: 'same', both servers (default); 'capture', the old one, and mailboxes that the new one lacks are made with that password; 'destination-first', the new one, and the old one is opened with --source-master or passwords in --users."`
	Users                    string `koanf:"users" placeholder:"FILE" help:"What users are called, as CSV whose first line names its columns: login, source-login, destination-login, source-password, source. Only login is needed."`
	Domain                   string `koanf:"domain" placeholder:"DOMAIN" help:"The mail domain of users who log in without one."`
	WindowsDomains           string `koanf:"windows-domains" placeholder:"LIST" help:"The mail domains of Windows domains, such as 'EX=example.com', joined by commas: EX\\alice is alice@example.com then."`
	SourceName               string `koanf:"source-name" placeholder:"FORM" help:"What users are called on the old server: {login} is the whole address (default), {user} and {domain} its parts."`
	DestinationName          string `koanf:"destination-name" placeholder:"FORM" help:"What they are called on the new server, such as '{user}@new.example'."`
	Sources                  string `koanf:"sources" placeholder:"FILE" help:"Mail domains that are on other old servers than --source: domain = URL a line."`
	SourceMaster             string `koanf:"source-master" placeholder:"USER" help:"A user of the old server who may open everybody's mailbox."`
	SourceMasterPasswordFile string `koanf:"source-master-password-file" placeholder:"FILE" help:"The file whose first line is that user's password."`
	SourceMasterForm         string `koanf:"source-master-form" placeholder:"FORM" help:"How that user logs in for another: '{login}*{master}' (default), or 'sasl' with an authorization identity."`
	SourceSieve              string `koanf:"source-sieve" placeholder:"PORT" help:"The port of --source's ManageSieve, where filters, forwards and vacation notices are looked for, or HOST:PORT (default: 4190). Nothing is changed there."`
	IMAP                     string `koanf:"imap" placeholder:"ADDR:PORT" help:"Listen for IMAP with STARTTLS."`
	IMAPS                    string `koanf:"imaps" placeholder:"ADDR:PORT" help:"Listen for IMAP over TLS. With neither --imap nor --imaps: :993."`
	TLSCert                  string `koanf:"tls-cert" placeholder:"FILE" help:"Certificate chain (PEM) shown to mail clients; read again when it changes."`
	TLSKey                   string `koanf:"tls-key" placeholder:"FILE" help:"The certificate's key (PEM)."`
	Admin                    string `koanf:"admin" placeholder:"ADDR:PORT" help:"Listen for the status page, /metrics and /healthz (HTTP)."`
	AdminNames               bool   `koanf:"admin-names" negatable:"" help:"Show names of accounts and folders on the status page, also if --admin is not on loopback."`
	State                    string `koanf:"state" placeholder:"DIR" help:"Where the proxy keeps what it knows (default: /var/lib/crossfade)."`
	Overrides                string `koanf:"overrides" placeholder:"FILE" help:"What you say about folders of the old server: PATH = ROLE a line ('crossfade plan' shows what is doubtful)."`
	LongestName              string `koanf:"longest-name" placeholder:"BYTES" help:"How many bytes a folder's name may have on the new server, as 'crossfade check' finds out (default: 255). What is longer ends in a hash."`
	KeyFile                  string `koanf:"key-file" placeholder:"FILE" help:"Key that seals the stored passwords: 32 bytes in hex (default: made in the state directory)."`
	HoldBackfill             bool   `koanf:"hold-backfill" negatable:"" help:"Start with the backfill held, until 'crossfade release'."`
	SourceConnections        string `koanf:"source-connections" placeholder:"N" help:"Most connections to the old server, clients' included (default: 64, and what it bears)."`
	SourceMessages           string `koanf:"source-messages" placeholder:"N" help:"Most messages a second that the backfill reads from the old server (default: what it bears)."`
	SourceBytes              string `koanf:"source-bytes" placeholder:"SIZE" help:"Most bytes a second likewise, such as 2MB."`
	DestinationConnections   string `koanf:"destination-connections" placeholder:"N" help:"Most connections to the new server."`
	DestinationMessages      string `koanf:"destination-messages" placeholder:"N" help:"Most messages a second that the backfill writes to the new server."`
	DestinationBytes         string `koanf:"destination-bytes" placeholder:"SIZE" help:"Most bytes a second likewise."`
	MaxConnections           string `koanf:"max-connections" placeholder:"N" help:"Most connections of mail programs at once (default: 20000)."`
	MaxPerUser               string `koanf:"max-connections-per-user" name:"max-connections-per-user" placeholder:"N" help:"Most of one account (default: 100)."`
	MaxPerAddress            string `koanf:"max-connections-per-address" name:"max-connections-per-address" placeholder:"N" help:"Most from one IPv4 address or IPv6 /64 (default: 2000)."`
	SourceFailures           string `koanf:"source-failures" placeholder:"N/TIME" help:"Most failed logins that the old server is caused to count from this address, in how much time (default: 100/10m). 'off': no limit."`
	DestinationFailures      string `koanf:"destination-failures" placeholder:"N/TIME" help:"Likewise of the new server (default: 10/10m): it shuts an address out that fails too often, and everybody with it."`
	QuietHours               string `koanf:"quiet-hours" placeholder:"TIMES" help:"When the backfill rests: 'Mon-Fri 08:00-18:00 Europe/Berlin', several joined by ';'; with '25%' behind it, it goes on with a quarter of its pace."`
	SettleAfter              string `koanf:"settle-after" placeholder:"TIME" help:"How long a folder must have been complete before it settles: mail programs read it anew once, under the new server's numbers (default: 24h). 'never': only by 'crossfade settle'."`
	SettleFolders            string `koanf:"settle-folders" placeholder:"N" help:"Most folders that settle in an hour (default: 200)."`
	SettleAccounts           string `koanf:"settle-accounts" placeholder:"N" help:"Most accounts of which folders settle in an hour (default: 20)."`
	SettleBytes              string `koanf:"settle-bytes" placeholder:"SIZE" help:"Most mail that settles in an hour, all of which every device may read again (default: 20GB)."`
	SettleHours              string `koanf:"settle-hours" placeholder:"TIMES" help:"When folders settle, in the form of --quiet-hours (default: always)."`
	SettleUnseen             string `koanf:"settle-unseen" placeholder:"DAYS" help:"How long after its account's first login a folder settles that no mail program has opened (default: 30)."`
	AutoClean                string `koanf:"auto-clean" placeholder:"WHAT" help:"What becomes of folders that the new server empties by age or size: hold (they are not copied until 'crossfade resume' names them) or copy (default: hold)."`
	Memory                   string `koanf:"memory" placeholder:"SIZE" help:"Most bytes of mail in memory on their way (default: 256MiB)."`
	AllowPlainUpstream       bool   `koanf:"allow-plain-upstream" negatable:"" help:"Allow ?tls=off for servers that are not on this machine."`
	LogLevel                 string `koanf:"log-level" placeholder:"LEVEL" help:"debug, info, warn or error (default: info)."`
	LogFormat                string `koanf:"log-format" placeholder:"FORMAT" help:"text or json (default: text)."`
}

// later are names that are set aside for what is still to be built.
func later() []string {
	return []string{"source-dav", "destination-dav", "destination-smtp", "destination-pop3", "destination-https",
		"https", "http", "submission", "submissions", "pop3", "pop3s", "sieve"}
}

// known are the names of all settings.
func known() []string {
	t := reflect.TypeFor[settings]()
	var out []string
	for i := range t.NumField() {
		out = append(out, t.Field(i).Tag.Get("koanf"))
	}
	return out
}

// envName is the environment's name for a setting: CROSSFADE_TLS_CERT for tls-cert.
func envName(name string) string {
	return "CROSSFADE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// notBuiltYet refuses flags that are set aside, instead of calling them unknown.
func notBuiltYet(args []string) error {
	for _, a := range args {
		name, _, _ := strings.Cut(strings.TrimPrefix(a, "--"), "=")
		if strings.HasPrefix(a, "--") && contains(later(), name) {
			return usagef("--%s is not built yet: this version moves mail over IMAP only; leave it out", name)
		}
	}
	return nil
}

// load merges the file, the environment and the flags that were given.
func load(path string, env []string, parsed *kong.Context) (settings, error) {
	k := koanf.New("\x00") // names hold no separator that could split them
	path, err := configPath(path, env)
	if err != nil {
		return settings{}, err
	}
	if path != "" {
		if err := k.Load(file.Provider(path), toml.Parser()); err != nil {
			return settings{}, fileError(path, err)
		}
		if err := checkNames(path, k.Raw()); err != nil {
			return settings{}, err
		}
	}
	if err := loadEnv(k, env); err != nil {
		return settings{}, err
	}
	for _, p := range parsed.Path {
		if p.Flag != nil && contains(known(), p.Flag.Name) {
			if err := k.Set(p.Flag.Name, parsed.FlagValue(p.Flag)); err != nil {
				return settings{}, err
			}
		}
	}
	out := settings{State: defaultState, LogLevel: "info", LogFormat: "text"}
	if err := k.Unmarshal("", &out); err != nil {
		return settings{}, usagef("the configuration cannot be read: %v", err)
	}
	return out, nil
}

func configPath(path string, env []string) (string, error) {
	if path != "" {
		return path, nil
	}
	for _, e := range env {
		if v, ok := strings.CutPrefix(e, envName("config")+"="); ok {
			return v, nil
		}
	}
	return "", nil
}

func loadEnv(k *koanf.Koanf, env []string) error {
	names := map[string]string{}
	for _, n := range append(known(), later()...) {
		names[envName(n)] = n
	}
	for _, e := range env {
		key, value, _ := strings.Cut(e, "=")
		name, ok := names[key]
		switch {
		case !ok || value == "":
			continue // CROSSFADE_ has other users, such as the tests
		case contains(later(), name):
			return usagef("%s is not built yet: this version moves mail over IMAP only; unset it", key)
		}
		if err := k.Set(name, value); err != nil {
			return err
		}
		if kindOf(name) == reflect.Bool && !isBool(value) {
			return usagef("%s is %q: say true or false", key, value)
		}
	}
	return nil
}

func isBool(s string) bool {
	return contains([]string{"1", "0", "true", "false", "TRUE", "FALSE", "True", "False", "t", "f", "T", "F"}, s)
}

// checkNames finds names and kinds in a file that mean nothing, so that a slip of the pen is not ignored.
func checkNames(path string, raw map[string]any) error {
	names := make([]string, 0, len(raw))
	for n := range raw {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		switch {
		case contains(later(), n):
			return usagef("%s: %s is not built yet: this version moves mail over IMAP only; take it out", path, n)
		case !contains(known(), n):
			return usagef("%s: there is no setting %q; there are: %s", path, n, strings.Join(known(), ", "))
		}
		want, got := kindOf(n), reflect.ValueOf(raw[n]).Kind()
		if numeric(n) && (got == reflect.Int64 || got == reflect.Float64) { // 4 is as good as "4"
			got = reflect.String
		}
		if want != got {
			return usagef("%s: %s must be a %s", path, n, map[reflect.Kind]string{reflect.Bool: "true or false", reflect.String: "text in quotes"}[want])
		}
	}
	return nil
}

// numeric tells whether a setting's text is a number.
func numeric(name string) bool {
	_, what, _ := strings.Cut(name, "-")
	return name == "memory" || strings.HasPrefix(name, "max-connections") || contains([]string{"connections", "messages", "bytes", "folders", "accounts", "unseen", "sieve"}, what)
}

func kindOf(name string) reflect.Kind {
	t := reflect.TypeFor[settings]()
	for i := range t.NumField() {
		if t.Field(i).Tag.Get("koanf") == name {
			return t.Field(i).Type.Kind()
		}
	}
	return reflect.Invalid
}

func fileError(path string, err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return usagef("--config %s: %v", path, pe.Err)
	}
	return usagef("%s is not valid TOML: %v", path, err)
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// where tells how to give a setting, for the end of an error.
func where(name, example string) string {
	return fmt.Sprintf("--%s %s, %s or %s = %q in the file", name, example, envName(name), name, example)
}
