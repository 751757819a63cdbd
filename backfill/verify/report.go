package verify

import (
	"fmt"
	"strings"
	"time"

	"crossfade/store"
)

// Report compares one folder's two sides message by message: both are listed and read whole, now.
type Report struct {
	Account string   `json:"account"`
	Folder  string   `json:"folder"` // decoded, for people
	Name    string   `json:"name"`   // raw, on the destination
	Sources []string `json:"sources,omitempty"`
	// OK: nothing waits, is missing, is there too often or could not be read, no bytes or flags differ, and whatever was
	// refused is signed off. The other numbers are told and do not make it false: a server may be unable to hold a date
	// or a keyword, and a user may delete mail.
	OK bool `json:"ok"`
	// Done and Total are of the source's own messages: those that are on the destination as they should be, were deleted
	// by their user, or were refused and signed off; and all of them. Completion is Done/Total, 1 if there are none.
	Done       int     `json:"done"`
	Total      int     `json:"total"`
	Completion float64 `json:"completion"`

	Source      int `json:"source"` // messages there now
	Destination int `json:"destination"`
	Equal       int `json:"equal"`            // on both sides with the same bytes
	Waiting     int `json:"waiting"`          // not copied yet, or copied at this very moment
	Deleted     int `json:"deleted"`          // on the source, deleted by their user since
	SourceGone  int `json:"source_gone"`      // copied, then deleted on the source
	DestOnly    int `json:"destination_only"` // came to the destination by themselves
	Unknown     int `json:"unknown"`          // of these: so new that no client was shown them

	Missing        int `json:"missing"`           // copied, but not on the destination now
	Different      int `json:"different"`         // copied, but the bytes are not the same
	Altered        int `json:"altered"`           // the same, and it is known that the destination rewrites what it is given
	Doubled        int `json:"doubled"`           // on the destination more often than on the source, and nothing explains it
	Twins          int `json:"twins"`             // likewise, but shown to clients as messages of their own: users may copy mail
	Unread         int `json:"unread"`            // listed by a server that does not give it
	FlagsDiffer    int `json:"flags_differ"`      // from what clients are shown
	FlagsChanged   int `json:"flags_changed"`     // from what the source has: users changed them since
	KeywordsUnheld int `json:"keywords_not_held"` // the destination dropped keywords; they are kept in the state
	DatesDiffer    int `json:"dates_differ"`

	// Reappended counts the one exception to "nothing doubled": the destination gave a number to a message, which was then
	// nowhere to be found, so that it was appended again.
	Reappended int `json:"appended_again,omitempty"`

	// Refused are the messages in quarantine with the destination's own words; SignedOff is how many of them the admin
	// has accepted.
	Refused   []Refused `json:"refused,omitempty"`
	SignedOff int       `json:"signed_off"`
	// Differences name messages, up to a number for each kind.
	Differences []Difference `json:"differences,omitempty"`
	Quick       bool         `json:"quick,omitempty"` // no bodies were read
	Problem     string       `json:"problem,omitempty"`

	names int
	named map[string]int
}

// Refused is one message that the destination does not have because it refused it.
type Refused struct {
	UID       uint32         `json:"uid"` // as clients see it
	Class     string         `json:"class"`
	Reason    string         `json:"reason"`
	Code      string         `json:"code,omitempty"`
	Words     string         `json:"words,omitempty"` // the server's own
	SignedOff *store.SignOff `json:"signed_off,omitempty"`
}

// The kinds of a Difference.
const (
	KindWaiting   = "waiting"
	KindMissing   = "missing"
	KindDifferent = "different"
	KindAltered   = "altered"
	KindDoubled   = "doubled"
	KindTwin      = "twin"
	KindUnread    = "unread"
	KindFlags     = "flags"
	KindKeywords  = "keywords"
	KindDate      = "date"
	KindUnknown   = "unknown"
)

// Difference names one message that is not as it should be.
type Difference struct {
	Kind      string     `json:"kind"`
	UID       uint32     `json:"uid,omitempty"`        // as clients see it
	Box       string     `json:"source,omitempty"`     // the source's folder, raw
	SourceUID uint32     `json:"source_uid,omitempty"` // there
	DestUID   uint32     `json:"dest_uid,omitempty"`   // on the destination
	MessageID string     `json:"message_id,omitempty"` // as its header has it
	Date      *time.Time `json:"date,omitempty"`       // INTERNALDATE
	Size      int64      `json:"size,omitempty"`       // bytes
	Want      string     `json:"want,omitempty"`       // what differs: as it should be
	Got       string     `json:"got,omitempty"`        // and as it is
	box       uint16     // of SourceUID
}

// name adds a difference unless there are enough of its kind.
func (r *Report) name(d Difference) {
	if r.named == nil {
		r.named = make(map[string]int)
	}
	if r.named[d.Kind]++; r.named[d.Kind] <= r.names {
		r.Differences = append(r.Differences, d)
	}
}

// conclude draws the conclusion from the numbers.
func (r *Report) conclude() {
	bad := r.Waiting + r.Missing + r.Different + r.Doubled + r.Unread + r.FlagsDiffer + len(r.Refused) - r.SignedOff
	r.OK = bad == 0 && r.Problem == ""
	r.Completion = ratio(r.Done, r.Total)
}

// ratio is how much is done; nothing to do is all done.
func ratio(done, total int) float64 {
	if total == 0 {
		return 1
	}
	return float64(done) / float64(total)
}

// Findings says in words what is to be told of the folder besides the messages that are equal.
func (r *Report) Findings() string {
	var out []string
	for _, n := range []struct {
		count int
		what  string
	}{
		{r.Waiting, "not copied yet"}, {r.Missing, "missing on the destination"}, {r.Different, "with other bytes"},
		{r.Doubled, "doubled"}, {r.Unread, "that cannot be read"}, {r.FlagsDiffer, "with other flags"}, {len(r.Refused), "refused"},
		{r.SignedOff, "of these signed off"}, {r.Altered, "rewritten by the destination"}, {r.DatesDiffer, "with another date"},
		{r.Twins, "there twice and shown twice"}, {r.KeywordsUnheld, "with keywords that the destination does not hold"}, {r.FlagsChanged, "with flags that users changed"},
		{r.DestOnly, "only on the destination"}, {r.Deleted, "deleted by the user since"}, {r.SourceGone, "deleted on the source since"},
		{r.Reappended, "appended again (the stated exception)"},
	} {
		if n.count > 0 {
			out = append(out, fmt.Sprintf("%d %s", n.count, n.what))
		}
	}
	if r.Problem != "" {
		out = append(out, r.Problem)
	}
	return strings.Join(out, ", ")
}

// String is the difference on one line.
func (d *Difference) String() string {
	var b strings.Builder
	b.WriteString(d.Kind)
	if d.UID != 0 {
		fmt.Fprintf(&b, ": UID %d", d.UID)
	}
	if d.SourceUID != 0 {
		fmt.Fprintf(&b, ", %q UID %d on the source", d.Box, d.SourceUID)
	}
	if d.DestUID != 0 {
		fmt.Fprintf(&b, ", UID %d on the destination", d.DestUID)
	}
	if d.MessageID != "" {
		fmt.Fprintf(&b, ", Message-ID %s", d.MessageID)
	}
	if d.Date != nil {
		fmt.Fprintf(&b, ", of %s", d.Date.Format(time.RFC3339))
	}
	if d.Size > 0 {
		fmt.Fprintf(&b, ", %d bytes", d.Size)
	}
	switch {
	case d.Want != "":
		fmt.Fprintf(&b, ": %q instead of %q", d.Got, d.Want)
	case d.Got != "":
		b.WriteString(": " + d.Got)
	}
	return b.String()
}
