package standin

import (
	"net/netip"
	"time"
)

// Options are the switches. The zero value is what sources of 2023 and later show.
type Options struct {
	IDS  IDSOptions
	API  APIOptions
	IMAP IMAPOptions
	DAV  DAVOptions
	// Locale of mailboxes and domains that have none of their own; "" is "en".
	Locale string
	// TCPProxy: every connection to IMAP must begin with a PROXY header, as was reported of a whitelist entry's "TCP Proxy"
	// box.
	TCPProxy bool
}

// IDSOptions are about the counter of failed logins.
type IDSOptions struct {
	// Rules are thresholds; nil are those of a new installation of 2026 (DefaultRules).
	Rules []IDSRule
	// ExemptPrivate never counts 10/8, 172.16/12 and 192.168/16, as the help says. Loopback is none of them. Defensive: it
	// was said of older versions.
	ExemptPrivate bool
	// Whitelist are addresses that are never counted.
	Whitelist []netip.Prefix
	// SuccessOff is how many failures a success takes off, at most once for a login in 5 minutes: 0 means 2, -1 none, as
	// on servers that were upgraded from older versions. Which ones go is a guess: the oldest. Defensive.
	SuccessOff int
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// IDSRule is one threshold: so many failures from one address within a time.
type IDSRule struct {
	Failures int
	Within   time.Duration
	Delay    time.Duration // before each answer to a login
	Block    time.Duration // how long nothing is let in
}

// DefaultRules are those of a new installation.
func DefaultRules() []IDSRule {
	return []IDSRule{
		{Failures: 15, Within: 10 * time.Minute, Delay: 2500 * time.Millisecond},
		{Failures: 25, Within: 10 * time.Minute, Block: 30 * time.Minute},
		{Failures: 35, Within: 50 * time.Minute, Block: 4 * time.Hour},
	}
}

// Refusal is how the API says that a login failed.
type Refusal int

// Kinds of refusals, each seen in some program's code.
const (
	Refusal401   Refusal = iota // 401 with a body
	Refusal400                  // 400 with a body
	RefusalIn200                // 200 with success:false
)

// APIOptions are about the REST API.
type APIOptions struct {
	// Build is the number in licensing/about; 0 is 9526.
	Build int
	// Refusal is how a wrong password is answered.
	Refusal Refusal
	// TokenLife of access tokens; 0 is 15 minutes.
	TokenLife time.Duration
	// Blank: post-user empties the fields that it is not given. Sources disagree about that. Defensive.
	Blank bool
	// NoImpersonation: the system administrator lacks the right to manage domains and impersonate users.
	NoImpersonation bool
	// NoManageDomain: there is no such call (404), and domains are reached through one of their administrators. Defensive.
	NoManageDomain bool
	// OldPaths: user and impersonation calls take the address in their path, as older builds did, and not in the body.
	OldPaths bool
	// Echo: refusals repeat what they were sent, secrets included. Defensive.
	Echo bool
	// CleanStyle says how a domain's auto-clean rules are written, for their names are not known. Defensive.
	CleanStyle CleanStyle
}

// CleanStyle is a form of auto-clean rules.
type CleanStyle int

// Forms of auto-clean rules: a list with folder names; an object by folder; not told at all.
const (
	CleanList CleanStyle = iota
	CleanObject
	CleanUntold
)

// V2023 are the switches for a server of 2023 or later.
func V2023() Options { return Options{} }

// V13 are the switches for a server of version 13 to 15: UIDVALIDITY 0, three capabilities, no keywords; old paths, and a
// counter that successes do not lower. Defensive: which build changed which of these is not known, but the log of an IMAP
// session of 2015 is.
func V13() Options {
	return Options{
		IDS: IDSOptions{ExemptPrivate: true, SuccessOff: -1},
		API: APIOptions{Build: 6919, Refusal: RefusalIn200, OldPaths: true},
		IMAP: IMAPOptions{
			Offer: Offer2015, MixedInbox: true, InboxOfAll: true, Late: true, Validity: ValidityZero, Keywords: KeywordsNone, OddEnvelope: true,
		},
	}
}

func (o APIOptions) orDefaults() APIOptions {
	if o.Build == 0 {
		o.Build = 9526
	}
	if o.TokenLife == 0 {
		o.TokenLife = 15 * time.Minute
	}
	return o
}
