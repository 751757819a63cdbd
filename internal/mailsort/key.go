package mailsort

import "strings"

// Key is what messages are sorted by (RFC 5256 3, RFC 5957 3), and References, by which they are threaded.
type Key int

// The keys. Arrival and Size are not in the header: the caller knows them.
const (
	Arrival Key = iota
	Size
	Date
	Subject
	From
	To
	Cc
	DisplayFrom
	DisplayTo
	References

	Keys // how many there are
)

var keyNames = [Keys]string{"ARRIVAL", "SIZE", "DATE", "SUBJECT", "FROM", "TO", "CC", "DISPLAYFROM", "DISPLAYTO", ""}

// KeyByName finds a sort key by its name in a command.
func KeyByName(name string) (Key, bool) {
	for k, known := range keyNames[:References] {
		if strings.EqualFold(name, known) {
			return Key(k), true
		}
	}
	return 0, false
}

// Set is a set of keys.
type Set uint16

// SetOf makes a set.
func SetOf(keys ...Key) (s Set) {
	for _, k := range keys {
		s |= 1 << k
	}
	return s
}

// Has tells whether k is in the set.
func (s Set) Has(k Key) bool { return s&(1<<k) != 0 }

// fieldsOf are the header fields that a key is read from.
var fieldsOf = [Keys]string{Date: "Date", Subject: "Subject", From: "From", DisplayFrom: "From", To: "To", DisplayTo: "To", Cc: "Cc", References: "Message-ID In-Reply-To References"}

// Fields are the header fields that a server has to tell for these keys, as HEADER.FIELDS names them; "" if it need not be
// asked.
func (s Set) Fields() string {
	var out []string
	asked := map[string]bool{}
	for k := range Keys {
		if s.Has(k) && fieldsOf[k] != "" && !asked[fieldsOf[k]] {
			asked[fieldsOf[k]] = true
			out = append(out, fieldsOf[k])
		}
	}
	return strings.ToUpper(strings.Join(out, " "))
}
