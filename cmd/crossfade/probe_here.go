package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"crossfade/backfill/probe"
)

// What a proxy needs of its machine. A link takes some 40 bytes and is written again when its folder changes; large
// messages pass through files, one for each that is under way.
const (
	stateBase       = 512 << 20
	statePerMessage = 100
	filesLeast      = 1024
	filesWell       = 8192
)

// here tells of the machine that this runs on, which should be the one that the proxy is to run on. secrets are the
// command's own files with passwords.
func here(ctx context.Context, s settings, found probe.Survey, accounts int, secrets []secretAt, tell func(probe.Finding)) {
	h := machine{tell}
	running := proxyRuns(ctx, s.State)
	h.stateDir(s.State, running)
	h.disk(s.State, found, accounts)
	h.files()
	h.secrets(s, secrets...)
	if err := s.checkListeners(); err != nil {
		h.say(probe.Red, "listeners", err.Error(), "")
		return
	}
	if err := s.checkTLS(); err != nil {
		h.say(probe.Red, "listener-certificate", err.Error(), "")
	} else if s.TLSCert != "" {
		h.certificate(s.TLSCert, s.TLSKey)
	}
	h.ports(s, running)
}

// machine tells findings of this side.
type machine struct{ tell func(probe.Finding) }

func (h machine) say(l probe.Level, check, text, do string) {
	h.tell(probe.Finding{Side: probe.Here, Check: check, Level: l, Text: text, Do: do})
}

// proxyRuns tells whether a proxy answers for this state.
func proxyRuns(ctx context.Context, state string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	resp, err := ask(ctx, state, "GET", "/status")
	return err == nil && resp.Body.Close() == nil
}

// stateDir tries whether the state can be written, without leaving anything.
func (h machine) stateDir(state string, running bool) {
	if running {
		h.say(probe.Green, "state", "a proxy runs with --state "+state, "")
		return
	}
	dir := existing(state)
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = errors.New("it is not a directory")
	}
	var f *os.File
	if err == nil {
		f, err = os.CreateTemp(dir, ".crossfade-check-*")
	}
	if err == nil {
		err = errors.Join(f.Close(), os.Remove(f.Name()))
	}
	switch {
	case err != nil:
		h.say(probe.Red, "state", fmt.Sprintf("--state %s: %v", state, cause(err)), "choose a directory that this user may write to")
	case dir == state:
		h.say(probe.Green, "state", "--state "+state+" can be written", "")
	default:
		h.say(probe.Green, "state", "--state "+state+" can be made", "")
	}
}

// existing is the path itself or the nearest directory above it that is there.
func existing(path string) string {
	for {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path
		}
		up := filepath.Dir(path)
		if up == path {
			return path
		}
		path = up
	}
}

func (h machine) disk(state string, found probe.Survey, accounts int) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(existing(state), &st); err != nil {
		h.say(probe.Yellow, "disk", fmt.Sprintf("the room on the disk of --state cannot be told: %v", err), "")
		return
	}
	free := int64(min(st.Bavail, 1<<40)) * st.Bsize
	need := stateBase + statePerMessage*found.Messages*int64(accounts)
	text := fmt.Sprintf("the disk of --state has %s free; about %s will do for %s like the test account (%s, and %d bytes a message)",
		probe.Bytes(free), probe.Bytes(need), count(accounts, "account"), probe.Bytes(stateBase), statePerMessage)
	switch {
	case free < need:
		h.say(probe.Red, "disk", text, "make room, or choose another --state")
	case free < 2*need:
		h.say(probe.Yellow, "disk", text, "make room, so that large messages have a place on their way")
	default:
		h.say(probe.Green, "disk", text, "")
	}
}

// files tells how many connections the system allows.
func (h machine) files() {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		h.say(probe.Yellow, "files", fmt.Sprintf("the limit of open files cannot be told: %v", err), "")
		return
	}
	text := fmt.Sprintf("%d files and connections may be open at once", limit.Cur)
	const do = "raise it: ulimit -n 65536, or LimitNOFILE=65536 in the systemd unit"
	switch {
	case limit.Cur < filesLeast:
		h.say(probe.Red, "files", text, do)
	case limit.Cur < filesWell:
		h.say(probe.Yellow, "files", text+"; each mail program needs one or two", do)
	default:
		h.say(probe.Green, "files", text, "")
	}
}

// certificate looks at what mail programs will be shown.
func (h machine) certificate(cert, key string) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	var leaf *x509.Certificate
	if err == nil {
		leaf, err = x509.ParseCertificate(pair.Certificate[0])
	}
	if err != nil {
		h.say(probe.Red, "listener-certificate", fmt.Sprintf("--tls-cert %s: %v", cert, cause(err)), "give the chain and the key that belongs to it, both PEM")
		return
	}
	names := strings.Join(leaf.DNSNames, ", ")
	text := fmt.Sprintf("mail programs are shown a certificate for %s, valid until %s", names, leaf.NotAfter.Format(time.DateOnly))
	switch left := time.Until(leaf.NotAfter); {
	case names == "":
		h.say(probe.Red, "listener-certificate", "the certificate holds no host name", "get one for the name that mail programs connect to")
	case left < 0:
		h.say(probe.Red, "listener-certificate", text, "renew it: it has run out")
	case left < 21*24*time.Hour:
		h.say(probe.Yellow, "listener-certificate", text, "see that it is renewed in time")
	default:
		h.say(probe.Green, "listener-certificate", text, "is the name that mail programs connect to among these?")
	}
}

// ports tells whether serve could listen.
func (h machine) ports(s settings, running bool) {
	for _, l := range []struct{ name, addr string }{{"imap", s.IMAP}, {"imaps", s.IMAPS}, {"admin", s.Admin}} {
		if l.addr == "" {
			continue
		}
		if running {
			h.say(probe.Green, "port-"+l.name, "--"+l.name+" "+l.addr+" was not tried: a proxy runs", "")
			continue
		}
		ln, err := listen(l.name, l.addr)
		if err == nil {
			err = closeAll(ln)
		}
		if err != nil {
			h.say(probe.Red, "port-"+l.name, err.Error(), "")
			continue
		}
		h.say(probe.Green, "port-"+l.name, "--"+l.name+" "+l.addr+" is free", "")
	}
}

// count writes a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "one " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
