package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"crossfade/internal/testbed"
)

// tool is something that moves mail.
type tool struct {
	name string
	skip func(size, leg) bool // what is too slow for it, or cannot be
	move func(*bench, leg, string) measured
}

// allTools are in the order of the table.
func allTools() []tool {
	slow := func(s size, l leg) bool { // minutes each: one figure of each kind will do
		return l.single || s.count > 10_000 || s.count > 500 && l.delay > 0 || s.count <= 500 && l.delay == 0
	}
	return []tool{
		{"crossfade", nil, (*bench).crossfade},
		{"mbsync", nil, peer(mbsync)},
		{"doveadm", func(_ size, l leg) bool { return strings.Contains(l.name, "MULTIAPPEND") }, peer(doveadm)}, // it appends nothing
		{"offlineimap", slow, peer(offlineimap)},
		{"imapsync", func(s size, l leg) bool { return slow(s, l) || os.Getenv("IMAPSYNC") == "" }, peer(imapsync)},
	}
}

// peer runs a program that ends by itself; command prepares it.
func peer(command func(l leg, dir string) ([]string, error)) func(*bench, leg, string) measured {
	return func(b *bench, l leg, dir string) (m measured) {
		args, err := command(l, dir)
		if err != nil {
			return measured{err: err}
		}
		ctx, cancel := context.WithTimeout(context.Background(), b.o.limit)
		defer cancel()
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir)
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		start := time.Now()
		if err := cmd.Start(); err != nil {
			return measured{err: err}
		}
		peak := watchPeak(cmd.Process.Pid)
		err = cmd.Wait()
		m = measured{wall: time.Since(start), peak: peak(), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
		if err != nil {
			m.err = fmt.Errorf("%s: %w\n%s", filepath.Base(args[0]), err, said.String())
		}
		return m
	}
}

// mbsync gets all that makes it quick: one connection to each side, its pipeline as deep as it likes.
func mbsync(l leg, dir string) ([]string, error) {
	var rc strings.Builder
	for _, side := range []struct{ name, addr string }{{"far", l.source}, {"near", l.dest.Addr}} {
		host, port := hostPort(side.addr)
		fmt.Fprintf(&rc, "IMAPAccount %[1]s\nHost %[2]s\nPort %[3]s\nUser %[4]s\nPass %[5]s\nSSLType None\nAuthMechs LOGIN\nTimeout 300\n\nIMAPStore %[1]s\nAccount %[1]s\n\n",
			side.name, host, port, testbed.User(0), testbed.Pass)
	}
	fmt.Fprintf(&rc, "Channel c\nFar :far:INBOX\nNear :near:INBOX\nSync Pull\nCreate Near\nCopyArrivalDate yes\nSyncState %s/\n", dir)
	conf, err := file(dir, "mbsyncrc", rc.String())
	return []string{"mbsync", "-q", "-c", conf, "c"}, err
}

// doveadm reads the source over IMAP and writes the destination's files itself.
func doveadm(l leg, _ string) ([]string, error) {
	host, port := hostPort(l.source)
	return []string{"doveadm", "-c", l.dest.Config(), "-o", "imapc_host=" + host, "-o", "imapc_port=" + port,
		"-o", "imapc_user=" + testbed.User(0), "-o", "imapc_password=" + testbed.Pass, "-o", "imapc_features=rfc822.size fetch-headers",
		"-o", "imapc_list_prefix=INBOX", "-o", "mail_prefetch_count=20", "backup", "-R", "-u", testbed.User(0), "-m", "INBOX", "imapc:"}, nil
}

func offlineimap(l leg, dir string) ([]string, error) {
	repository := func(name, addr, more string) string {
		host, port := hostPort(addr)
		return fmt.Sprintf("[Repository %s]\ntype = IMAP\nremotehost = %s\nremoteport = %s\nremoteuser = %s\nremotepass = %s\nssl = no\nstarttls = no\nfolderfilter = lambda f: f == 'INBOX'\n%s",
			name, host, port, testbed.User(0), testbed.Pass, more)
	}
	conf, err := file(dir, "offlineimaprc", fmt.Sprintf("[general]\naccounts = x\nmetadata = %s\nui = quiet\nmaxsyncaccounts = 1\n[Account x]\nlocalrepository = l\nremoterepository = r\n%s%s",
		dir, repository("l", l.dest.Addr, ""), repository("r", l.source, "readonly = True\n")))
	return []string{"offlineimap", "-o", "-c", conf}, err
}

func imapsync(l leg, dir string) ([]string, error) {
	from, fromPort := hostPort(l.source)
	to, toPort := hostPort(l.dest.Addr)
	return []string{"perl", os.Getenv("IMAPSYNC"), "--noreleasecheck", "--nolog", "--host1", from, "--port1", fromPort, "--user1", testbed.User(0), "--password1", testbed.Pass,
		"--host2", to, "--port2", toPort, "--user2", testbed.User(0), "--password2", testbed.Pass, "--nossl1", "--notls1", "--nossl2", "--notls2",
		"--folder", "INBOX", "--tmpdir", dir, "--nopidfilelocking", "--pidfile", filepath.Join(dir, "pid"), "--errorsmax", "1000"}, nil
}
