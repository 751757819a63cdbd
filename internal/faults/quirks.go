package faults

import (
	"bytes"
	"hash/crc32"
	"slices"
	"strings"
	"time"
)

// Quirks are the ways in which a Server is not a good one. The zero value is a good server.
type Quirks struct {
	// Without lists capabilities that are neither offered nor understood: UIDPLUS, LITERAL+, MOVE, UNSELECT, IDLE,
	// NAMESPACE, CONDSTORE, QRESYNC, MULTIAPPEND, ENABLE, ID, SPECIAL-USE, LIST-EXTENDED, LIST-STATUS, QUOTA, SASL-IR,
	// AUTH=PLAIN, CHILDREN. QRESYNC goes with CONDSTORE or ENABLE, LIST-STATUS with LIST-EXTENDED.
	Without []string
	// With lists further capabilities to offer; what they promise is not kept.
	With []string
	// Offers is the exact list of capabilities before a login, in place of what Without and With say, and OffersIn the one
	// behind it; nil is the same. What is in neither is not understood. TellIn: a login is answered with an untagged
	// CAPABILITY first.
	Offers, OffersIn []string
	TellIn           bool
	// MaxBad: so many commands that get BAD end the connection. 0: any number.
	MaxBad int
	// XList: no SPECIAL-USE, but XLIST tells what the mailboxes are for.
	XList bool

	Separator string // "" is "/"
	Prefix    string // of personal mailboxes, such as "INBOX."; all names but INBOX must bear it

	// InboxName is how LIST, XLIST and LSUB spell INBOX; "" is INBOX.
	InboxName string
	// InboxOfAll: LIST of the children of any mailbox tells of INBOX's.
	InboxOfAll bool
	// KeepDefaults: a mailbox with a use can be neither renamed nor deleted.
	KeepDefaults bool

	// Greeting is said instead of the good one. A NO or BYE ends the connection.
	Greeting string
	// Delay is a pause before each command is done.
	Delay time.Duration
	// MaxConns is how many connections one account may have; one more is told BYE after its login. 0: any number.
	MaxConns int

	Validity  Validity
	UIDGap    uint32 // numbers left out before each message that comes
	AppendUID AppendUID

	// DropKeywords: an APPEND's keywords are lost; a STORE's are kept.
	DropKeywords bool
	// NoKeywords: keywords are never kept, and PERMANENTFLAGS says so.
	NoKeywords bool
	// ForgetKeywords: keywords are never kept, though PERMANENTFLAGS promises it.
	ForgetKeywords bool
	// RecentFlag: PERMANENTFLAGS has \Recent, too, where it cannot be.
	RecentFlag bool
	// Zone is the time zone that INTERNALDATE is told in; nil is the one that a message came with.
	Zone *time.Location
	// Dates says what becomes of an APPEND's date.
	Dates Dates

	// Refuse answers an APPEND of a message, such as "NO [CANNOT] no"; "" takes it.
	Refuse func(Message) string
	// Dedup: a message that is there already, by this key, is answered OK and not added.
	Dedup func(Message) string
	// Rewrite changes the bytes of what is appended.
	Rewrite func([]byte) []byte
	// Deliver may put an appended message into another mailbox, as a rule of the user does; "" leaves it.
	Deliver func(box string, m Message) string
	// MaxSize of a message: more is refused with TOOBIG, before it is sent where the client waits. 0: any.
	MaxSize int64
	// Quota of an account in bytes: what would exceed it is refused with OVERQUOTA. 0: none.
	Quota int64
	// Throttle refuses APPENDs that come too fast.
	Throttle Throttle

	// Vanished says how it tells what vanished since a mod-sequence.
	Vanished Vanished
	// StaleStatus: STATUS tells of each mailbox what it told at first, for ever.
	StaleStatus bool

	// ShortFetch ends each FETCH of a range after so many messages and says OK. 0: never.
	ShortFetch int
	// ShortList ends LIST after so many mailboxes and says OK. 0: never.
	ShortList int
	// Hide leaves messages out of FETCH and SEARCH; EXISTS counts them.
	Hide func(Message) bool
	// HideBox leaves mailboxes out of LIST, XLIST and LSUB; they can be opened.
	HideBox func(name string) bool
	// ModSeqs is what mod-sequences start from, beyond 1.
	ModSeqs uint64
	// SilentModSeq: FETCH with CHANGEDSINCE tells mod-sequences only where MODSEQ is asked for.
	SilentModSeq bool
	// ChangedAll: FETCH with CHANGEDSINCE tells of unchanged messages, too.
	ChangedAll bool
	// SkipItems: FETCH leaves out items that it does not know, and says OK.
	SkipItems bool
	// OddEnvelope: a NIL among the addresses of an ENVELOPE, and a name as a literal that is no proper RFC 2047 text.
	OddEnvelope bool
	// WrongSearch makes SEARCH for dates and header fields wrong.
	WrongSearch WrongSearch
	// DoubleItems sends two spaces between the items of a FETCH answer.
	DoubleItems bool
	// DoubleSpaces sends two spaces wherever a FETCH, LIST or SEARCH answer has one.
	DoubleSpaces bool
	// Chatty sends true but unasked data between and before answers: EXISTS, RECENT, FETCH FLAGS, OK.
	Chatty bool
	// Garbage are lines sent as they are before every answer and between FETCH answers, without line ends.
	Garbage []string
	// EarlyNews tells of expunged messages at any time, also during FETCH, STORE and SEARCH by number, where it must not.
	EarlyNews bool
	// Broken: when such a message's bytes are fetched, the connection ends in the middle of them.
	Broken func(Message) bool
	// NulTo80 gives NUL bytes out as 0x80, as Dovecot does.
	NulTo80 bool
}

// Validity is what a Server says of UIDVALIDITY.
type Validity int

// Kinds of UIDVALIDITY. ValidityNew makes new ones, with new UIDs, whenever the server is started again.
const (
	ValidityGood Validity = iota
	ValidityZero
	ValidityOne
	ValidityNew
)

// AppendUID is what a Server says in APPENDUID.
type AppendUID int

// Kinds of APPENDUID. UIDOfOther names the number and UIDVALIDITY of a message in another mailbox, UIDTooLow an
// older message of this one, UIDTooHigh a number that does not exist yet.
const (
	UIDTold AppendUID = iota
	UIDMissing
	UIDZeroValidity
	UIDOfOther
	UIDTooLow
	UIDTooHigh
)

// Dates is what a Server does with the date of an APPEND.
type Dates int

// Kinds of dates. DatesRefused answers BAD to an APPEND that has one; DatesShifted is wrong by an hour; DatesNow
// takes the time of arrival.
const (
	DatesKept Dates = iota
	DatesNow
	DatesShifted
	DatesRefused
)

// WrongSearch is what SEARCH for a date or a header field finds.
type WrongSearch int

// Kinds of searches that are wrong: nothing is found; everything is; every other message is missed.
const (
	SearchGood WrongSearch = iota
	SearchNothing
	SearchAll
	SearchHalf
)

// Throttle refuses every APPEND command beyond so many in a time. Refused ones do not count; nor does it count how many
// messages a MULTIAPPEND has.
type Throttle struct {
	Appends int // 0: no throttle
	Per     time.Duration
	Answer  string // "" is "NO [THROTTLED] too fast"
}

// OneIn refuses, for ever, one of n messages: which, depends on their bytes alone.
func OneIn(n uint32, answer string) func(Message) string {
	return func(m Message) string {
		if crc32.ChecksumIEEE(m.Body)%n == 0 {
			return answer
		}
		return ""
	}
}

// SameBytes is for Dedup: two messages with equal bytes are one.
func SameBytes(m Message) string { return string(m.Body) }

// SameMessageID is for Dedup: two messages with equal Message-IDs are one. Without one they are different.
func SameMessageID(m Message) string { return strings.TrimSpace(headerValue(m.Body, "Message-ID")) }

// AddHeader is for Rewrite: a line of the server's own before the message.
func AddHeader(b []byte) []byte {
	return append([]byte("X-Received-By: a server that leaves nothing alone\r\n"), b...)
}

// NormalLines is for Rewrite: every line ends in CRLF.
func NormalLines(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}

// Both is for Rewrite: AddHeader and NormalLines.
func Both(b []byte) []byte { return AddHeader(NormalLines(b)) }

// capabilities in the order they are offered.
var capabilities = [...]string{
	"IMAP4rev1", "LITERAL+", "SASL-IR", "AUTH=PLAIN", "ID", "ENABLE", "NAMESPACE", "UIDPLUS", "MOVE", "UNSELECT", "IDLE",
	"CHILDREN", "SPECIAL-USE", "LIST-EXTENDED", "LIST-STATUS", "CONDSTORE", "QRESYNC", "MULTIAPPEND", "QUOTA",
}

func (q *Quirks) has(capability string) bool {
	if q.Offers != nil {
		has := func(s string) bool { return strings.EqualFold(s, capability) }
		return slices.ContainsFunc(q.Offers, has) || slices.ContainsFunc(q.OffersIn, has)
	}
	if capability == "XLIST" || q.XList && capability == "SPECIAL-USE" {
		return q.XList && capability == "XLIST"
	}
	switch {
	case capability == "QRESYNC" && !(q.has("CONDSTORE") && q.has("ENABLE")), capability == "LIST-STATUS" && !q.has("LIST-EXTENDED"):
		return false
	}
	return !slices.ContainsFunc(q.Without, func(s string) bool { return strings.EqualFold(s, capability) })
}

// caps is the list that is offered, before a login or behind it.
func (q *Quirks) caps(in bool) string {
	if in && q.OffersIn != nil {
		return strings.Join(q.OffersIn, " ")
	}
	if q.Offers != nil {
		return strings.Join(q.Offers, " ")
	}
	var out []string
	for _, c := range capabilities {
		if q.has(c) {
			out = append(out, c)
		}
	}
	if q.XList {
		out = append(out, "XLIST")
	}
	return strings.Join(append(out, q.With...), " ")
}

func (q *Quirks) sep() string {
	if q.Separator == "" {
		return "/"
	}
	return q.Separator
}

// keeps tells whether a flag can be held at all.
func (q *Quirks) keeps(flag string) bool {
	return strings.HasPrefix(flag, `\`) || !q.NoKeywords && !q.ForgetKeywords
}
