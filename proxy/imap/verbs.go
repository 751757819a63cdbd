package imap

import "context"

// state is where a connection is (RFC 3501 3), as a set to tell where a command may be used.
type state uint8

const (
	notLoggedIn state = 1 << iota
	loggedIn
	selected

	anywhere = notLoggedIn | loggedIn | selected
	inside   = loggedIn | selected
)

func (c *conn) state() state {
	switch {
	case c.session == nil:
		return notLoggedIn
	case c.view == nil:
		return loggedIn
	}
	return selected
}

// verb says what a command is.
type verb struct {
	where   state
	run     func(c *conn, ctx context.Context, cmd *command) error
	asks    bool // may wait for a server: it is stopped when the client hangs up
	byUID   bool // there is a UID form
	fixed   bool // while it is answered sequence numbers must not move (RFC 3501 7.4.1), unless it is the UID form
	target  bool // a mailbox that does not exist is one to be created: TRYCREATE
	streams bool // reads its literals itself
}

// verbs are all commands there are.
var verbs = map[string]verb{
	"CAPABILITY":   {where: anywhere, run: (*conn).capability},
	"NOOP":         {where: anywhere, run: (*conn).noop, asks: true},
	"LOGOUT":       {where: anywhere, run: (*conn).logout},
	"ID":           {where: anywhere, run: (*conn).id},
	"STARTTLS":     {where: notLoggedIn, run: (*conn).starttls},
	"LOGIN":        {where: notLoggedIn, run: (*conn).loginCommand},
	"AUTHENTICATE": {where: notLoggedIn, run: (*conn).authenticate},

	"ENABLE":       {where: inside, run: (*conn).enable},
	"NAMESPACE":    {where: inside, run: (*conn).namespace},
	"LIST":         {where: inside, run: (*conn).list, asks: true},
	"LSUB":         {where: inside, run: (*conn).lsub, asks: true},
	"STATUS":       {where: inside, run: (*conn).status, asks: true},
	"SELECT":       {where: inside, run: (*conn).selectBox, asks: true},
	"EXAMINE":      {where: inside, run: (*conn).selectBox, asks: true},
	"GETQUOTA":     {where: inside, run: (*conn).getQuota, asks: true},
	"GETQUOTAROOT": {where: inside, run: (*conn).getQuotaRoot, asks: true},
	"SETQUOTA":     {where: inside, run: (*conn).setQuota},

	"CREATE":      {where: inside, run: (*conn).create, asks: true},
	"DELETE":      {where: inside, run: (*conn).delete, asks: true},
	"RENAME":      {where: inside, run: (*conn).rename, asks: true},
	"SUBSCRIBE":   {where: inside, run: (*conn).subscribe, asks: true},
	"UNSUBSCRIBE": {where: inside, run: (*conn).subscribe, asks: true},
	"APPEND":      {where: inside, run: (*conn).append, streams: true, target: true},
	"IDLE":        {where: inside, run: (*conn).idle},

	"CHECK":    {where: selected, run: (*conn).noop, asks: true},
	"CLOSE":    {where: selected, run: (*conn).closeBox, asks: true},
	"UNSELECT": {where: selected, run: (*conn).unselectBox},
	"EXPUNGE":  {where: selected, run: (*conn).expunge, asks: true, byUID: true},
	"SEARCH":   {where: selected, run: (*conn).search, asks: true, byUID: true, fixed: true},
	"SORT":     {where: selected, run: (*conn).sort, asks: true, byUID: true, fixed: true},
	"THREAD":   {where: selected, run: (*conn).thread, asks: true, byUID: true, fixed: true},
	"FETCH":    {where: selected, run: (*conn).fetch, asks: true, byUID: true, fixed: true},
	"STORE":    {where: selected, run: (*conn).store, asks: true, byUID: true, fixed: true},
	"COPY":     {where: selected, run: (*conn).copy, asks: true, byUID: true, target: true},
	"MOVE":     {where: selected, run: (*conn).move, asks: true, byUID: true, target: true},
}
