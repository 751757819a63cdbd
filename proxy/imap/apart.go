package imap

import (
	"fmt"
	"runtime/debug"
)

// apart runs f on a stack of its own and waits for it. A TLS handshake, the server's or one of ours with a server at login, grows a
// stack to 32 KB, which goes with its goroutine; the connection's own lives on, and would keep it while the client idles for
// hours.
func apart(f func()) {
	done := make(chan any, 1)
	go func() {
		defer func() {
			p := recover()
			if p != nil {
				p = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
			done <- p
		}()
		f()
	}()
	if p := <-done; p != nil {
		panic(p) // to the net that the connection has
	}
}
