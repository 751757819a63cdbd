// Command crossfade is the whole product in one binary: the proxy in front of two mail servers (serve), a demo
// that needs neither (demo), and what asks a running proxy (status, verify, hold, release, health).
//
// Configuration is read here and nowhere else. A setting may stand in a TOML file (--config), in the
// environment (CROSSFADE_ and the name in upper case with underscores) or on the command line; the command
// line wins over the environment, the environment over the file. All three use the same names. Whatever is
// wrong is told in one line that says what to do about it.
//
// Exit codes: 0 all is well, 1 it failed, 2 it was called wrongly.
//
// A running proxy listens on STATE/crossfade.sock, a Unix socket that only its owner may use. What speaks there
// is HTTP, so that curl --unix-socket does as well:
//
//	GET  /status              one JSON object (backfill.Report)
//	GET  /verify?account=X    a JSON line for each folder, then one line with the verdict
//	POST /hold, /release      stops the backfill, lets it go
//	POST /export?account=X    a JSON line for each folder, message and change, a message's bytes behind its line
//
// On SIGTERM and SIGINT the listeners stop taking connections, clients are asked to leave, messages in flight
// are finished, and the store is closed. A second signal ends the process at once; nothing is lost by that.
package main
