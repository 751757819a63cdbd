package imap

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// TestSpliceSilence: a connection on which nothing passes ends, with a word where no answer is cut by it; bytes in either
// direction keep it.
func TestSpliceSilence(t *testing.T) {
	brief := func(o *Options) { o.IdleTimeout = 300 * time.Millisecond }
	t.Run("between answers", func(t *testing.T) {
		k, s := splicedClient(t, plus, brief, "* 1 EXISTS\r\n")
		k.reads("* 1 EXISTS\r\n* BYE Silent for too long\r\n")
		k.ends()
		s.ends()
	})
	t.Run("in an answer", func(t *testing.T) {
		k, s := splicedClient(t, plus, brief, "* 1 FETCH (BODY[] {5}\r\na\r\n")
		k.reads("* 1 FETCH (BODY[] {5}\r\na\r\n")
		k.ends()
		s.ends()
	})
	t.Run("where answers cannot be followed", func(t *testing.T) {
		k, s := splicedClient(t, "IMAP4rev1 LITERAL+ compress=deflate", brief)
		k.ends()
		s.ends()
	})
	t.Run("kept alive", func(t *testing.T) { // a busy machine may be silent for that long by itself: then another one is tried
		for try := 1; ; try++ {
			k, s := splicedClient(t, plus, func(o *Options) { o.IdleTimeout = 2 * time.Second })
			longest, err := chats(k, s)
			if err == nil {
				return
			}
			if longest < time.Second || try == 5 {
				t.Fatalf("%v after a silence of %v", err, longest)
			}
		}
	})
	t.Run("one that says no more and is not answered", func(t *testing.T) {
		k, s := splicedClient(t, plus, func(o *Options) { o.IOTimeout = 300 * time.Millisecond })
		_ = k.conn.(*net.TCPConn).CloseWrite()
		s.ends()
		k.reads("* BYE Silent for too long\r\n")
		k.ends()
	})
}

// chats has something pass every so often for three seconds, in the one direction and then in the other, and tells how
// long nothing passed.
func chats(client, server *talker) (longest time.Duration, err error) {
	last := time.Now()
	for i := range 30 {
		time.Sleep(100 * time.Millisecond)
		from, to, text := client, server, "x"
		if i >= 15 {
			from, to, text = server, client, "* OK\r\n"
		}
		_ = to.conn.SetReadDeadline(time.Now().Add(time.Minute))
		got := make([]byte, len(text))
		_, err = io.WriteString(from.conn, text)
		if err == nil {
			_, err = io.ReadFull(to.r, got)
		}
		longest, last = max(longest, time.Since(last)), time.Now()
		if err != nil || string(got) != text {
			return longest, fmt.Errorf("%sgot %q, %w", to.where, got, err)
		}
	}
	return longest, nil
}
