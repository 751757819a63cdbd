// Package admin is what machines ask of a running proxy: whether it is well. It answers without a login, so it
// tells nothing about accounts, servers or mail; those are for the control socket, which only the proxy's own
// user may open.
package admin
