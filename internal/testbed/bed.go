package testbed

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// The servers of testdata/server.
const (
	Source  = "dovecot-source" // INBOX., separator '.', Sent, Trash, Drafts, Spam
	Dest    = "dovecot-dest"   // separator '/', Sent Items, Deleted Items, Junk E-Mail, Drafts
	Cyrus   = "cyrus"          // separator '/', Sent, Trash, Drafts, Junk
	Courier = "courier"        // INBOX., separator '.', no special uses

	// Proxies in front of Dest, to be compared with.
	NginxProxy   = "nginx-mail"
	DovecotProxy = "dovecot-proxy"
)

// Pass is the password of all users on all servers. A test value, no secret.
const Pass = "pw"

// User is the n-th user's login name; there are 100 of them unless the environment says otherwise.
func User(n int) string { return fmt.Sprintf("u%d@example.test", n) }

// Bed is a set of running servers.
type Bed struct {
	Dir     string // configuration, mail and logs of the servers
	servers map[string]*Server
	env     []string
}

// Server is one mail server of a Bed.
type Server struct {
	Name    string
	Addr    string // host:port for IMAP with STARTTLS
	TLSAddr string // host:port for IMAP over TLS
	bed     *Bed
}

// Start starts servers and stops them at the end of the test. env holds further settings for the script, such
// as "CROSSFADE_DEST_FORMAT=mdbox"; testdata/server/env.sh lists them.
func Start(t testing.TB, env []string, names ...string) *Bed {
	t.Helper()
	dir, err := os.MkdirTemp("", "crossfade-bed-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // the servers run as users of their own
		t.Fatal(err)
	}
	b := &Bed{Dir: dir, servers: map[string]*Server{}, env: append(os.Environ(), env...)}
	b.env = append(b.env, "CROSSFADE_TEST_DIR="+dir)
	for _, name := range names {
		s := &Server{Name: name, Addr: FreePort(t), TLSAddr: FreePort(t), bed: b}
		prefix := map[string]string{Source: "CROSSFADE_SOURCE", Dest: "CROSSFADE_DEST", Cyrus: "CROSSFADE_CYRUS", Courier: "CROSSFADE_COURIER",
			NginxProxy: "CROSSFADE_NGINX", DovecotProxy: "CROSSFADE_DOVEPROXY"}[name]
		if prefix == "" {
			t.Fatalf("testbed: there is no server %q", name)
		}
		_, plain, _ := net.SplitHostPort(s.Addr)
		_, secure, _ := net.SplitHostPort(s.TLSAddr)
		b.env = append(b.env, prefix+"_IMAP="+plain, prefix+"_IMAPS="+secure)
		b.servers[name] = s
	}
	b.guard(t, names)
	b.script(t, append([]string{"start"}, names...)...)
	return b
}

// guard starts the process that stops the servers when the pipe to it closes, at the end of the test or of this
// process.
func (b *Bed) guard(t testing.TB, names []string) {
	t.Helper()
	cmd := exec.Command(script(t), append([]string{"guard"}, names...)...)
	cmd.Env = b.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ^C is not for it
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			b.logs(t)
		}
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("stopping the servers: %v: %s", err, said.String())
		}
	})
}

// logs shows the end of each server's log, which may tell why a test failed.
func (b *Bed) logs(t testing.TB) {
	t.Helper()
	for name := range b.servers {
		text, err := os.ReadFile(filepath.Join(b.Dir, name, "log"))
		if err == nil {
			t.Logf("%s: ... %s", name, text[max(0, len(text)-2000):])
		}
	}
}

// Server returns a running server by its name.
func (b *Bed) Server(name string) *Server { return b.servers[name] }

// Certificate is the PEM file of the certificate that all servers show, and that of its key, which only its owner may read.
func (b *Bed) Certificate() (cert, key string) {
	return filepath.Join(b.Dir, "tls", "cert.pem"), filepath.Join(b.Dir, "tls", "own.pem")
}

// URL is the server's address for --source and --destination: over TLS, without checking the certificate.
func (s *Server) URL() string { return "imaps://" + s.TLSAddr + "?tls=skip-verify" }

// PlainURL is the server's address without TLS.
func (s *Server) PlainURL() string { return "imap://" + s.Addr + "?tls=off" }

// Start, Stop, Kill, Pause and Resume do to the server and all its processes what they say; Kill is SIGKILL.
func (s *Server) Start(t testing.TB)  { t.Helper(); s.bed.script(t, "start", s.Name) }
func (s *Server) Stop(t testing.TB)   { t.Helper(); s.bed.script(t, "stop", s.Name) }
func (s *Server) Kill(t testing.TB)   { t.Helper(); s.bed.script(t, "kill", s.Name) }
func (s *Server) Pause(t testing.TB)  { t.Helper(); s.bed.script(t, "pause", s.Name) }
func (s *Server) Resume(t testing.TB) { t.Helper(); s.bed.script(t, "resume", s.Name) }

// Anew starts the server anew, with further settings.
func (s *Server) Anew(t testing.TB, env ...string) {
	t.Helper()
	s.Stop(t)
	s.bed.env = append(s.bed.env, env...)
	s.Start(t)
}

// Fill makes a mailbox by seed and loads it over IMAP. args shape it, see testdata/corpus/corpus.py; the
// separator is the server's.
func (s *Server) Fill(t testing.TB, user string, args ...string) {
	t.Helper()
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"imap", "--port", port, "--user", user, "--password", Pass}
	if s.Name != Source && s.Name != Courier {
		all = append(all, "--sep", "/")
	}
	s.bed.python(t, "testdata/corpus/corpus.py", append(all, args...)...)
}

// FillFiles is Fill for large mailboxes: it writes a Maildir for a Source in maildir format, which is much
// faster. The user must not have logged in before.
func (s *Server) FillFiles(t testing.TB, user string, args ...string) {
	t.Helper()
	dir := filepath.Join(s.bed.Dir, s.Name, "mail", user, "Maildir")
	s.bed.python(t, "testdata/corpus/corpus.py", append([]string{"maildir", "--dir", dir}, args...)...)
}

func (b *Bed) python(t testing.TB, file string, args ...string) {
	t.Helper()
	cmd := exec.Command("python3", append([]string{filepath.Join(root(t), file)}, args...)...)
	cmd.Env = b.env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", file, err, out)
	}
}

// script runs testdata/server/server. Its output goes to a file: a server that it starts keeps the standard
// output open, and a pipe would never end.
func (b *Bed) script(t testing.TB, args ...string) {
	t.Helper()
	out, err := os.CreateTemp(b.Dir, "script-*.log")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(script(t), args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = b.env, out, out
	if err := cmd.Run(); err != nil {
		_, _ = out.Seek(0, io.SeekStart)
		text, _ := io.ReadAll(out)
		t.Fatalf("server %s: %v\n%s\nAre the servers installed? make servers", strings.Join(args, " "), err, text)
	}
}

func script(t testing.TB) string {
	t.Helper()
	return filepath.Join(root(t), "testdata/server/server")
}

// root is the project's directory: the first one above the test that has a go.mod.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	t.Fatal("testbed: no go.mod above the test")
	return ""
}

// FreePort finds an address whose port nobody listens on, and that no other call has got. The port is below those that
// the system gives to outgoing connections, so it stays free until a server takes it, and while that server is down;
// and other processes that ask here do not get it either.
func FreePort(t testing.TB) string {
	t.Helper()
	handedOut.Lock()
	defer handedOut.Unlock()
	for range 200 {
		addr := fmt.Sprintf("127.0.0.1:%d", 16000+rand.IntN(16000))
		if handedOut.ports[addr] != nil {
			continue
		}
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		if err := ln.Close(); err != nil {
			t.Fatal(err)
		}
		kept, err := net.ListenPacket("udp", addr) // for good: so other processes that run tests know it as taken
		if err != nil {
			continue
		}
		handedOut.ports[addr] = kept
		return addr
	}
	t.Fatal("testbed: no free port")
	return ""
}

// handedOut are the ports that tests of this process have: they run side by side.
var handedOut = struct {
	sync.Mutex
	ports map[string]net.PacketConn
}{ports: map[string]net.PacketConn{}}
