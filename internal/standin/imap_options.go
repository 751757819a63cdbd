package standin

import (
	"time"

	"crossfade/internal/faults"
)

// IMAPOptions are about the IMAP server. The zero value is what a log of 2023 shows.
type IMAPOptions struct {
	// Banner is the greeting's text, which an administrator may change; "" is "IMAP4rev1 SmarterMail".
	Banner string
	// Offer says which capabilities are offered.
	Offer Offer
	// OfferIn are those behind a login; nil is the same. Which a server of 2023 shows there is not known.
	OfferIn []string
	// Separator of names; "" is "/". "." stands in one log of 2023 that was shortened by hand.
	Separator string
	// MixedInbox: INBOX is listed as "Inbox".
	MixedInbox bool
	// InboxOfAll: LIST of any folder's children tells of INBOX's.
	InboxOfAll bool
	// Late: Sent Items and Drafts are not there until somebody makes them.
	Late bool
	// XListDrafts: XLIST tells what Drafts is for. No log shows it. Defensive.
	XListDrafts bool
	// Validity is the UIDVALIDITY of all folders, also in APPENDUID and COPYUID.
	Validity Validity
	// Keywords says what becomes of keywords.
	Keywords Keywords
	// AllChanged: FETCH with CHANGEDSINCE tells of unchanged messages, too. Defensive: inferred from a shortened log.
	AllChanged bool
	// SingleSpaces: one space between the items of a FETCH answer, as it should be, and not two.
	SingleSpaces bool
	// OddEnvelope: a NIL among the addresses of an ENVELOPE, and a name as a literal.
	OddEnvelope bool
	// WrongSearch: SEARCH for dates and header fields is wrong; how, is a guess. Defensive.
	WrongSearch faults.WrongSearch
	// Arrival: the date of an APPEND is ignored. Nobody says it of the real one. Defensive.
	Arrival bool
	// UTC: dates are told in UTC, and not in a local zone, four hours behind it.
	UTC bool
	// Coded: a refused login has a response code (RFC 5530). Defensive.
	Coded bool
	// MaxConns is how many connections are let in at all, MaxUserConns for one mailbox. 0: any number. The real numbers
	// are not known. Defensive.
	MaxConns, MaxUserConns int
	// MaxBad commands that get BAD end a connection; 0 is 8, which is what is said of POP3; -1 is any number. Defensive.
	MaxBad int
	// MaxSize of a message; 0: any. Defensive.
	MaxSize int64
	// Stall is how long one may be silent in the middle of a command; 0 is 5 minutes, which is what is said of POP3.
	// Defensive.
	Stall time.Duration
}

// Offer is a list of capabilities that was seen.
type Offer int

// Lists of August 2023 and of February 2015.
const (
	Offer2023 Offer = iota
	Offer2015
)

func (o Offer) list() []string {
	if o == Offer2015 {
		return []string{"IMAP4rev1", "UIDPLUS", "XLIST"}
	}
	return []string{"IMAP4rev1", "AUTH=CRAM-MD5", "AUTH=NTLM", "AUTH=PLAIN", "SASL-IR", "UIDPLUS", "QUOTA", "MOVE", "XLIST", "CHILDREN", "ENABLE", "CONDSTORE"}
}

// Validity is the UIDVALIDITY of all folders.
type Validity int

// Kinds of UIDVALIDITY: 1 (2023), 0 (2015), or one for each folder. The last is defensive.
const (
	ValidityOne Validity = iota
	ValidityZero
	ValidityGood
)

// Keywords says what becomes of keywords.
type Keywords int

// Kinds of keywords: lost by APPEND and kept by STORE (2023); none at all (2015); kept, which is defensive.
const (
	KeywordsStored Keywords = iota
	KeywordsNone
	KeywordsKept
)

// quirks are the faults that make up these switches.
func (o IMAPOptions) quirks() faults.Quirks {
	q := faults.Quirks{
		Greeting: "* OK IMAP4rev1 SmarterMail", Offers: o.Offer.list(), OffersIn: o.OfferIn, TellIn: o.Offer == Offer2015,
		XList: true, Separator: o.Separator, InboxOfAll: o.InboxOfAll, KeepDefaults: true,
		Validity:     map[Validity]faults.Validity{ValidityOne: faults.ValidityOne, ValidityZero: faults.ValidityZero}[o.Validity],
		DropKeywords: o.Keywords == KeywordsStored, NoKeywords: o.Keywords == KeywordsNone, RecentFlag: o.Keywords != KeywordsNone,
		ModSeqs: 11600044621827, SilentModSeq: true, ChangedAll: o.AllChanged, SkipItems: true, DoubleItems: !o.SingleSpaces,
		OddEnvelope: o.OddEnvelope, WrongSearch: o.WrongSearch, MaxConns: o.MaxUserConns, MaxSize: o.MaxSize, MaxBad: 8,
		Zone: time.FixedZone("", -4*60*60),
	}
	if o.Banner != "" {
		q.Greeting = "* OK " + o.Banner
	}
	if o.MixedInbox {
		q.InboxName = "Inbox"
	}
	if o.Arrival {
		q.Dates = faults.DatesNow
	}
	if o.UTC {
		q.Zone = time.UTC
	}
	if o.MaxBad != 0 {
		q.MaxBad = max(0, o.MaxBad)
	}
	return q
}
