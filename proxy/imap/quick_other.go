//go:build !linux

package imap

import "net"

// quick is for Linux.
type quick struct{}

func quickReader(net.Conn) *quick { return nil }
func quickWriter(net.Conn) *quick { return nil }

func (*quick) read([]byte) (int, error) { panic("there is none") }
func (*quick) write([]byte) int         { panic("there is none") }
